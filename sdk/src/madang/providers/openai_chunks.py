"""Writes parts as OpenAI's stream: how a vendor with a wire of its own reaches a caller who speaks OpenAI's.

Source: OpenAI's API reference, "Streaming events" of chat completions.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from madang.calls.completion import usage_fields
from madang.calls.event import Consumed, Event, Extra, Finished, Part, Reasoning, Refusal, Started, Text, ToolCall
from madang.calls.usage import Usage

_encode = msgspec.json.Encoder().encode
_EMPTY_DELTA: dict[str, Any] = {}


class ChunkWriter:
    """One stream. `created`: seconds since the epoch; `model` is used until the vendor names its own."""

    __slots__ = ("_after", "_before", "_created", "_model", "_reply_id", "_spoken", "_usage", "_wants_usage")

    def __init__(self, *, reply_id: str, model: str, created: int, wants_usage: bool) -> None:
        self._reply_id = reply_id
        self._model = model
        self._created = created
        self._wants_usage = wants_usage
        self._usage: Usage | None = None
        self._spoken: set[int] = set()  # choices that have had their role
        self._set_frame()

    def event(self, parts: Iterable[Part]) -> Event | None:
        """The event for what the vendor said at once; None when that is nothing."""
        told = tuple(parts)
        return Event(b"".join([self._frame(part) for part in told]), told) if told else None

    def end(self) -> bytes:
        """The stream's last frames: usage for who asked for it, and the end mark."""
        usage = b""
        if self._wants_usage and self._usage is not None:
            usage = b"data: " + _encode({**self._head(), "choices": [], "usage": usage_fields(self._usage)}) + b"\n\n"
        return usage + b"data: [DONE]\n\n"

    def _frame(self, part: Part) -> bytes:
        match part:
            case Text():
                return self._delta(part.choice, b'"content":' + _encode(part.text))
            case Reasoning():
                return self._delta(part.choice, b'"reasoning_content":' + _encode(part.text))
            case ToolCall():
                return self._delta(part.choice, b'"tool_calls":[' + _encode(_tool_piece(part)) + b"]")
            case Refusal():
                return self._delta(part.choice, b'"refusal":' + _encode(part.text))
            case Finished():
                return self._choice({"index": part.choice, "delta": _EMPTY_DELTA, "finish_reason": part.reason})
            case Extra():
                return self._extra(part)
            case Started():
                self._reply_id, self._model = part.reply_id or self._reply_id, part.model or self._model
                self._set_frame()
            case Consumed():
                self._usage = part.usage
        return b""

    def _delta(self, choice: int, field: bytes) -> bytes:
        role = b""
        if choice not in self._spoken:
            self._spoken.add(choice)
            role = b'"role":"assistant",'
        if choice == 0:
            return b"".join((self._before, role, field, self._after))
        delta = msgspec.Raw(b"{" + role + field + b"}")
        return self._choice({"index": choice, "delta": delta, "finish_reason": None})

    def _extra(self, part: Extra) -> bytes:
        if part.place == "answer":
            return b"data: " + _encode({**self._head(), "choices": [], **part.fields}) + b"\n\n"
        if part.place == "choice":
            return self._choice({"index": part.choice, "delta": _EMPTY_DELTA, "finish_reason": None, **part.fields})
        return self._delta(part.choice, _encode(part.fields)[1:-1]) if part.fields else b""

    def _choice(self, choice: dict[str, Any]) -> bytes:
        return b"data: " + _encode({**self._head(), "choices": [choice]}) + b"\n\n"

    def _head(self) -> dict[str, Any]:
        return {
            "id": self._reply_id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
        }

    def _set_frame(self) -> None:
        """What is the same around every piece of the first answer is written once."""
        self._before = b"data: " + _encode(self._head())[:-1] + b',"choices":[{"index":0,"delta":{'
        self._after = b'},"finish_reason":null}]}\n\n'


def _tool_piece(part: ToolCall) -> dict[str, Any]:
    piece: dict[str, Any] = {"index": part.index}
    if part.call_id:
        piece |= {"id": part.call_id, "type": "function"}
    piece["function"] = {"name": part.name, "arguments": part.arguments} if part.name else {"arguments": part.arguments}
    return piece if part.extra_content is None else {**piece, "extra_content": part.extra_content}
