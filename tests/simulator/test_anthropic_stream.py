"""Anthropic's streams, as the official client's helpers put them together again."""

from collections.abc import Iterator
from typing import Any

import anthropic as sdk
import httpx2
import pytest
from anthropic import Anthropic, AsyncAnthropic
from anthropic.types import Message
from tests.simulator.anthropic_clients import NEWER, NEWEST, WEATHER, client_of, text_of

from madang_simulator import RunningSimulator


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Anthropic]:
    with client_of(simulator) as made:
        yield made


def streamed(client: Anthropic, text: str = "What is a madang?", **fields: Any) -> tuple[list[str], Message]:
    """The kinds of the raw events in order, and the message that the client makes of them."""
    asked = {"model": NEWEST, "max_tokens": 4000, "messages": [{"role": "user", "content": text}], **fields}
    raw = [event.type for event in client.messages.create(**asked, stream=True)]
    with client.messages.stream(**asked) as stream:
        return raw, stream.get_final_message()


def test_events_come_in_the_vendors_order(client: Anthropic) -> None:
    raw, message = streamed(client)
    assert raw[:2] == ["message_start", "content_block_start"]
    assert set(raw[2:-3]) == {"content_block_delta"}, "the client keeps pings to itself"
    assert raw[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert message.stop_reason == "end_turn"


def test_a_stream_pings(simulator: RunningSimulator) -> None:
    body = {"model": NEWEST, "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"x-api-key": "any", "anthropic-version": "2023-06-01"}
    reply = httpx2.post(f"{simulator.vendor_url('east')}/v1/messages", json=body, headers=headers)
    assert b'event: ping\ndata: {"type":"ping"}\n\n' in reply.content


def test_a_stream_says_and_counts_what_a_whole_answer_does(simulator: RunningSimulator, client: Anthropic) -> None:
    simulator.configure("east", seed=7)
    whole = client.messages.create(
        model=NEWEST, max_tokens=4000, messages=[{"role": "user", "content": "What is a madang?"}]
    )
    simulator.configure("east", seed=7)
    with client.messages.stream(
        model=NEWEST, max_tokens=4000, messages=[{"role": "user", "content": "What is a madang?"}]
    ) as stream:
        joined = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert joined == text_of(message) == text_of(whole)
    assert message.usage.output_tokens == whole.usage.output_tokens
    assert message.usage.input_tokens == whole.usage.input_tokens


@pytest.mark.anyio
async def test_the_async_helper_gets_the_whole_message(simulator: RunningSimulator) -> None:
    async with (
        AsyncAnthropic(api_key="any", base_url=simulator.vendor_url("east"), max_retries=0, timeout=10) as client,
        client.messages.stream(model=NEWEST, max_tokens=50, messages=[{"role": "user", "content": "hi"}]) as stream,
    ):
        message = await stream.get_final_message()
    assert message.content


def test_thinking_and_a_tool_come_in_pieces(client: Anthropic) -> None:
    raw, message = streamed(client, "weather in Seoul", model=NEWER, tools=[WEATHER], thinking={"type": "adaptive"})
    assert raw.count("content_block_start") == raw.count("content_block_stop") == 2
    thinking, call = message.content
    assert thinking.type == "thinking"
    assert thinking.thinking
    assert thinking.signature
    assert call.type == "tool_use"
    assert isinstance(call.input, dict)
    assert "city" in call.input
    assert message.stop_reason == "tool_use"


def test_a_prompt_that_is_refused_ends_without_a_word(simulator: RunningSimulator, client: Anthropic) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    raw, message = streamed(client)
    assert raw == ["message_start", "message_delta", "message_stop"]
    assert (message.content, message.stop_reason) == ([], "refusal")
    assert message.stop_details is not None
    assert message.stop_details.category == "general_harms"


def test_a_refusal_in_mid_answer_keeps_what_was_said(simulator: RunningSimulator, client: Anthropic) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter_stream", "after_chunks": 2}])
    _, message = streamed(client)
    assert message.stop_reason == "refusal"
    assert text_of(message)


@pytest.mark.parametrize(
    ("error", "kind"),
    [("overloaded", "overloaded_error"), ("server_error", "api_error"), ("rate_limited", "rate_limit_error")],
)
def test_an_error_inside_a_stream_is_raised_by_the_client(
    simulator: RunningSimulator, client: Anthropic, error: str, kind: str
) -> None:
    simulator.configure("east", faults=[{"kind": "error_event", "error": error, "after_chunks": 2}])
    with pytest.raises(sdk.APIStatusError) as caught:
        streamed(client)
    assert caught.value.type == kind


def test_a_cut_breaks_a_stream(simulator: RunningSimulator, client: Anthropic) -> None:
    simulator.configure("east", faults=[{"kind": "cut", "after_chunks": 2}])
    with pytest.raises((sdk.APIConnectionError, httpx2.TransportError)):
        streamed(client)
