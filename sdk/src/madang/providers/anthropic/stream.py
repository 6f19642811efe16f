"""What Anthropic's stream means; its bytes, or the same as OpenAI's stream.

Source: Anthropic's document "Streaming messages"; the type `RawMessageStreamEvent` of its Python client 2.8. Events name
blocks by their position; a block's own beginning, deltas and end come in that order, and usage as running totals.
"""

from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Part, Reasoning, Started, Text, ToolCall
from madang.calls.sse import FrameSplitter, data_of
from madang.errors import CallFailed
from madang.providers.anthropic.failures import failure_in
from madang.providers.anthropic.reply import Said, Stop, add_ending, citations_of, kept_blocks, kind_of, tool_call
from madang.providers.anthropic.usage import MessageUsage
from madang.providers.openai_chunks import ChunkWriter
from madang.providers.openai_wire import bad_reply

_encode = msgspec.json.Encoder().encode


class _Head(msgspec.Struct):
    id: str = ""
    model: str = ""
    usage: MessageUsage | None = None
    diagnostics: Any = None


class _Delta(Stop):
    type: str = ""
    text: str = ""
    thinking: str = ""
    signature: str = ""
    partial_json: str = ""
    citation: Any = None


class _StreamEvent(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: _Head | None = None
    content_block: dict[str, Any] | None = None
    delta: _Delta | None = None
    usage: MessageUsage | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_StreamEvent)


class MessageReader:
    """One stream. What was said before an error in the same read is given first; `failure` is then what to raise.

    The vendor's bytes pass as they are, unless a `writer` writes them as another stream.
    """

    __slots__ = (
        "_blocks",
        "_diagnostics",
        "_has_text",
        "_is_done",
        "_is_finished",
        "_pieces",
        "_splitter",
        "_tools",
        "_usage",
        "_writer",
        "failure",
    )

    def __init__(self, writer: ChunkWriter | None = None) -> None:
        self._splitter = FrameSplitter()
        self._writer = writer
        self._blocks: dict[int, dict[str, Any]] = {}  # as far as they are known, in the order of their beginnings
        self._pieces: dict[int, list[str]] = {}  # by block: of its text, its thoughts or its JSON
        self._tools: dict[int, int] = {}  # the number of a tool call by that of its block
        self._usage = MessageUsage()
        self._diagnostics: Any = None
        self._has_text = False
        self._is_finished = False
        self._is_done = False
        self.failure: CallFailed | None = None

    @classmethod
    def writing_chat(cls, *, model: str, created: int, wants_usage: bool) -> "MessageReader":
        """A reader whose events are frames of OpenAI's chat. See ChunkWriter."""
        return cls(ChunkWriter(reply_id="", model=model, created=created, wants_usage=wants_usage))

    @property
    def is_done(self) -> bool:
        """Whether the vendor has said message_stop."""
        return self._is_done

    @property
    def is_complete(self) -> bool:
        """Whether the reason of the answer's end has been said; only message_stop follows it."""
        return self._is_finished

    def feed(self, data: bytes) -> Event | None:
        """One event for all frames that became complete; sets `failure` on an error event or a damaged one."""
        parts: list[Part] = []
        frames: list[bytes] = []
        for frame in self._splitter.feed(data):
            if self._is_done:
                break
            try:
                self._take(data_of(frame), parts)
            except CallFailed as failure:
                self.failure = failure
                break
            frames.append(frame)
        if self._writer is not None:
            return self._written(parts, self._writer, is_last=self._is_done)
        return Event(b"".join(frames), tuple(parts)) if frames or parts else None

    def end(self) -> Event | None:
        """The vendor has closed the stream. Sets `failure` (stream_cut) when the answer was not complete."""
        if self._is_done:
            return None
        if self._is_finished:
            return self._written([], self._writer, is_last=True) if self._writer is not None else None
        self.failure = CallFailed(
            "The vendor ended the stream before the answer was complete.",
            reason="stream_cut",
            status=502,
            code="stream_cut",
        )
        return None

    def _written(self, parts: list[Part], writer: ChunkWriter, *, is_last: bool) -> Event | None:
        event = writer.event(parts)
        if not is_last:
            return event
        return Event((event.raw if event else b"") + writer.end(), tuple(parts))

    def _take(self, payload: bytes, parts: list[Part]) -> None:
        if not payload:
            return
        try:
            event = _decoder.decode(payload)
        except msgspec.ValidationError:
            return  # an event of a kind that is not known yet
        except msgspec.DecodeError:
            raise bad_reply("a stream event that is not JSON") from None
        match event.type:
            case "content_block_delta" if event.delta is not None:
                self._continue(event.index, event.delta, parts)
            case "content_block_start" if event.content_block is not None:
                self._begin(event.index, event.content_block, parts)
            case "content_block_stop":
                self._close(event.index, parts)
            case "message_start" if event.message is not None:
                self._start(event.message, parts)
            case "message_delta":
                if event.usage is not None:
                    self._usage = self._usage.updated(event.usage)
                if event.delta is not None and event.delta.stop_reason:
                    self._finish(event.delta, parts)
            case "message_stop":
                if not self._is_finished:
                    self._finish(Stop(), parts)
                self._is_done = True
            case "error":
                raise failure_in(event.error)

    def _start(self, message: _Head, parts: list[Part]) -> None:
        parts.append(Started(message.id, message.model))
        self._diagnostics = message.diagnostics
        if message.usage is not None:
            self._usage = message.usage
            parts.append(Consumed(self._usage.counted()))  # a stream that breaks off has been paid for too

    def _begin(self, index: int, block: dict[str, Any], parts: list[Part]) -> None:
        self._blocks[index] = block
        match kind_of(block):
            case "tool_use":
                number = self._tools[index] = len(self._tools)
                parts.append(tool_call(block, number, ""))
            case "text" if block.get("text"):
                self._say(str(block["text"]), parts)
            case "thinking" if block.get("thinking"):
                parts.append(Reasoning(str(block["thinking"])))

    def _continue(self, index: int, delta: _Delta, parts: list[Part]) -> None:
        match delta.type:
            case "text_delta" if delta.text:
                self._keep(index, delta.text)
                self._say(delta.text, parts)
            case "input_json_delta" if delta.partial_json:
                self._keep(index, delta.partial_json)
                if index in self._tools:
                    parts.append(ToolCall(self._tools[index], arguments=delta.partial_json))
            case "thinking_delta" if delta.thinking:
                self._keep(index, delta.thinking)
                parts.append(Reasoning(delta.thinking))
            case "signature_delta":
                self._blocks.setdefault(index, {"type": "thinking", "thinking": ""})["signature"] = delta.signature
            case "citations_delta":
                block = self._blocks.setdefault(index, {"type": "text", "text": ""})
                block["citations"] = [*citations_of(block), delta.citation]

    def _keep(self, index: int, piece: str) -> None:
        pieces = self._pieces.get(index)
        if pieces is None:
            self._pieces[index] = [piece]
        else:
            pieces.append(piece)

    def _say(self, text: str, parts: list[Part]) -> None:
        self._has_text = True
        parts.append(Text(text))

    def _close(self, index: int, parts: list[Part]) -> None:
        """Puts a block together; a tool called without any input has to give OpenAI's callers an empty object."""
        block = self._blocks.get(index, {})
        pieces = self._pieces.pop(index, None)
        if pieces is None:
            if index in self._tools:
                parts.append(ToolCall(self._tools[index], arguments=_encode(block.get("input") or {}).decode()))
        elif (kind := kind_of(block)) in ("text", "thinking"):
            block[kind] = "".join([str(block.get(kind) or ""), *pieces])
        else:
            block["input"] = _input("".join(pieces))

    def _finish(self, stop: Stop, parts: list[Part]) -> None:
        parts += kept_blocks(list(self._blocks.values()))
        said: Said = "calls" if self._tools else "text" if self._has_text else "nothing"
        add_ending(parts, stop, self._usage, self._diagnostics, said)
        self._is_finished = True


def _input(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {"INVALID_JSON": text}  # cut by max_tokens; the name that the vendor wants for it
