"""What ConverseStream says, frame by frame.

Framing is botocore's: `application/vnd.amazon.eventstream`, with a checksum over every frame's head and whole. Source of
the events: AWS's "Amazon Bedrock Runtime API reference", ConverseStreamOutput.
"""

from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Extra, Part, Reasoning, Started, Text, ToolCall
from madang.errors import CallFailed
from madang.providers.bedrock.access import load_botocore
from madang.providers.bedrock.chat_answer import (
    Image,
    TokenUsage,
    Typed,
    answer_fields,
    check_begun,
    ending,
    picture,
    redacted,
    thought,
    unknown,
    usage_of,
)
from madang.providers.bedrock.chat_request import ANSWER_TOOL
from madang.providers.bedrock.failures import named_failure
from madang.providers.openai_chunks import ChunkWriter
from madang.providers.openai_wire import bad_reply


class _ToolPiece(msgspec.Struct, rename="camel"):
    tool_use_id: str = ""
    name: str = ""
    input: str = ""
    type: str | None = None


class _ReasoningPiece(msgspec.Struct, rename="camel"):
    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None


class _Start(msgspec.Struct, rename="camel"):
    tool_use: _ToolPiece | None = None
    image: Image | None = None


class _Delta(msgspec.Struct, rename="camel"):
    text: str | None = None
    tool_use: _ToolPiece | None = None
    reasoning_content: _ReasoningPiece | None = None
    citation: dict[str, Any] | None = None
    image: Image | None = None


class _BlockStart(msgspec.Struct, rename="camel"):
    start: _Start
    content_block_index: int = 0


class _BlockDelta(msgspec.Struct, rename="camel"):
    delta: _Delta
    content_block_index: int = 0


class _BlockStop(msgspec.Struct, rename="camel"):
    content_block_index: int = 0


class _MessageStop(msgspec.Struct, rename="camel"):
    stop_reason: str = ""
    additional_model_response_fields: Any = None


class _Metadata(msgspec.Struct, rename="camel"):
    usage: TokenUsage | None = None
    trace: dict[str, Any] | None = None
    service_tier: Typed | None = None


class _Fault(msgspec.Struct, rename="camel"):
    message: str | None = None
    original_message: str | None = None


class _Open:
    """A content block that has begun: what it has to say at its end. `call` is the number of a tool call."""

    __slots__ = ("call", "form", "is_own", "signature", "text")

    def __init__(self) -> None:
        self.call: int | None = None
        self.is_own = False  # of the vendor's own tools, which it calls and answers itself
        self.form = ""
        self.text: list[str] = []
        self.signature: str | None = None


_start_decoder = msgspec.json.Decoder(_BlockStart)
_delta_decoder = msgspec.json.Decoder(_BlockDelta)
_stop_decoder = msgspec.json.Decoder(_BlockStop)
_end_decoder = msgspec.json.Decoder(_MessageStop)
_metadata_decoder = msgspec.json.Decoder(_Metadata)
_fault_decoder = msgspec.json.Decoder(_Fault)


class ConverseReader:
    """Turns network reads of one stream into events in OpenAI's words. See http_call.StreamReader."""

    __slots__ = (
        "_buffer",
        "_calls",
        "_has_begun",
        "_is_by_tool",
        "_is_complete",
        "_is_done",
        "_model",
        "_open",
        "_parser_error",
        "_reply_id",
        "_writer",
        "failure",
    )

    def __init__(self, writer: ChunkWriter, *, reply_id: str, model: str, is_by_tool: bool) -> None:
        eventstream = load_botocore("eventstream")
        self._buffer = eventstream.EventStreamBuffer()
        self._parser_error: type[Exception] = eventstream.ParserError
        self._writer = writer
        self._reply_id = reply_id
        self._model = model
        self._is_by_tool = is_by_tool
        self._open: dict[int, _Open] = {}
        self._calls = 0
        self._has_begun = False
        self._is_complete = False
        self._is_done = False
        self.failure: CallFailed | None = None

    @property
    def is_done(self) -> bool:
        return self._is_done

    @property
    def is_complete(self) -> bool:
        return self._is_complete

    def feed(self, data: bytes) -> Event | None:
        parts: list[Part] = []
        self._buffer.add_data(data)
        try:
            for frame in self._buffer:
                parts += self._take(frame.headers, frame.payload)
                if self._is_done:
                    break
        except CallFailed as failure:
            self.failure = failure
        except self._parser_error:
            self.failure = bad_reply("a damaged frame of an event stream")
        except msgspec.DecodeError:
            self.failure = bad_reply("a stream event that is not Converse's JSON")
        event = self._writer.event(parts)
        if not self._is_done:
            return event
        return Event((event.raw if event else b"") + self._writer.end(), tuple(parts))

    def end(self) -> Event | None:
        if self._is_complete:
            return Event(self._writer.end())
        self.failure = CallFailed(
            "The vendor ended the stream before the answer was complete.",
            reason="stream_cut",
            status=502,
            code="stream_cut",
        )
        return None

    def _take(self, headers: dict[str, Any], payload: bytes) -> list[Part]:
        """The parts of one frame. Raises CallFailed for an exception."""
        message_type = headers.get(":message-type")
        if message_type == "exception":
            raise named_failure(str(headers.get(":exception-type")), _words_of(payload))
        if message_type == "error":
            raise named_failure(str(headers.get(":error-code")), str(headers.get(":error-message") or ""))
        match headers.get(":event-type"):
            case "contentBlockDelta":
                piece = _delta_decoder.decode(payload)
                return self._delta(piece.content_block_index, piece.delta, payload)
            case "contentBlockStart":
                begun = _start_decoder.decode(payload)
                return self._start(begun.content_block_index, begun.start, payload)
            case "contentBlockStop":
                return self._stop(_stop_decoder.decode(payload).content_block_index)
            case "messageStart":
                return [Started(self._reply_id, self._model)]
            case "messageStop":
                return self._finish(_end_decoder.decode(payload))
            case "metadata":
                metadata = _metadata_decoder.decode(payload)
                self._is_done = self._is_complete
                told = list(answer_fields(metadata.trace, None, metadata.service_tier))
                return [*told, Consumed(usage_of(metadata.usage))] if metadata.usage else told
        return []  # an event of a later version of the API

    def _start(self, index: int, start: _Start, payload: bytes) -> list[Part]:
        block = self._open[index] = _Open()
        call = start.tool_use
        if call is not None and call.type is None:
            self._has_begun = True
            if self._is_by_tool and call.name == ANSWER_TOOL:
                return []
            block.call = self._calls
            self._calls += 1
            return [ToolCall(block.call, call.tool_use_id, call.name)]
        if start.image is not None:
            block.form = start.image.format
            return []
        told = msgspec.json.decode(payload)
        block.is_own = bool(told["start"])  # some models announce their texts, with nothing in it
        return [unknown(told)] if block.is_own else []

    def _delta(self, index: int, delta: _Delta, payload: bytes) -> list[Part]:
        if delta.text is not None:
            if not delta.text:
                return []
            self._has_begun = True
            return [Text(delta.text)]
        block = self._open.get(index)
        if block is None:  # only tools, pictures and the vendor's own announce themselves
            block = self._open[index] = _Open()
        if block.is_own:
            return [unknown(msgspec.json.decode(payload))]
        if delta.tool_use is not None:
            if not delta.tool_use.input:
                return []
            return [self._tool_piece(block, delta.tool_use.input)]
        if delta.reasoning_content is not None:
            return self._reasoning(block, delta.reasoning_content)
        if delta.citation is not None:
            return [Extra({"citations": [delta.citation]})]
        if delta.image is not None:
            source = delta.image.source
            block.text.append(source.bytes if source and source.bytes else "")
            return []
        return [unknown(msgspec.json.decode(payload))]

    def _tool_piece(self, block: _Open, arguments: str) -> Part:
        return Text(arguments) if block.call is None else ToolCall(block.call, arguments=arguments)

    def _reasoning(self, block: _Open, piece: _ReasoningPiece) -> list[Part]:
        if piece.redacted_content is not None:
            return [redacted(piece.redacted_content)]
        if piece.signature is not None:
            block.signature = (block.signature or "") + piece.signature
        if not piece.text:
            return []
        self._has_begun = True
        block.text.append(piece.text)
        return [Reasoning(piece.text)]

    def _stop(self, index: int) -> list[Part]:
        """What can be told only now: a thought with its signature, a picture."""
        block = self._open.pop(index, None)
        if block is None:
            return []
        if block.form:
            self._has_begun = True
            return [picture(block.form, "".join(block.text))]
        if block.text or block.signature:
            return [thought("".join(block.text), block.signature)]
        return []

    def _finish(self, end: _MessageStop) -> list[Part]:
        check_begun(end.stop_reason, None, has_begun=self._has_begun)
        self._is_complete = True
        more = answer_fields(None, end.additional_model_response_fields, None)
        return [*more, *ending(end.stop_reason, has_calls=self._calls > 0)]


def _words_of(payload: bytes) -> str:
    try:
        fault = _fault_decoder.decode(payload)
    except msgspec.DecodeError:
        return ""  # its name says enough
    return fault.message or fault.original_message or ""
