"""Server-sent events, as the vendors frame them (WHATWG HTML, "Server-sent events")."""

import msgspec

SSE_TYPE = "text/event-stream; charset=utf-8"
DONE = b"data: [DONE]\n\n"


def sse(fields: object) -> bytes:
    """An event without a name."""
    return b"data: " + msgspec.json.encode(fields) + b"\n\n"


def named_sse(name: str, fields: object) -> bytes:
    """An event with a name."""
    return b"event: " + name.encode() + b"\n" + sse(fields)
