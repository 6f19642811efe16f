"""OpenAI's client asks for responses, and every vendor answers: whole, streamed, with tools, thoughts, pictures, schemas."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel
from tests.gateway.every_vendor import PIXEL, VENDORS, WEATHER, last_request, model_of, models_of, root_of
from tests.support.running_platform import Platform
from tests.support.simulated_vendors import deployment_of

pytestmark = pytest.mark.xdist_group("platform")

TOOL: Any = {"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}
OTHERS = ("anthropic", "azure", "gemini", "bedrock", "litellm")
"""Vendors that do not speak this language themselves; Azure does not by a dated version of its API."""


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_response_comes_whole(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    raw = platform.openai().responses.with_raw_response.create(
        model=alias, input="What is a madang?", instructions="Be short.", metadata={"purpose": "test"}
    )
    response = raw.parse()
    assert response.output_text
    assert response.status == "completed"
    assert response.usage is not None
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
    assert response.metadata == {"purpose": "test"}
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    assert root["name"] == f"responses {alias}"
    assert root["attributes"]["madang.dialect"] == "openai-responses"
    assert root["output_tokens"] == response.usage.output_tokens
    assert root["cost_usd"]
    assert json.loads(root["output"])["id"] == response.id


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_response_comes_in_pieces(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    with platform.openai().responses.stream(model=alias, input="What is a madang?") as stream:
        events = list(stream)
        response = stream.get_final_response()
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said
    assert response.output_text == said
    assert response.usage is not None
    numbers = [event.sequence_number for event in events]
    assert numbers == sorted(set(numbers))
    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]


@pytest.mark.parametrize("vendor", OTHERS)
def test_a_streams_trace_shows_the_whole_response(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    client = platform.openai()
    with client.responses.with_streaming_response.create(model=alias, input="Hi.", stream=True) as answer:
        last = list(answer.parse())[-1]
        trace_id = answer.headers["x-madang-trace-id"]
    assert last.type == "response.completed"
    root = root_of(platform, trace_id)
    assert json.loads(root["output"])["id"] == last.response.id
    assert root["first_token_ms"] is not None


@pytest.mark.parametrize("vendor", OTHERS)
def test_a_response_comes_to_an_event_loop(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)

    async def ask() -> str:
        async with AsyncOpenAI(api_key=platform.key, base_url=f"{platform.url}/v1", max_retries=0) as client:
            return (await client.responses.create(model=alias, input="Hi.")).output_text

    assert asyncio.run(ask())


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_tool_is_called_and_its_result_taken(platform: Platform, vendor: str, way: str) -> None:
    alias = model_of(platform, vendor)
    client = platform.openai(max_retries=0)
    asked: dict[str, Any] = {"model": alias, "tools": [TOOL], "store": False}
    words: list[Any] = [{"role": "user", "content": "How is the weather?"}]
    if way == "streamed":
        with client.responses.stream(**asked, input=words, tool_choice="required") as stream:
            response: Any = stream.get_final_response()
    else:
        response = client.responses.create(**asked, input=words, tool_choice="required")
    calls = [item for item in response.output if item.type == "function_call"]
    assert calls
    assert calls[0].name == "weather"
    assert set(json.loads(calls[0].arguments)) == {"city"}
    results: list[Any] = [
        {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny."} for call in calls
    ]
    said: list[Any] = [
        item.model_dump(exclude={"parsed_arguments", "status"}, exclude_none=True) for item in response.output
    ]
    answer = client.responses.create(**asked, input=[*words, *said, *results])
    assert answer.output


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_picture_is_seen(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    content: Any = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "low"},
    ]
    response = platform.openai().responses.create(model=alias, input=[{"role": "user", "content": content}])
    assert response.output_text


class Place(BaseModel):
    city: str


@pytest.mark.parametrize("vendor", ["anthropic", "azure", "gemini", "bedrock"])
def test_an_answer_keeps_to_a_schema(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    parsed = platform.openai().responses.parse(model=alias, input="Where?", text_format=Place).output_parsed
    assert parsed is not None
    assert parsed.city


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize(
    ("vendor", "vendor_model"),
    [("anthropic", "claude-opus-4-5"), ("bedrock", None), ("gemini", "gemini-3-pro-preview")],
)
def test_thoughts_come_as_a_summary_and_go_back_with_the_next_turn(
    platform: Platform, vendor: str, vendor_model: str | None, way: str
) -> None:
    settings: dict[str, Any] = {"vendor_model": vendor_model} if vendor_model else {}
    deployment = deployment_of(platform.simulator, vendor, **settings)
    alias = models_of(platform, deployment)
    client = platform.openai(max_retries=0)
    asked: dict[str, Any] = {
        "model": alias,
        "tools": [TOOL],
        "reasoning": {"effort": "medium", "summary": "auto"},
        "max_output_tokens": 8000,
        "store": False,
    }
    words: list[Any] = [{"role": "user", "content": "Call the weather tool for Seoul."}]
    if way == "streamed":
        with client.responses.stream(**asked, input=words) as stream:
            response: Any = stream.get_final_response()
    else:
        response = client.responses.create(**asked, input=words)
    thoughts = [item for item in response.output if item.type == "reasoning"]
    assert thoughts
    assert thoughts[0].summary[0].text
    said: list[Any] = [
        item.model_dump(exclude={"parsed_arguments", "status"}, exclude_none=True) for item in response.output
    ]
    results: list[Any] = [
        {"type": "function_call_output", "call_id": item.call_id, "output": "Sunny."}
        for item in response.output
        if item.type == "function_call"
    ]
    more = results or [{"role": "user", "content": "Go on."}]
    assert client.responses.create(**asked, input=[*words, *said, *more]).output
    sent = json.dumps(last_request(platform, deployment)["body"])
    assert "ignature" in sent


@pytest.mark.parametrize("vendor", ["anthropic", "gemini"])
def test_a_tool_of_free_text_gets_text(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    tool: Any = {"type": "custom", "name": "apply_patch", "description": "Applies a patch."}
    with platform.openai().responses.stream(model=alias, input="Patch it.", tools=[tool], tool_choice="required") as s:
        events = list(s)
        response = s.get_final_response()
    calls = [item for item in response.output if item.type == "custom_tool_call"]
    assert calls
    assert calls[0].input
    assert not calls[0].input.startswith("{")
    assert any(event.type == "response.custom_tool_call_input.done" for event in events)


@pytest.mark.parametrize("vendor", OTHERS)
def test_an_answer_that_was_cut_is_incomplete(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    response = platform.openai().responses.create(model=alias, input="Tell a long story.", max_output_tokens=4)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("first", "second"), [("openai", "anthropic"), ("gemini", "openai")])
def test_a_response_falls_back_to_a_vendor_of_another_language(
    platform: Platform, first: str, second: str, stream: bool
) -> None:
    fault = {"kind": "cut", "after_chunks": 0} if stream else {"kind": "server_error"}
    alias = models_of(
        platform,
        deployment_of(platform.simulator, first, fault, order=1),
        deployment_of(platform.simulator, second, order=2),
        retries=0,
    )
    client = platform.openai(max_retries=0)
    if stream:
        kinds = [event.type for event in client.responses.create(model=alias, input="Hi.", stream=True)]
        assert kinds.count("response.created") == 1
        assert kinds[-1] == "response.completed"
    else:
        assert client.responses.create(model=alias, input="Hi.").output_text


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "file-1"}]}]}, "input"),
    ],
)
def test_what_only_openai_has_is_refused_elsewhere(platform: Platform, wrong: Any, param: str) -> None:
    alias = model_of(platform, "anthropic")
    with pytest.raises(openai.BadRequestError) as raised:
        platform.openai().responses.create(**{"model": alias, "input": "Hi.", **wrong})
    assert raised.value.param == param


@pytest.mark.parametrize("vendor", ["anthropic", "gemini"])
def test_a_stream_that_breaks_is_an_error(platform: Platform, vendor: str) -> None:
    broken = deployment_of(platform.simulator, vendor, {"kind": "cut", "after_chunks": 4})
    alias = models_of(platform, broken, retries=0)
    with pytest.raises(openai.APIError):
        list(platform.openai(max_retries=0).responses.create(model=alias, input="Hi.", stream=True))
