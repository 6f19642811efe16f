"""Requests and answers with any field missing or of another kind: a failure in words at worst, never a crash."""

import copy
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.sdk.providers import anthropic_recordings as recorded
from tests.sdk.providers.anthropic_requests import NEWEST, OLDER, WEATHER, raw_sent

from madang.errors import CallFailed
from madang.providers.anthropic.reply import decode_reply
from madang.providers.anthropic.stream import MessageReader

JUNK: list[Any] = [None, 1, -1.5, True, "", "x", "data:,", [], [1], [[]], [{}], {}, {"a": 1}, {"type": []}]
STRICT: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"anyOf": [{"type": "string"}]}},
    "$defs": {"b": {"minimum": 1}},
}
REQUEST: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
                {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,YQ=="}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            "thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "EiA"}],
        },
        {"role": "tool", "tool_call_id": "a", "content": "21"},
        {"role": "assistant", "content": "hi", "anthropic_content": [{"type": "text", "text": "hi", "citations": []}]},
        {"role": "user", "content": "And?"},
    ],
    "tools": [WEATHER, {"type": "function", "function": {"name": "g", "strict": True, "parameters": STRICT}}],
    "tool_choice": {"type": "function", "function": {"name": "g"}},
    "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}},
    "reasoning_effort": "low",
    "stop": ["END"],
    "temperature": 1,
    "metadata": {"user_id": "u"},
    "service_tier": "auto",
    "max_tokens": 9000,
    "output_config": {"effort": "low"},
    "system": "First.",
}


def damaged(value: Any) -> Iterator[Any]:
    """The value with each of its fields, however deep, replaced by each kind of junk, or taken away."""
    for path in _paths(value):
        for junk in JUNK:
            yield _with(value, path, junk)
        if isinstance(path[-1], str):
            yield _with(value, path, None, takes_away=True)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from _paths(one, (*path, name))


def _with(value: Any, path: tuple[Any, ...], junk: Any, *, takes_away: bool = False) -> Any:
    whole = place = copy.deepcopy(value)
    for name in path[:-1]:
        place = place[name]
    if takes_away:
        del place[path[-1]]
    else:
        place[path[-1]] = junk
    return whole


@pytest.mark.parametrize("model", [OLDER, NEWEST])
def test_a_damaged_request_is_sent_or_refused(model: str) -> None:
    refused = 0
    for body in damaged(REQUEST):
        try:
            msgspec.json.decode(raw_sent(model=model, **body))
        except CallFailed as failed:
            assert failed.reason == "invalid_request"
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("raw", [recorded.AGENT, recorded.SEARCHING, recorded.REFUSED_LATE])
def test_a_damaged_answer_is_read_or_a_failure(raw: bytes) -> None:
    read = 0
    for body in damaged(msgspec.json.decode(raw)):
        try:
            msgspec.json.decode(decode_reply(msgspec.json.encode(body), 0).raw)
            read += 1
        except CallFailed as failed:
            assert failed.reason in ("bad_reply", "server_error", "content_filter")
    assert read > 100


@pytest.mark.parametrize("stream", [recorded.AGENT_STREAM, recorded.SEARCHING_STREAM, recorded.REFUSED_LATE_STREAM])
def test_a_damaged_event_leaves_a_stream_that_ends_or_fails(stream: bytes) -> None:
    frames = [frame + b"\n\n" for frame in stream.split(b"\n\n")[:-1]]
    for index, frame in enumerate(frames):
        for event in damaged(msgspec.json.decode(frame.split(b"data: ", 1)[1])):
            reader = MessageReader.writing_chat(model=NEWEST, created=0, wants_usage=True)
            changed = b"data: " + msgspec.json.encode(event) + b"\n\n"
            reader.feed(b"".join([*frames[:index], changed, *frames[index + 1 :]]))
            if reader.failure is None:
                reader.end()
            assert reader.is_complete or reader.failure is not None
