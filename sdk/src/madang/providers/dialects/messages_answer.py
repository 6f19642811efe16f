"""Writes parts as an answer of Anthropic's Messages API: event by event for a stream, and put together as a whole.

Source: Anthropic's API reference, "Create a Message" and "Streaming messages"; the types `Message` and
`RawMessageStreamEvent` of its Python client 2.8. Blocks come one after the other, and a block that has ended is not
taken up again, except by a vendor that mixes the pieces of parallel tool calls.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from madang.calls.completion import joined_extra
from madang.calls.event import Consumed, Extra, Finished, Part, Reasoning, Refusal, Started, Text, ToolCall
from madang.calls.usage import Usage
from madang.providers.dialects.carried import Carried, sealed

Json = dict[str, Any]

_STOPS: Mapping[str, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_ANTHROPICS = frozenset({"stop_sequence", "pause_turn", "model_context_window_exceeded"})
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")

_encode = msgspec.json.Encoder().encode


class MessageWriter:
    """One answer. `model` is used until the vendor names its own; `shows_thinking`: the caller asked to see thoughts.

    `reply_id` names an answer to which the vendor gave no name.
    """

    def __init__(self, *, reply_id: str, model: str, vendor: str, shows_thinking: bool) -> None:
        self._id = reply_id
        self._model = model
        self._shows_thinking = shows_thinking
        self._carried = Carried(vendor)
        self._foreign_mark = sealed(Carried(vendor))
        self._content: list[Json] = []
        self._open: int | None = None  # the block that is being said
        self._pieces: dict[int, list[str]] = {}
        self._tools: dict[int, tuple[int, str]] = {}  # by a call's number: its block, and its id at the vendor
        self._usage = Usage()
        self._stop_reason = ""
        self._stop_sequence: str | None = None
        self._has_begun = False
        self._has_calls = False
        self._frames: list[Json] = []

    def taken(self, parts: Iterable[Part]) -> list[Json]:
        """The events for these parts; none for those that say nothing yet."""
        for part in parts:
            self._take(part)
        return self._given()

    def ended(self) -> list[Json]:
        """The last events."""
        self._begin()
        self._close()
        if self._carried.says_something():
            self._whole_block({"type": "redacted_thinking", "data": sealed(self._carried)})
        delta: Json = {"stop_reason": self._reason(), "stop_sequence": self._stop_sequence}
        self._frames.append({"type": "message_delta", "delta": delta, "usage": message_usage(self._usage)})
        self._frames.append({"type": "message_stop"})
        return self._given()

    def message(self) -> Json:
        """The whole answer, after `ended`."""
        for index, block in enumerate(self._content):
            said = "".join(self._pieces.get(index, ()))
            if block["type"] == "tool_use":
                block["input"] = _input(said)
            elif block["type"] in ("text", "thinking"):
                block[block["type"]] = said
        return {
            **self._head(),
            "content": self._content,
            "stop_reason": self._reason(),
            "stop_sequence": self._stop_sequence,
            "usage": message_usage(self._usage),
        }

    def _given(self) -> list[Json]:
        frames, self._frames = self._frames, []
        return frames

    def _take(self, part: Part) -> None:
        match part:
            case Started():
                self._id, self._model = _message_id(part.reply_id) or self._id, part.model or self._model
            case Consumed():
                self._usage = part.usage
            case Text(choice=0) | Refusal(choice=0):
                self._piece("text", part.text)
            case Reasoning(choice=0) if self._shows_thinking:
                self._piece("thinking", part.text)
            case ToolCall(choice=0):
                self._call(part)
            case Extra(place="message", choice=0):
                self._extra(dict(part.fields))
            case Extra(place="choice", choice=0):
                if part.fields.get("stop_reason") in _ANTHROPICS:
                    self._stop_reason = part.fields["stop_reason"]
                    self._stop_sequence = part.fields.get("stop_sequence")
            case Finished(choice=0):
                self._stop_reason = self._stop_reason or _STOPS.get(part.reason, "end_turn")

    def _begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            usage = message_usage(self._usage)
            message = {**self._head(), "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
            self._frames.append({"type": "message_start", "message": message})

    def _head(self) -> Json:
        return {"id": self._id, "type": "message", "role": "assistant", "model": self._model}

    def _piece(self, kind: str, text: str) -> None:
        index = self._open
        if index is None or self._content[index]["type"] != kind:
            index = self._new_block({"type": kind, kind: ""} | ({"signature": ""} if kind == "thinking" else {}))
        self._pieces.setdefault(index, []).append(text)
        self._delta(index, {"type": f"{kind}_delta", kind: text})

    def _call(self, part: ToolCall) -> None:
        known = self._tools.get(part.index)
        # Some vendors give every call index 0; a new id then begins a new call.
        if known is None or (part.call_id and known[1] and part.call_id != known[1]):
            self._has_calls = True
            call_id = _NOT_IN_IDS.sub("_", part.call_id) or f"toolu_{self._id}_{len(self._tools)}"
            index = self._new_block({"type": "tool_use", "id": call_id, "name": part.name, "input": {}})
            known = self._tools[part.index] = (index, part.call_id)
        index = known[0]
        if part.extra_content is not None:
            self._carried.calls[self._content[index]["id"]] = part.extra_content
        if part.arguments:
            self._pieces.setdefault(index, []).append(part.arguments)
            self._delta(index, {"type": "input_json_delta", "partial_json": part.arguments})

    def _extra(self, fields: Json) -> None:
        """A Claude's thoughts with their signatures are blocks of this language; what it has no place for is carried."""
        blocks = fields.pop("thinking_blocks", None)
        for block in blocks if isinstance(blocks, list) and self._shows_thinking else ():
            if block.get("type") == "redacted_thinking":
                self._whole_block(block)
            elif self._open is not None and self._content[self._open]["type"] == "thinking":
                self._sign(self._open, str(block.get("signature") or ""))
                self._close()
            elif block.get("thinking") or block.get("signature"):
                self._piece("thinking", str(block.get("thinking") or ""))
                self._sign(len(self._content) - 1, str(block.get("signature") or ""))
                self._close()
        joined_extra(self._carried.message, self._carried.keep(fields))

    def _sign(self, index: int, signature: str) -> None:
        self._content[index]["signature"] = signature
        self._delta(index, {"type": "signature_delta", "signature": signature})

    def _whole_block(self, block: Json) -> None:
        self._new_block(block)
        self._close()

    def _new_block(self, block: Json) -> int:
        self._begin()
        self._close()
        index = self._open = len(self._content)
        self._content.append(dict(block))
        self._frames.append({"type": "content_block_start", "index": index, "content_block": block})
        return index

    def _delta(self, index: int, delta: Json) -> None:
        self._frames.append({"type": "content_block_delta", "index": index, "delta": delta})

    def _close(self) -> None:
        index = self._open
        if index is None:
            return
        block = self._content[index]
        if block["type"] == "thinking" and not block["signature"]:
            self._sign(index, self._foreign_mark)  # so that it is known as nobody's when it comes back
        self._frames.append({"type": "content_block_stop", "index": index})
        self._open = None

    def _reason(self) -> str:
        # A call that was asked for by name ends with "stop" at OpenAI.
        if self._has_calls and self._stop_reason in ("", "end_turn"):
            return "tool_use"
        return self._stop_reason or "end_turn"


def message_usage(usage: Usage) -> Json:
    """Tokens as Anthropic counts: what was read from the cache or written into it stands apart from the other input."""
    read, written = usage.cached_tokens or 0, usage.cache_write_tokens or 0
    told: Json = {
        "input_tokens": max(0, (usage.input_tokens or 0) - read - written),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "output_tokens": usage.output_tokens or 0,
    }
    if usage.reasoning_tokens:
        told["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return told


def sse(frames: Iterable[Json]) -> bytes:
    """The events as they go over the line; their name stands in the data again, as the vendor has it."""
    return b"".join(b"event: %b\ndata: %b\n\n" % (frame["type"].encode(), _encode(frame)) for frame in frames)


def _message_id(given: str) -> str:
    if not given or given.startswith("msg_"):
        return given
    return "msg_" + _NOT_IN_IDS.sub("_", given)


def _input(text: str) -> Any:
    """A call's input as an object; a text that is none is wrapped under the name that Anthropic has for it."""
    try:
        value = msgspec.json.decode(text) if text else {}
    except (msgspec.DecodeError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {"INVALID_JSON": text}
