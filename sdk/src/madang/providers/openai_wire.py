"""OpenAI's wire format: request bodies, replies, stream chunks and errors, as pure functions of bytes.

Source: OpenAI's API reference, "Chat completions", "Streaming events", "Embeddings", "Error codes"; Azure, vLLM, Ollama
and other compatible servers speak the same with additions, which stay in the raw bytes.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Finished, Part, Reasoning, Refusal, Started, Text, ToolCall
from madang.calls.request import Request
from madang.calls.sse import FrameSplitter, data_of
from madang.calls.usage import Usage
from madang.errors import FAILURE_REASONS, CallFailed, FailureReason
from madang.providers.openai_messages import sendable
from madang.providers.retry_after import retry_after

_encoder = msgspec.json.Encoder()
_SAID = (Text, Reasoning, Refusal, ToolCall)


def encode_body(request: Request, vendor_model: str) -> bytes:
    """The caller's body with the vendor's model name, without what other vendors had put into its messages, and with usage
    asked for in streams, so that cost is known.
    """
    body: dict[str, Any] = {**request.body, "model": vendor_model}
    if request.operation == "chat":
        if request.target is not None:
            body["messages"] = sendable(body.get("messages"), request.target)
        if request.is_stream:
            body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return _encoder.encode(body)


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None  # OpenRouter, newer OpenAI models
    audio_tokens: int | None = None
    image_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None


_NO_INPUT_DETAILS = _InputDetails()
_NO_OUTPUT_DETAILS = _OutputDetails()


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None
    extra_content: Any = None  # Google's OpenAI-compatible API: the thought's signature


class _Message(msgspec.Struct):
    content: str | list[Any] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None  # DeepSeek, vLLM
    reasoning: Any = None  # OpenRouter, newer vLLM: text; elsewhere an object, which stays in the raw bytes
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None


class _Body(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: Any = None


_body_decoder = msgspec.json.Decoder(_Body)


def decode_reply(raw: bytes) -> Event:
    """The one event of a reply that is not streamed. Raises CallFailed: bad_reply when it is not JSON, content_filter when
    a filter kept back all of it.
    """
    try:
        body = _body_decoder.decode(raw)
    except msgspec.ValidationError:
        return Event(raw)  # an unfamiliar shape goes through untouched; its usage stays unknown
    except msgspec.DecodeError:
        raise bad_reply("a body that is not JSON") from None
    if body.error is not None and not body.choices:
        raise failure_in(body.error)
    parts = tuple(_parts_of(body, is_first=True))
    check_kept_back(parts)
    return Event(raw, parts)


def check_kept_back(parts: Iterable[Part]) -> None:
    """Raises CallFailed(content_filter) for an answer that ended by a filter and says nothing: another vendor may be
    allowed to give one.
    """
    reasons = {part.reason for part in parts if isinstance(part, Finished)}
    if reasons == {"content_filter"} and not has_said(parts):
        raise kept_back()


def has_said(parts: Iterable[Part]) -> bool:
    """Whether there is something that a caller could have been shown."""
    return any(isinstance(part, _SAID) for part in parts)


def kept_back() -> CallFailed:
    return CallFailed(
        "The vendor's content filter kept back the whole answer.",
        reason="content_filter",
        status=400,
        code="content_filter",
    )


class StreamDecoder:
    """Turns network reads into events. `hides_usage` cuts out the usage frame that only we asked for; `answers` is how many
    the caller wants.

    What a stream means does not depend on how the network cut it: what came before an error in the same read is given
    first, and `failure` then says what the reader has to raise.
    """

    __slots__ = (
        "_answers",
        "_filtered",
        "_finished",
        "_has_said",
        "_has_started",
        "_hides_usage",
        "_is_done",
        "_splitter",
        "_started",
        "failure",
    )

    def __init__(self, *, hides_usage: bool, answers: int = 1) -> None:
        self._splitter = FrameSplitter()
        self._hides_usage = hides_usage
        self._answers = answers
        self._has_said = False
        self._filtered: set[int] = set()  # choices that ended by a content filter
        self._has_started = False
        self._started: set[int] = set()  # choices that have said something
        self._finished: set[int] = set()
        self._is_done = False
        self.failure: CallFailed | None = None

    @property
    def is_done(self) -> bool:
        """Whether the vendor has said [DONE]."""
        return self._is_done

    @property
    def is_complete(self) -> bool:
        """Whether the answer has been said to its end, so that a connection that breaks now takes nothing away."""
        return self._is_done or (bool(self._finished) and self._started <= self._finished)

    def feed(self, data: bytes) -> Event | None:
        """One event for all frames that became complete; sets `failure` on an error frame or a damaged one."""
        raw: list[bytes] = []
        parts: list[Part] = []
        for frame in self._splitter.feed(data):
            try:
                is_shown = self._take(data_of(frame), parts)
            except CallFailed as failure:
                self.failure = failure
                break
            if is_shown:
                raw.append(frame)
        if not raw and not parts:
            return None
        return Event(b"".join(raw), tuple(parts))

    def end(self) -> Event | None:
        """The vendor has closed the stream: what came after the last empty line, where it is whole.

        Sets `failure` (stream_cut) when the answer was not complete.
        """
        rest = self._splitter.rest
        parts: list[Part] = []
        try:
            is_shown = bool(rest) and self._take(data_of(rest), parts)
        except CallFailed:  # half an event; the standard has it thrown away
            is_shown = False
        if not self.is_complete:
            self.failure = CallFailed(
                "The vendor ended the stream before the answer was complete.",
                reason="stream_cut",
                status=502,
                code="stream_cut",
            )
        return Event(rest if is_shown else b"", tuple(parts)) if is_shown or parts else None

    def _take(self, payload: bytes, parts: list[Part]) -> bool:
        """Adds the frame's parts; returns whether the caller should see the frame."""
        if not payload:
            return True
        if payload == b"[DONE]":
            self._is_done = True
            return True
        try:
            chunk = _body_decoder.decode(payload)
        except msgspec.ValidationError:
            return True
        except msgspec.DecodeError:
            raise bad_reply("a stream event that is not JSON") from None
        if chunk.error is not None:
            raise failure_in(chunk.error)
        found = _parts_of(chunk, is_first=not self._has_started)
        if not self._has_said:
            self._check_kept_back(chunk, found)
        parts.extend(found)
        self._has_started = self._has_started or bool(chunk.id)
        for choice in chunk.choices:
            (self._finished if choice.finish_reason else self._started).add(choice.index)
        return not (self._hides_usage and chunk.usage is not None and not chunk.choices)

    def _check_kept_back(self, chunk: _Body, parts: list[Part]) -> None:
        """Raises CallFailed when a filter has ended every answer before its first word."""
        self._has_said = has_said(parts)
        for choice in chunk.choices:
            if choice.finish_reason == "content_filter":
                self._filtered.add(choice.index)
        if not self._has_said and len(self._filtered) >= self._answers:
            raise kept_back()


def _parts_of(body: _Body, *, is_first: bool) -> list[Part]:
    parts: list[Part] = []
    if is_first and (body.id or body.model):
        parts.append(Started(body.id or "", body.model or ""))
    for choice in body.choices:
        message = choice.delta or choice.message
        if message is not None:
            _add_message(parts, message, choice.index)
        if choice.finish_reason:
            parts.append(Finished(choice.finish_reason, choice.index))
    if body.usage is not None:
        parts.append(Consumed(_usage_of(body.usage)))
    return parts


def _add_message(parts: list[Part], message: _Message, choice: int) -> None:
    reasoning = message.reasoning_content or message.reasoning
    if reasoning and isinstance(reasoning, str):
        parts.append(Reasoning(reasoning, choice))
    text = message.content if isinstance(message.content, str) else _joined_text(message.content)
    if text:
        parts.append(Text(text, choice))
    if message.refusal:
        parts.append(Refusal(message.refusal, choice))
    for position, call in enumerate(message.tool_calls or ()):
        function = call.function or _Function()
        index = position if call.index is None else call.index
        parts.append(
            ToolCall(index, call.id or "", function.name or "", function.arguments or "", choice, call.extra_content)
        )


def _joined_text(content: list[Any] | None) -> str:
    """The text of an answer in several pieces, as Mistral's thinking models give it."""
    texts = [piece.get("text") for piece in content or () if isinstance(piece, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def _usage_of(usage: _Usage) -> Usage:
    given = usage.prompt_tokens_details or _NO_INPUT_DETAILS
    written = usage.completion_tokens_details or _NO_OUTPUT_DETAILS
    return Usage(
        usage.prompt_tokens,
        usage.completion_tokens,
        given.cached_tokens,
        written.reasoning_tokens,
        given.cache_write_tokens or None,  # a kind that did not occur need not be counted
        audio_input_tokens=given.audio_tokens or None,
        audio_output_tokens=written.audio_tokens or None,
        image_input_tokens=given.image_tokens or None,
        image_output_tokens=written.image_tokens or None,
    )


_BY_CODE: Mapping[str, FailureReason] = {
    "context_length_exceeded": "context_overflow",
    "content_filter": "content_filter",
    "content_policy_violation": "content_filter",
    "insufficient_quota": "quota_exhausted",
    "rate_limit_exceeded": "rate_limited",
    "invalid_api_key": "authentication",
    "model_not_found": "not_found",
    "DeploymentNotFound": "not_found",
}
# What a Gateway of ours says, so that a call through it fails for the same reason as one that goes out from here.
_OURS: Mapping[str, FailureReason] = {reason: reason for reason in FAILURE_REASONS} | {
    "connection_failed": "connection",
    "no_deployment": "no_target",
}
_BY_STATUS: Mapping[int, FailureReason] = {
    401: "authentication",
    403: "permission",
    404: "not_found",
    408: "timeout",
    429: "rate_limited",
    503: "overloaded",
    529: "overloaded",
}


def decode_failure(status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
    """What an answer with an error status means. The vendor's words are kept, without keys."""
    try:
        error = msgspec.json.decode(raw)["error"]
    except (msgspec.DecodeError, KeyError, TypeError):
        error = None
    fields: dict[str, Any] = error if isinstance(error, dict) else {}
    code = str(fields.get("code") or "") or None
    vendor_words = str(fields.get("message") or "")
    reason = _reason_of(status, code or "", str(fields.get("type") or ""), vendor_words)
    if "x-madang-trace-id" in headers and fields.get("reason") in FAILURE_REASONS:
        reason = fields["reason"]  # a Madang Gateway says what it knows
    message = without_keys(vendor_words) or f"The vendor answered {status} without an explanation."
    return CallFailed(
        message,
        reason=reason,
        status=status,
        code=code,
        param=str(fields["param"]) if fields.get("param") else None,
        retry_after_s=retry_after(headers),
        body=raw if fields and reason != "authentication" and message == vendor_words else b"",
    )


def without_keys(words: str) -> str:
    """The vendor's words without anything that looks like a key: OpenAI repeats a wrong key, partly masked."""
    return _KEY.sub("(key)", words)


# What begins as keys begin, and what is masked by asterisks. Both are looked for at the beginning of a word only and not
# far ahead: vendors repeat what callers sent, and a word of any length must not hold up everybody's calls.
_KEY = re.compile(r"(?<![\w-])(?:(?:(?:sk|pk)-|(?:api|key)-(?=[\w*.-]{0,200}[\d*]))[\w*.-]{6,}|[\w-]*+\*{3}[\w*-]*)")


def bad_reply(what: str) -> CallFailed:
    return CallFailed(f"The vendor sent {what}.", reason="bad_reply", status=502, code="bad_reply")


def _reason_of(status: int, code: str, kind: str, words: str) -> FailureReason:
    known = _OURS.get(code) or _BY_CODE.get(code) or _BY_CODE.get(kind) or _BY_STATUS.get(status)
    if known:
        return known
    if status < 400:
        return "not_found"  # a redirect: the base URL is not that of an API
    if status == 400 and "maximum context length" in words:
        return "context_overflow"  # vLLM says it in words only
    return "server_error" if status >= 500 else "invalid_request"


def failure_in(error: Any) -> CallFailed:
    """An error object inside a body or stream that began with status 200."""
    fields: dict[str, Any] = error if isinstance(error, dict) else {"message": str(error)}
    status = 429 if fields.get("code") in ("rate_limit_exceeded", "insufficient_quota") else 502
    failure = decode_failure(status, {}, _encoder.encode({"error": fields}))
    if failure.reason == "invalid_request":
        failure.reason = "server_error"
    return failure
