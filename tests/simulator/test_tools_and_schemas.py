"""Tool calls and structured output."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel, Field

from madang_simulator.chance import seeded
from madang_simulator.pattern_example import text_matching
from madang_simulator.schema_check import fault_in
from madang_simulator.schema_example import example_of

Clients = Callable[..., OpenAI]


def tool(name: str) -> ChatCompletionToolParam:
    parameters: dict[str, object] = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
        "required": ["city", "unit"],
    }
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


TOOLS = [tool("get_weather"), tool("get_time")]
BOTH: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Weather and time in Seoul?"}]


def names(client: OpenAI, **options: Any) -> list[str]:
    reply = client.chat.completions.create(model="gpt-4o", **{"messages": BOTH, "tools": TOOLS, **options})
    return [call.function.name for call in reply.choices[0].message.tool_calls or [] if call.type == "function"]


def test_tools_that_the_question_names_are_called_in_parallel(openai: Clients) -> None:
    assert names(openai()) == ["get_weather", "get_time"]


def test_only_one_call_when_parallel_calls_are_off(openai: Clients) -> None:
    assert names(openai(), parallel_tool_calls=False) == ["get_weather"]


def test_forced_tool_is_called(openai: Clients) -> None:
    assert names(openai(), tool_choice={"type": "function", "function": {"name": "get_time"}}) == ["get_time"]


def test_no_tool_is_called_when_none_may_be(openai: Clients) -> None:
    assert names(openai(), tool_choice="none") == []


def test_arguments_fit_the_parameters(openai: Clients) -> None:
    reply = openai().chat.completions.create(model="gpt-4o", messages=BOTH, tools=TOOLS)

    call = (reply.choices[0].message.tool_calls or [])[0]
    assert reply.choices[0].finish_reason == "tool_calls"
    assert reply.choices[0].message.content is None
    assert call.type == "function"
    arguments = msgspec.json.decode(call.function.arguments)
    assert arguments["city"] == "Seoul"
    assert arguments["unit"] in ("celsius", "fahrenheit")


def test_streamed_arguments_come_in_pieces_of_each_call(openai: Clients) -> None:
    arguments = {0: "", 1: ""}
    pieces = 0
    stream = openai().chat.completions.create(model="gpt-4o", messages=BOTH, tools=TOOLS, stream=True)
    for chunk in stream:
        for call in chunk.choices[0].delta.tool_calls or []:
            assert call.function is not None
            arguments[call.index] += call.function.arguments or ""
            pieces += 1

    assert pieces > 6
    assert all("city" in msgspec.json.decode(text) for text in arguments.values())


def test_tool_results_lead_to_a_text_that_reports_them(openai: Clients) -> None:
    client = openai()
    first = client.chat.completions.create(model="gpt-4o", messages=BOTH, tools=TOOLS, parallel_tool_calls=False)
    call = (first.choices[0].message.tool_calls or [])[0]
    assert call.type == "function"
    messages: list[ChatCompletionMessageParam] = [
        *BOTH,
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.function.name, "arguments": call.function.arguments},
                }
            ],
        },
        {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"},
    ]

    reply = client.chat.completions.create(model="gpt-4o", messages=messages, tools=TOOLS)

    assert "21 degrees" in (reply.choices[0].message.content or "")


KEYWORDS = [
    "type",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "$defs",
    "properties",
    "required",
    "items",
    "prefixItems",
    "additionalProperties",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "a",
]


class Ticket(BaseModel):
    title: Annotated[str, Field(min_length=3, max_length=40)]
    code: Annotated[str, Field(pattern=r"^[A-Z]{2,3}-\d{4}$")]
    due: date
    priority: Literal["low", "high"]
    score: Annotated[int, Field(ge=1, le=5)]
    share: Annotated[float, Field(gt=0, lt=1)]
    step: Annotated[int, Field(multiple_of=25, ge=10)]
    labels: Annotated[list[str], Field(min_length=2, max_length=4)]
    parent: "Ticket | None"
    extra: int | str


def test_structured_answer_is_valid_for_the_schema(openai: Clients) -> None:
    reply = openai().chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "Make a ticket"}],
        response_format={"type": "json_schema", "json_schema": {"name": "t", "schema": Ticket.model_json_schema()}},
    )

    Ticket.model_validate_json(reply.choices[0].message.content or "")


@pytest.mark.parametrize("seed", range(30))
def test_every_example_of_a_schema_is_valid(seed: int) -> None:
    example = example_of(Ticket.model_json_schema(), topics=["refund"], rng=seeded(seed))

    Ticket.model_validate_json(msgspec.json.encode(example))


def test_parse_of_the_official_client_understands_the_answer(openai: Clients) -> None:
    class Verdict(BaseModel):
        verdict: Literal["yes", "no"]
        reason: str

    reply = openai().chat.completions.parse(
        model="gpt-4o", messages=[{"role": "user", "content": "Is it?"}], response_format=Verdict
    )

    assert reply.choices[0].message.parsed is not None
    assert "simulated" in reply.choices[0].message.parsed.reason


def test_json_mode_answers_an_object(openai: Clients) -> None:
    reply = openai().chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "Answer in JSON"}],
        response_format={"type": "json_object"},
    )

    assert msgspec.json.decode(reply.choices[0].message.content or "")["simulated"] is True


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYWORDS), JSON_VALUES, max_size=6))
def test_any_schema_is_either_refused_or_answered(schema: dict[str, Any]) -> None:
    if fault_in(schema) is None:
        example_of(schema, topics=[], rng=seeded(1))


def test_schema_without_end_is_given_up_on() -> None:
    endless = {"type": "object", "required": ["a", "b"], "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}}

    assert example_of(endless, topics=[], rng=seeded(1))["a"]["a"]


@pytest.mark.parametrize("pattern", [r"^\d{3}-\d{4}$", "(cat|dog)s?", "[a-f0-9]{8}", r"^[^@ ]+@[a-z]+\.com$", r"\w+"])
def test_text_for_a_pattern_matches_it(pattern: str) -> None:
    assert text_matching(pattern, seeded(1)) is not None


def test_pattern_that_is_not_understood_gives_nothing() -> None:
    assert text_matching(r"(?=x)(a)\1", seeded(1)) is None
