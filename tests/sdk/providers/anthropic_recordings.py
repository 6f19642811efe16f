"""Answers of Anthropic's as they come over the wire, beyond the plain ones in tests/sdk/calls/recordings.py."""

from typing import Any

import msgspec


def message(
    *content: dict[str, Any], stop: str = "end_turn", usage: dict[str, Any] | None = None, **fields: Any
) -> bytes:
    """A whole message."""
    body = {"id": "msg_01", "type": "message", "role": "assistant", "model": "claude-opus-4-5-20251101"}
    counts = usage or {"input_tokens": 11, "output_tokens": 5}
    return msgspec.json.encode({**body, "content": content, "stop_reason": stop, "usage": counts, **fields})


def event(kind: str, **fields: Any) -> bytes:
    """One event of a stream."""
    return b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode({"type": kind, **fields}) + b"\n\n"


def start(usage: dict[str, Any] | None = None) -> bytes:
    counts = usage or {"input_tokens": 11, "output_tokens": 1}
    head = {"id": "msg_01", "type": "message", "role": "assistant", "model": "claude-opus-4-5-20251101", "content": []}
    return event("message_start", message={**head, "stop_reason": None, "usage": counts})


def block(index: int, begin: dict[str, Any], *deltas: dict[str, Any]) -> bytes:
    """A block of a stream from its beginning to its end."""
    pieces = [event("content_block_delta", index=index, delta=delta) for delta in deltas]
    opening = event("content_block_start", index=index, content_block=begin)
    return b"".join([opening, *pieces, event("content_block_stop", index=index)])


def text(index: int, *pieces: str) -> bytes:
    deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
    return block(index, {"type": "text", "text": ""}, *deltas)


def end(stop: str = "end_turn", usage: dict[str, Any] | None = None, **delta: Any) -> bytes:
    fields = {"stop_reason": stop, "stop_sequence": None, **delta}
    return event("message_delta", delta=fields, usage=usage or {"output_tokens": 5}) + event("message_stop")


THINKING = {"type": "thinking", "thinking": "Seoul, then.", "signature": "EiBhYmM="}
HIDDEN = {"type": "redacted_thinking", "data": "c2VjcmV0"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Seoul"}}
CLOCK = {"type": "tool_use", "id": "toolu_2", "name": "clock", "input": {}}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "madang"}}
FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {"type": "web_search_result", "url": "https://example.org", "title": "Madang", "encrypted_content": "x"}
    ],
}
CITATION = {
    "type": "web_search_result_location",
    "url": "https://example.org",
    "title": "Madang",
    "encrypted_index": "y",
    "cited_text": "A courtyard",
}

# Thoughts shown and hidden, words, and two calls, one of them without arguments.
AGENT = message(THINKING, HIDDEN, {"type": "text", "text": "Let me look."}, CALL, CLOCK, stop="tool_use")
AGENT_STREAM = b"".join(
    [
        start(),
        block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Seoul, "},
            {"type": "thinking_delta", "thinking": "then."},
            {"type": "signature_delta", "signature": "EiBhYmM="},
        ),
        block(1, HIDDEN),
        event("ping"),
        text(2, "Let me ", "look."),
        block(
            3,
            {**CALL, "input": {}},
            {"type": "input_json_delta", "partial_json": ""},
            {"type": "input_json_delta", "partial_json": '{"city":'},
            {"type": "input_json_delta", "partial_json": '"Seoul"}'},
        ),
        block(4, CLOCK, {"type": "input_json_delta", "partial_json": ""}),
        end("tool_use"),
    ]
)

# The vendor's own search, between words, with what it cites.
_CITED = {"type": "text", "text": "A courtyard.", "citations": [CITATION]}
_SEARCHED = {"input_tokens": 11, "output_tokens": 5, "server_tool_use": {"web_search_requests": 1}}
SEARCHING = message({"type": "text", "text": "Looking."}, SEARCH, FOUND, _CITED, usage=_SEARCHED)
SEARCHING_STREAM = b"".join(
    [
        start(),
        text(0, "Looking."),
        block(1, {**SEARCH, "input": {}}, {"type": "input_json_delta", "partial_json": '{"query":"madang"}'}),
        block(2, FOUND),
        block(
            3,
            {"type": "text", "text": "", "citations": []},
            {"type": "text_delta", "text": "A courtyard."},
            {"type": "citations_delta", "citation": CITATION},
        ),
        end(usage={"output_tokens": 5, "server_tool_use": {"web_search_requests": 1}}),
    ]
)
SEARCHING_CONTENT = [{"type": "text", "text": "Looking."}, SEARCH, FOUND, _CITED]

_REFUSED = {"type": "refusal", "category": "cyber", "explanation": "It could enable cyber harm."}
REFUSED = message(stop="refusal", stop_details=_REFUSED)
REFUSED_STREAM = start() + end("refusal", stop_details=_REFUSED)
REFUSED_LATE = message({"type": "text", "text": "First"}, stop="refusal", stop_details=_REFUSED)
REFUSED_LATE_STREAM = start() + text(0, "First") + end("refusal", stop_details=_REFUSED)
REFUSED_AFTER_THOUGHTS = message(THINKING, stop="refusal", stop_details=None)
