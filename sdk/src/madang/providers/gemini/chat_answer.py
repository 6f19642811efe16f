"""What Gemini's generateContent answers mean, whole and streamed, and the same in OpenAI's words for the caller.

Source: Google's Gemini API reference, "GenerateContentResponse"; the google-genai client's types `Candidate` and `Part`.
What OpenAI's shape has no place for keeps Google's names: thought signatures in `extra_content.google` of the message or
tool call, pictures in the message's `images`, other parts in its `google_parts`; everything else a candidate tells
(groundingMetadata, citationMetadata, …) in the choice. The request takes the message's fields back in.
"""

from typing import Any

import msgspec

from madang.calls.completion import completion_of
from madang.calls.event import Consumed, Event, Extra, Finished, Part, Reasoning, Started, Text, ToolCall
from madang.calls.request import Request
from madang.calls.sse import FrameSplitter, data_of
from madang.errors import CallFailed
from madang.providers.gemini.failure import (
    BLOCKS,
    BREAKS,
    blocked_prompt,
    ended_without_answer,
    failure_in_answer,
)
from madang.providers.gemini.logprobs import logprobs_of
from madang.providers.gemini.usage import usage_of
from madang.providers.openai_chunks import ChunkWriter
from madang.providers.openai_wire import bad_reply

Json = dict[str, Any]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_IN_BODY = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId", "promptFeedback", "createTime"})
_IN_CANDIDATE = frozenset({"content", "finishReason", "finishMessage", "index", "tokenCount", "logprobsResult"})
_NATURAL = frozenset({"STOP", "MAX_TOKENS", "FINISH_REASON_UNSPECIFIED"})
_LENGTH = frozenset({"MAX_TOKENS", "CONTINUATION"})


class Meaning:
    """What one answer says, as it comes: whole in one response, or in several, without a mark at the end.

    The reasons why choices ended are told by `ending`, as a tool call may come after one.
    """

    __slots__ = (
        "_choices",
        "_ended",
        "_has_given",
        "_has_started",
        "_id",
        "_last",
        "_model",
        "_pictures",
        "_spoken",
        "_tools",
        "_vendor",
    )

    def __init__(self, *, vendor: str, model: str, choices: int = 1, reply_id: str = "") -> None:
        self._vendor = vendor
        self._choices = choices
        self._model, self._id = model, reply_id  # until Gemini names its own
        self._has_started = False
        self._has_given = False  # something that the caller would miss
        self._spoken: set[int] = set()
        self._ended: dict[int, Json] = {}  # the candidates that ended
        self._tools: dict[int, int] = {}  # calls so far, by choice
        self._pictures: dict[int, int] = {}
        self._last: dict[tuple[int, str], Any] = {}  # further fields as last told, as every response repeats them

    @property
    def is_complete(self) -> bool:
        return bool(self._ended) and self._spoken <= self._ended.keys()

    def parts_of(self, raw: bytes) -> list[Part]:
        """What one response adds. Raises CallFailed: an error inside, a block before anything was said, not JSON."""
        try:
            body = _decode(raw)
        except msgspec.DecodeError:
            raise bad_reply("an answer that is not JSON") from None
        if isinstance(body, list) and body:
            body = body[0]  # errors come in a list now and then
        if not isinstance(body, dict):
            raise bad_reply("an answer that is not an object")
        try:
            return self._meant(body)
        except (AttributeError, KeyError, TypeError, ValueError):  # a text where an object should be, and the like
            raise bad_reply("an answer of another shape than Gemini's") from None

    def _meant(self, body: Json) -> list[Part]:
        if body.get("error") is not None and not body.get("candidates"):
            raise failure_in_answer(body["error"])
        parts: list[Part] = []
        if not self._has_started:
            self._has_started = True
            self._id = str(body.get("responseId") or self._id)
            parts.append(Started(self._id, str(body.get("modelVersion") or self._model)))
        self._judge_prompt(body.get("promptFeedback"))
        for candidate in body.get("candidates") or ():
            self._add(parts, candidate)
        usage = body.get("usageMetadata")
        if isinstance(usage, dict):
            parts.append(Consumed(usage_of(usage, is_final=bool(self._ended))))
        for name in body:
            if name not in _IN_BODY:
                self._add_news(parts, name, body[name], -1)
        return parts

    def ending(self) -> list[Part]:
        """Why each choice ended. Raises CallFailed when all were stopped before they said anything."""
        if self._ended and not self._has_given and all(self._is_stopped(one) for one in self._ended.values()):
            raise ended_without_answer(self._vendor, self._ended[min(self._ended)])
        parts: list[Part] = []
        for choice, candidate in sorted(self._ended.items()):
            reason = str(candidate["finishReason"])
            if reason not in _NATURAL:
                told = {"native_finish_reason": reason, "finish_message": candidate.get("finishMessage")}
                fields = {name: value for name, value in told.items() if value is not None}
                parts.append(Extra(fields, choice, "choice"))
            parts.append(Finished(self._finish(reason, choice), choice))
        return parts

    def _judge_prompt(self, feedback: Any) -> None:
        if not isinstance(feedback, dict) or not feedback.get("blockReason"):
            return
        if not self._has_given:
            raise blocked_prompt(self._vendor, feedback)
        for choice in self._spoken - self._ended.keys():
            self._ended[choice] = {"finishReason": "SAFETY", "finishMessage": feedback.get("blockReasonMessage")}

    def _add(self, parts: list[Part], candidate: Json) -> None:
        choice = candidate.get("index") or 0
        self._spoken.add(choice)
        content = candidate.get("content")
        pieces = content.get("parts") if isinstance(content, dict) else None
        is_answered = False
        for piece in pieces or ():
            is_answered = self._add_piece(parts, piece, choice) or is_answered
        logprobs = candidate.get("logprobsResult")
        if logprobs:
            parts.append(Extra({"logprobs": logprobs_of(logprobs)}, choice, "choice"))
        for name in candidate:
            if name not in _IN_CANDIDATE:
                self._add_news(parts, name, candidate[name], choice)
        if candidate.get("finishReason"):
            if self._is_stopped(candidate) and not self._has_given and not is_answered and self._choices == 1:
                raise ended_without_answer(self._vendor, candidate)
            self._ended[choice] = candidate
        # Thoughts that have left are missed too, although an answer of thoughts alone is none.
        self._has_given = self._has_given or is_answered or any(isinstance(part, Reasoning) for part in parts)

    def _add_piece(self, parts: list[Part], piece: Json, choice: int) -> bool:
        """Adds one of Gemini's parts; returns whether it is something of an answer, which thoughts are not."""
        text = piece.get("text")
        signature = piece.get("thoughtSignature")
        if text is not None:
            if not isinstance(text, str):
                raise TypeError("text that is none")
            if text:
                parts.append(Reasoning(text, choice) if piece.get("thought") else Text(text, choice))
            if signature:
                parts.append(Extra(_signed(signature), choice))
            return bool(text) and not piece.get("thought")
        if "functionCall" in piece:
            parts.append(self._tool_call(piece["functionCall"], signature, choice))
            return True
        picture = piece.get("inlineData")
        if (
            isinstance(picture, dict)
            and str(picture.get("mimeType", "")).startswith("image/")
            and not piece.get("thought")
        ):
            number = self._pictures.get(choice, 0)
            self._pictures[choice] = number + 1
            url = f"data:{picture['mimeType']};base64,{picture.get('data', '')}"
            told = {"type": "image_url", "index": number, "image_url": {"url": url}}
            parts.append(Extra({"images": [{**told, **_signed(signature)} if signature else told]}, choice))
            return True
        if piece.keys() - {"thought", "thoughtSignature"}:
            parts.append(Extra({"google_parts": [piece]}, choice))
            return not piece.get("thought")
        if signature:
            parts.append(Extra(_signed(signature), choice))
        return False

    def _tool_call(self, call: Json, signature: str | None, choice: int) -> ToolCall:
        index = self._tools.get(choice, 0)
        self._tools[choice] = index + 1
        # Gemini 2 names no calls. A name of ours is made of the answer's, so that it is unique in a conversation.
        call_id = call.get("id") or f"call_{self._id[:28]}_{choice}_{index}"
        arguments = _encode(call.get("args") or {}).decode()
        extra = _signed(signature)["extra_content"] if signature else None
        return ToolCall(index, str(call_id), str(call.get("name", "")), arguments, choice, extra)

    def _add_news(self, parts: list[Part], name: str, value: Any, choice: int) -> None:
        """A field that we do not model, once, and again when it has changed. Choice -1 is the whole answer."""
        if self._last.get((choice, name)) == value:
            return
        self._last[choice, name] = value
        parts.append(Extra({name: value}, max(choice, 0), "answer" if choice < 0 else "choice"))

    def _is_stopped(self, candidate: Json) -> bool:
        return candidate.get("finishReason") in BLOCKS or candidate.get("finishReason") in BREAKS

    def _finish(self, reason: str, choice: int) -> str:
        if reason in BLOCKS:
            return "content_filter"
        if reason in _LENGTH:
            return "length"
        return "tool_calls" if self._tools.get(choice) else "stop"


class ChatReader:
    """Reads one stream and writes it as OpenAI's. See StreamReader."""

    __slots__ = ("_meaning", "_splitter", "_writer", "failure")

    def __init__(self, meaning: Meaning, writer: ChunkWriter) -> None:
        self._splitter = FrameSplitter()
        self._meaning = meaning
        self._writer = writer
        self.failure: CallFailed | None = None

    @property
    def is_done(self) -> bool:
        return False  # Google has no end mark; more usage may follow what looks like the last response

    @property
    def is_complete(self) -> bool:
        return self._meaning.is_complete

    def feed(self, data: bytes) -> Event | None:
        parts: list[Part] = []
        for frame in self._splitter.feed(data):
            try:
                parts += self._of_frame(frame)
            except CallFailed as failure:
                self.failure = failure
                break
        return self._writer.event(parts)

    def end(self) -> Event | None:
        parts: list[Part] = []
        try:
            parts += self._of_frame(self._splitter.rest)
        except CallFailed as failure:
            # Half a response is thrown away; a whole one may be an error.
            self.failure = failure if failure.reason != "bad_reply" else None
        if self.failure is None and not self.is_complete:
            self.failure = CallFailed(
                "The vendor ended the stream before the answer was complete.",
                reason="stream_cut",
                status=502,
                code="stream_cut",
            )
        if self.failure is not None:
            return self._writer.event(parts)
        try:
            parts += self._meaning.ending()
        except CallFailed as failure:
            self.failure = failure
            return self._writer.event(parts)
        event = self._writer.event(parts)
        return Event((event.raw if event else b"") + self._writer.end(), event.parts if event else ())

    def _of_frame(self, frame: bytes) -> list[Part]:
        payload = data_of(frame) if frame else b""
        if not payload and frame.lstrip().startswith((b"{", b"[")):
            payload = frame  # Google sends an error in mid-stream as bare JSON
        return self._meaning.parts_of(payload) if payload and payload != b"[DONE]" else []


def whole_answer(request: Request, raw: bytes, *, vendor: str) -> Event:
    """The one event of an answer that is not streamed: an OpenAI completion, and what it means. Raises CallFailed."""
    meaning = meaning_for(request, vendor)
    parts = meaning.parts_of(raw)
    if not meaning.is_complete:
        raise bad_reply("an answer without an end")
    parts += meaning.ending()
    return Event(completion_of(parts, created_s(request)), tuple(parts))


def reader_for(request: Request, *, vendor: str) -> ChatReader:
    assert request.target is not None
    writer = ChunkWriter(
        reply_id=_own_id(request),
        model=request.target.vendor_model,
        created=created_s(request),
        wants_usage=request.wants_usage,
    )
    return ChatReader(meaning_for(request, vendor), writer)


def meaning_for(request: Request, vendor: str) -> Meaning:
    choices = request.body.get("n")
    assert request.target is not None
    return Meaning(
        vendor=vendor,
        model=request.target.vendor_model,
        choices=choices if isinstance(choices, int) else 1,
        reply_id=_own_id(request),
    )


def created_s(request: Request) -> int:
    """When the answer was asked for, in seconds since the epoch."""
    return request.attempt.start_us // 1_000_000 if request.attempt is not None else 0


def _own_id(request: Request) -> str:
    return request.attempt.span_id if request.attempt is not None else ""


def _signed(signature: str) -> Json:
    return {"extra_content": {"google": {"thought_signature": signature}}}
