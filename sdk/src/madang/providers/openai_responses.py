"""OpenAI's Responses API: what its answers and its stream's events mean, as pure functions of bytes.

Source: OpenAI's API reference, "Responses" and "Streaming events"; the types are those of the official client's
`openai.types.responses`. Events and items that are not named here go through untouched.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Extra, Finished, Part, Reasoning, Refusal, Started, Text, ToolCall
from madang.calls.usage import Usage
from madang.errors import CallFailed, FailureReason
from madang.providers.openai_wire import bad_reply, check_kept_back, failure_in, has_said, without_keys


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Piece(msgspec.Struct):
    """A piece of a message's content, or of a reasoning item's summary."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None


class _Item(msgspec.Struct):
    type: str = ""
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None  # of a function
    input: Any = None  # of a custom tool: text
    content: Any = None
    summary: list[_Piece] | None = None


class _Incomplete(msgspec.Struct):
    reason: str | None = None


class _Response(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    status: str | None = None
    error: Any = None
    incomplete_details: _Incomplete | None = None
    output: list[_Item] = []
    usage: _Usage | None = None


class _StreamEvent(msgspec.Struct):
    type: str = ""
    delta: Any = None
    output_index: int = 0
    item: _Item | None = None
    response: msgspec.Raw = msgspec.Raw()
    code: Any = None
    message: Any = None
    error: Any = None


_response_decoder = msgspec.json.Decoder(_Response)
_event_decoder = msgspec.json.Decoder(_StreamEvent)

_TOOLS = ("function_call", "custom_tool_call")
_ARGUMENT_DELTAS = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")
_ENDS = ("response.completed", "response.incomplete")

# By the start or the whole of `error.code` in a response that failed; see the client's `ResponseError`.
_ABOUT_THE_REQUEST = ("invalid_", "image_", "unsupported_", "empty_image", "failed_to_download")


def decode_response(raw: bytes) -> Event:
    """The one event of a response that is not streamed. Raises CallFailed when it failed, was kept back by a content
    filter, or is not JSON.
    """
    try:
        response = _response_decoder.decode(raw)
    except msgspec.ValidationError:
        return Event(raw)  # an unfamiliar shape goes through untouched; its usage stays unknown
    except msgspec.DecodeError:
        raise bad_reply("a body that is not JSON") from None
    if response.error is not None and response.status in (None, "failed"):
        raise _failure_of(response.error)
    parts: list[Part] = [Started(response.id or "", response.model or "")]
    tools = 0
    for item in response.output:
        parts += _parts_of(item, tools)
        tools += item.type in _TOOLS
    parts += _ending(response, has_tools=tools > 0)
    check_kept_back(parts)
    return Event(raw, tuple(parts))


class ResponseMeaning:
    """What one response's events mean. See typed_events.Meaning.

    The last event holds the whole response again, which goes on as an `Extra` of the answer for the trace.
    """

    __slots__ = ("_has_said", "_tools", "is_complete", "is_done")

    def __init__(self) -> None:
        self._has_said = False
        self._tools: dict[int, int] = {}  # by the item's place in the output, the tool call's own number
        self.is_complete = False
        self.is_done = False

    def take(self, payload: bytes) -> tuple[Part, ...]:
        parts = self._meant(payload)
        self._has_said = self._has_said or has_said(parts)
        return parts

    def _meant(self, payload: bytes) -> tuple[Part, ...]:
        try:
            event = _event_decoder.decode(payload)
        except msgspec.ValidationError:
            return ()
        except msgspec.DecodeError:
            raise bad_reply("a stream event that is not JSON") from None
        kind = event.type
        if isinstance(event.delta, str):
            return self._piece(kind, event.delta, event.output_index)
        if kind == "response.output_item.added" and event.item is not None and event.item.type in _TOOLS:
            index = self._tools.setdefault(event.output_index, len(self._tools))
            return (ToolCall(index, event.item.call_id or "", event.item.name or ""),)
        if kind == "response.created":
            response = _decoded(event.response)
            return (Started(response.id or "", response.model or ""),)
        if kind in _ENDS:
            self.is_complete = self.is_done = True
            response = _decoded(event.response)
            ending = _ending(response, has_tools=bool(self._tools))
            if not self._has_said:
                check_kept_back([*(part for item in response.output for part in _parts_of(item, 0)), *ending])
            return (Extra({"response": event.response.copy()}, place="answer"), *ending)
        if kind == "response.failed":
            raise _failure_of(_decoded(event.response).error)
        if kind == "error" or event.error is not None:
            raise _failure_of(event.error or {"code": event.code, "message": event.message})
        return ()

    def _piece(self, kind: str, delta: str, output_index: int) -> tuple[Part, ...]:
        if kind == "response.output_text.delta":
            return (Text(delta),)
        if kind in _ARGUMENT_DELTAS:
            return (ToolCall(self._tools.setdefault(output_index, len(self._tools)), arguments=delta),)
        if kind in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
            return (Reasoning(delta),)
        if kind == "response.refusal.delta":
            return (Refusal(delta),)
        return ()


def _decoded(raw: msgspec.Raw) -> _Response:
    try:
        return _response_decoder.decode(raw) if bytes(raw) else _Response()
    except msgspec.DecodeError:  # an unfamiliar shape: what it would say stays unknown
        return _Response()


def _parts_of(item: _Item, tool: int) -> list[Part]:
    if item.type in _TOOLS:
        words = item.arguments if item.arguments is not None else item.input
        return [ToolCall(tool, item.call_id or "", item.name or "", words if isinstance(words, str) else "")]
    parts: list[Part] = [Reasoning(piece.text) for piece in item.summary or () if piece.text]
    for piece in _content(item.content):
        if piece.refusal:
            parts.append(Refusal(piece.refusal))
        elif piece.text:
            parts.append(Reasoning(piece.text) if item.type == "reasoning" else Text(piece.text))
    return parts


def _content(content: Any) -> list[_Piece]:
    try:
        return msgspec.convert(content or [], list[_Piece])
    except msgspec.ValidationError:
        return []


def _ending(response: _Response, *, has_tools: bool) -> list[Part]:
    parts: list[Part] = []
    if response.usage is not None:
        parts.append(Consumed(_usage_of(response.usage)))
    if response.status == "incomplete":
        cause = response.incomplete_details.reason if response.incomplete_details else None
        parts.append(Finished("content_filter" if cause == "content_filter" else "length"))
    elif response.status in (None, "completed"):
        parts.append(Finished("tool_calls" if has_tools else "stop"))
    return parts  # queued or in progress, as with `background`: not finished


def _usage_of(usage: _Usage) -> Usage:
    given = usage.input_tokens_details or _InputDetails()
    written = usage.output_tokens_details or _OutputDetails()
    return Usage(
        usage.input_tokens,
        usage.output_tokens,
        given.cached_tokens,
        written.reasoning_tokens,
        cache_write_tokens=given.cache_write_tokens,
    )


def _failure_of(error: Any) -> CallFailed:
    fields: Mapping[str, Any] = error if isinstance(error, dict) else {"message": str(error)}
    code = str(fields.get("code") or "")
    is_refused = "policy" in code
    if not is_refused and not code.startswith(_ABOUT_THE_REQUEST):
        return failure_in(fields)
    reason: FailureReason = "content_filter" if is_refused else "invalid_request"
    words = without_keys(str(fields.get("message") or "")) or f"The response failed: {code}."
    return CallFailed(words, reason=reason, status=400, code=code)
