"""Anthropic's Messages API, as its official client sees it: answers, tools, thinking, schemas, the prompt cache."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from anthropic import Anthropic, AsyncAnthropic
from anthropic.types import ToolUseBlock
from pydantic import BaseModel
from tests.simulator.anthropic_clients import CLOCK, NEWER, NEWEST, OLDER, WEATHER, asked, client_of, text_of

from madang_simulator import RunningSimulator

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + (1500).to_bytes(4, "big")
    + (500).to_bytes(4, "big")
    + b"\x08\x02\x00\x00\x00"
).decode()
PDF = base64.b64encode(b"%PDF-1.7\n" + b"0" * 4000).decode()
REDACTING = (
    "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9A13E193C177646C7398A98432ECCCE4C1253D5E2D82641AC0E52CC2876CB"
)


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Anthropic]:
    with client_of(simulator) as made:
        yield made


def test_an_answer_is_a_message_with_usage_and_request_id(client: Anthropic) -> None:
    message = asked(client)
    assert message.id.startswith("msg_")
    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")
    assert message.model == NEWEST
    assert "Simulated" in text_of(message)
    assert message.usage.input_tokens > 0 < message.usage.output_tokens
    assert (message._request_id or "").startswith("req_")


@pytest.mark.anyio
async def test_the_async_client_gets_the_same(simulator: RunningSimulator) -> None:
    async with AsyncAnthropic(
        api_key="any", base_url=simulator.vendor_url("east"), max_retries=0, timeout=10
    ) as client:
        message = await client.messages.create(
            model=NEWEST, max_tokens=100, messages=[{"role": "user", "content": "What is a madang?"}]
        )
        assert message.stop_reason == "end_turn"


def test_a_dated_name_answers_for_an_alias(client: Anthropic) -> None:
    assert asked(client, model=OLDER).model == "claude-opus-4-5-20251101"


def test_max_tokens_ends_an_answer(client: Anthropic) -> None:
    message = asked(client, max_tokens=5)
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 5)


def test_a_stop_sequence_ends_an_answer_and_is_named(client: Anthropic) -> None:
    message = asked(client, stop_sequences=["answer"])
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "answer")
    assert "answer" not in text_of(message)


def test_parallel_tools_are_called_and_their_results_answered(client: Anthropic) -> None:
    question = {"role": "user", "content": "weather and clock in Seoul"}
    calling = asked(client, messages=[question], tools=[WEATHER, CLOCK])
    calls = [block for block in calling.content if isinstance(block, ToolUseBlock)]
    assert calling.stop_reason == "tool_use"
    assert {call.name for call in calls} == {"weather", "clock"}
    assert all(call.id.startswith("toolu_") and isinstance(call.input, dict) for call in calls)
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "21 degrees"} for call in calls]
    turns = [question, {"role": "assistant", "content": calling.content}, {"role": "user", "content": results}]
    assert asked(client, messages=turns, tools=[WEATHER, CLOCK]).stop_reason == "end_turn"


def test_one_tool_at_a_time_where_parallel_use_is_off(client: Anthropic) -> None:
    choice = {"type": "any", "disable_parallel_tool_use": True}
    message = asked(client, "weather and clock", tools=[WEATHER, CLOCK], tool_choice=choice)
    assert [block.type for block in message.content] == ["tool_use"]


@pytest.mark.parametrize(
    ("choice", "called"),
    [({"type": "none"}, []), ({"type": "tool", "name": "clock"}, ["clock"]), ({"type": "any"}, ["weather"])],
)
def test_tool_choice_is_kept(client: Anthropic, choice: dict[str, str], called: list[str]) -> None:
    message = asked(client, "weather", tools=[WEATHER, CLOCK], tool_choice=choice)
    assert [block.name for block in message.content if block.type == "tool_use"] == called


def test_structured_output_has_the_form_of_its_schema(client: Anthropic) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "rooms": {"type": "integer"}},
        "required": ["name", "rooms"],
        "additionalProperties": False,
    }
    message = asked(client, output_config={"format": {"type": "json_schema", "schema": schema}})
    value = json.loads(text_of(message))
    assert isinstance(value["name"], str)
    assert isinstance(value["rooms"], int)


def test_the_clients_parse_helper_gets_an_object_of_its_class(client: Anthropic) -> None:
    class House(BaseModel):
        name: str
        rooms: int

    parsed = client.messages.parse(
        model=NEWEST, max_tokens=1000, messages=[{"role": "user", "content": "a house"}], output_format=House
    )
    assert isinstance(parsed.parsed_output, House)


@pytest.mark.parametrize(
    ("model", "thinking"),
    [(OLDER, {"type": "enabled", "budget_tokens": 2048}), (NEWER, {"type": "adaptive"})],
    ids=["budget", "adaptive"],
)
def test_thinking_comes_before_the_answer_and_is_counted(
    client: Anthropic, model: str, thinking: dict[str, Any]
) -> None:
    message = asked(client, model=model, thinking=thinking)
    assert [block.type for block in message.content] == ["thinking", "text"]
    details = message.usage.output_tokens_details
    assert details is not None
    assert 0 < details.thinking_tokens < message.usage.output_tokens


def test_newer_models_leave_their_thoughts_out_unless_asked(client: Anthropic) -> None:
    hidden = asked(client, thinking={"type": "adaptive"}).content[0]
    shown = asked(client, thinking={"type": "adaptive", "display": "summarized"}).content[0]
    assert hidden.type == shown.type == "thinking"
    assert (hidden.thinking, bool(hidden.signature)) == ("", True)
    assert shown.thinking


def test_redacted_thinking_comes_for_the_vendors_own_test_words(client: Anthropic) -> None:
    message = asked(client, REDACTING, thinking={"type": "adaptive"})
    assert [block.type for block in message.content] == ["redacted_thinking", "text"]


def test_thinking_goes_back_with_the_results_of_tools(client: Anthropic) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    question = {"role": "user", "content": "weather in Seoul"}
    calling = asked(client, model=OLDER, messages=[question], tools=[WEATHER], thinking=thinking)
    assert [block.type for block in calling.content] == ["thinking", "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": calling.content[1].id, "content": "21"}]  # type: ignore[union-attr]
    turns = [question, {"role": "assistant", "content": calling.content}, {"role": "user", "content": results}]
    answer = asked(client, model=OLDER, messages=turns, tools=[WEATHER], thinking=thinking)
    assert answer.stop_reason == "end_turn"


def test_a_marked_prompt_is_written_to_the_cache_and_then_read(client: Anthropic) -> None:
    system = [{"type": "text", "text": "All about courtyards. " * 600, "cache_control": {"type": "ephemeral"}}]
    first = asked(client, system=system).usage
    second = asked(client, system=system).usage
    assert (first.cache_read_input_tokens, second.cache_creation_input_tokens) == (0, 0)
    assert first.cache_creation_input_tokens == second.cache_read_input_tokens
    assert (second.cache_read_input_tokens or 0) > 1024
    assert first.input_tokens == second.input_tokens < 200


def test_a_prompt_kept_for_an_hour_is_counted_apart(client: Anthropic) -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    usage = asked(client, system=[{"type": "text", "text": "All about gates. " * 600, "cache_control": mark}]).usage
    assert usage.cache_creation is not None
    assert usage.cache_creation.ephemeral_1h_input_tokens == usage.cache_creation_input_tokens
    assert usage.cache_creation.ephemeral_5m_input_tokens == 0


def test_without_a_mark_nothing_is_cached(client: Anthropic) -> None:
    for _ in range(2):
        usage = asked(client, "All about walls. " * 600).usage
        assert (usage.cache_creation_input_tokens, usage.cache_read_input_tokens) == (0, 0)


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}, 1000),
        ({"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}, 1600),
        ({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}}, 100),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "word " * 200}}, 200),
    ],
    ids=["image", "image url", "pdf", "text"],
)
def test_files_count_as_tokens(client: Anthropic, block: dict[str, Any], tokens: int) -> None:
    plain = asked(client, "What is this?").usage.input_tokens
    content = [block, {"type": "text", "text": "What is this?"}]
    assert asked(client, messages=[{"role": "user", "content": content}]).usage.input_tokens - plain >= tokens


def test_counting_tokens_agrees_with_what_is_used(client: Anthropic) -> None:
    messages: Any = [{"role": "user", "content": "How wide is a madang?"}]
    counted = client.messages.count_tokens(model=NEWEST, messages=messages, system="Be brief.")
    assert counted.input_tokens == asked(client, messages=messages, system="Be brief.").usage.input_tokens


def test_models_are_listed_and_described(client: Anthropic) -> None:
    listed = [model.id for model in client.models.list()]
    assert NEWEST in listed
    described = client.models.retrieve(NEWEST)
    assert (described.id, described.display_name, described.lifecycle) == (NEWEST, "Claude Opus 5", "active")


def test_replies_tell_how_much_of_the_limits_is_left(simulator: RunningSimulator, client: Anthropic) -> None:
    simulator.configure("east", requests_per_minute=5)
    raw = client.messages.with_raw_response.create(
        model=NEWEST, max_tokens=10, messages=[{"role": "user", "content": "hi"}]
    )
    assert raw.headers["anthropic-ratelimit-requests-limit"] == "5"
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "4"
    assert raw.headers["anthropic-ratelimit-requests-reset"].endswith("Z")
