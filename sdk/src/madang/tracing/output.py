"""What a trace shows of an answer, as JSON: the same for an answer that was streamed as for a whole one. Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from madang.calls.completion import completion_of
from madang.calls.event import Extra, Media, Part, Text
from madang.calls.operation import Operation

_encode = msgspec.json.Encoder().encode


def output_of(operation: Operation, parts: Sequence[Part], raw: bytes) -> bytes:
    """`raw` is the body of an answer that was not streamed, else empty. Vectors are not kept, nor is sound: for that there
    is its type and its size in bytes.
    """
    match operation:
        case "chat":
            return raw or completion_of(parts)
        case "messages":  # put together, so that it has one shape whoever answered
            return completion_of(parts)
        case "count_tokens" | "moderations" | "rerank" | "passthrough":
            return raw
        case "responses":
            return raw or _response(parts) or completion_of(parts)
        case "images" | "image_edits":
            return raw or _media(parts)
        case "transcription" | "translation":
            return raw if raw.startswith(b"{") else _transcript(parts)
        case "speech":
            return _media(parts)
        case "embeddings":
            return b""


def _response(parts: Sequence[Part]) -> bytes:
    """The whole response, as the last event of its stream repeats it."""
    for part in reversed(parts):
        if isinstance(part, Extra) and "response" in part.fields:
            return _encode(part.fields["response"])
    return b""


def _transcript(parts: Sequence[Part]) -> bytes:
    heard = [part.text for part in parts if isinstance(part, Text)]
    return _encode({"text": "".join(heard)}) if heard else b""


def _media(parts: Sequence[Part]) -> bytes:
    """Pieces of one type are one thing."""
    sizes: dict[str, int] = {}
    for part in parts:
        if isinstance(part, Media):
            sizes[part.content_type] = sizes.get(part.content_type, 0) + part.size
    shown: list[dict[str, Any]] = [{"content_type": kind, "bytes": size} for kind, size in sizes.items()]
    return _encode(shown[0] if len(shown) == 1 else shown) if shown else b""
