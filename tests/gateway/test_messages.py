"""Anthropic's official client in front of every vendor: text, tools, pictures, thinking, whole and streamed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from anthropic import AsyncAnthropic
from tests.gateway.every_vendor import PIXEL, VENDORS, WEATHER, anthropic_client, model_of, root_of
from tests.support.running_platform import Platform

pytestmark = pytest.mark.xdist_group("platform")

ASKED: Any = [{"role": "user", "content": "What is a madang?"}]
TOOL: Any = {"name": "weather", "description": "Tells the weather.", "input_schema": WEATHER}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_message_comes_whole(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    with anthropic_client(platform) as client:
        raw = client.messages.with_raw_response.create(
            model=alias, max_tokens=200, system="Be short.", messages=ASKED, stop_sequences=["###"]
        )
    message = raw.parse()
    assert message.content[0].type == "text"
    assert message.content[0].text
    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    assert (root["kind"], root["name"]) == ("generation", f"messages {alias}")
    assert root["attributes"]["madang.dialect"] == "anthropic-messages"
    assert json.loads(root["input"])["system"] == "Be short."
    assert json.loads(root["output"])["choices"][0]["message"]["content"] == message.content[0].text
    assert root["output_tokens"] == message.usage.output_tokens
    assert root["cost_usd"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_message_comes_in_pieces(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    with (
        anthropic_client(platform) as client,
        client.messages.stream(model=alias, max_tokens=200, messages=ASKED) as stream,
    ):
        said = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert said
    assert [block.type for block in message.content] == ["text"]
    assert message.content[0].type == "text"
    assert message.content[0].text == said
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_message_comes_to_an_event_loop(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)

    async def ask() -> tuple[str, str]:
        async with (
            AsyncAnthropic(base_url=platform.url, api_key=platform.key, max_retries=0, timeout=30) as client,
            client.messages.stream(model=alias, max_tokens=200, messages=ASKED) as stream,
        ):
            said = "".join([text async for text in stream.text_stream])
            return said, (await stream.get_final_message()).id

    said, name = asyncio.run(ask())
    assert said
    assert name.startswith("msg_")


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_tool_is_called_and_its_result_taken(platform: Platform, vendor: str, way: str) -> None:
    alias = model_of(platform, vendor)
    asked: dict[str, Any] = {"model": alias, "max_tokens": 500, "tools": [TOOL]}
    with anthropic_client(platform) as client:
        if way == "streamed":
            with client.messages.stream(**asked, messages=ASKED, tool_choice={"type": "any"}) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**asked, messages=ASKED, tool_choice={"type": "any"})
        calls = [block for block in message.content if block.type == "tool_use"]
        assert message.stop_reason == "tool_use"
        assert calls
        assert calls[0].name == "weather"
        assert isinstance(calls[0].input["city"], str)
        results: Any = [{"type": "tool_result", "tool_use_id": call.id, "content": "Sunny."} for call in calls]
        answer = client.messages.create(
            **asked,
            messages=[
                *ASKED,
                {"role": "assistant", "content": message.content},
                {"role": "user", "content": [*results, {"type": "text", "text": "So?"}]},
            ],
        )
    assert answer.content


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_picture_is_seen(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    content: Any = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
        {"type": "text", "text": "What is this?"},
    ]
    with anthropic_client(platform) as client:
        message = client.messages.create(model=alias, max_tokens=200, messages=[{"role": "user", "content": content}])
    assert message.content


THINKERS = {"openai": "gpt-5", "gemini": "gemini-2.5-pro", "litellm": "groq/openai/gpt-oss-120b"}


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize("vendor", ["anthropic", "bedrock", "gemini"])
def test_thoughts_are_shown_and_come_back_with_the_next_turn(platform: Platform, vendor: str, way: str) -> None:
    settings = {"vendor_model": THINKERS[vendor]} if vendor in THINKERS else {}
    alias = model_of(platform, vendor, **settings)
    asked: dict[str, Any] = {
        "model": alias,
        "max_tokens": 4000,
        "tools": [TOOL],
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    }
    words: Any = [{"role": "user", "content": "Use the weather tool for Seoul."}]
    with anthropic_client(platform) as client:
        if way == "streamed":
            with client.messages.stream(**asked, messages=words) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**asked, messages=words)
        thoughts = [block for block in message.content if block.type == "thinking"]
        assert thoughts
        assert thoughts[0].thinking
        assert thoughts[0].signature
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "Sunny."}
            for block in message.content
            if block.type == "tool_use"
        ]
        said: Any = {"role": "assistant", "content": message.content}
        more: Any = {"role": "user", "content": results or "Go on."}
        answer = client.messages.create(**asked, messages=[*words, said, more])
    assert answer.content


@pytest.mark.parametrize("vendor", ["openai", "gemini", "litellm"])
def test_who_did_not_ask_for_thoughts_sees_none(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor, vendor_model=THINKERS[vendor])
    with anthropic_client(platform) as client:
        message = client.messages.create(model=alias, max_tokens=2000, messages=ASKED)
    assert {block.type for block in message.content} == {"text"}


@pytest.mark.parametrize("vendor", ["anthropic", "openai", "gemini", "bedrock"])
def test_an_answer_keeps_to_a_schema(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    with anthropic_client(platform) as client:
        message = client.messages.create(
            model=alias,
            max_tokens=500,
            messages=ASKED,
            output_config={"format": {"type": "json_schema", "schema": WEATHER}},
        )
    assert message.content[0].type == "text"
    assert set(json.loads(message.content[0].text)) == {"city"}


def test_an_answer_that_was_cut_says_so(platform: Platform) -> None:
    alias = model_of(platform, "openai")
    with anthropic_client(platform) as client:
        message = client.messages.create(model=alias, max_tokens=3, messages=ASKED)
    assert message.stop_reason == "max_tokens"
