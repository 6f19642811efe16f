"""What a call gives back: OpenAI's objects, readable as attributes and as dicts, with every field the vendor sent.

`answer.choices[0].message.content` and `answer["choices"][0]["message"]["content"]` are the same. Each class names the
fields that are always there, for editors and type checkers; a field that this version does not know is there all the same.
"""

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from madang.calls.sse import FrameSplitter, data_of
from madang.errors import CallFailed


class CallFacts(NamedTuple):
    """How a call went. `cost_usd` is None where the price is unknown, and in gateway mode for streams."""

    trace_id: str
    deployment: str
    attempts: int
    cost_usd: Decimal | None


class Fields(dict[str, Any]):
    """A JSON object whose fields are attributes too; a field that was not sent reads as None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(name)

    def model_dump(self) -> dict[str, Any]:
        """A plain dict, as OpenAI's objects give it."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain


class Function(Fields):
    name: str
    arguments: str


class ToolCall(Fields):
    id: str
    type: str
    index: int
    function: Function


class Message(Fields):
    role: str
    content: str | None
    refusal: str | None
    tool_calls: list[ToolCall] | None


class Choice(Fields):
    index: int
    message: Message
    finish_reason: str | None


class ChunkChoice(Fields):
    index: int
    delta: Message
    finish_reason: str | None


class UsageFields(Fields):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(Fields):
    """An answer to `chat.completions.create`. `call` says which deployment answered, and the trace's id."""

    id: str
    model: str
    created: int
    choices: list[Choice]
    usage: UsageFields | None
    call: CallFacts


class ChatCompletionChunk(Fields):
    """A piece of a streamed answer."""

    id: str
    model: str
    choices: list[ChunkChoice]
    usage: UsageFields | None


class Embedding(Fields):
    index: int
    embedding: list[float]


class EmbeddingList(Fields):
    """An answer to `embeddings.create`."""

    model: str
    data: list[Embedding]
    usage: UsageFields | None
    call: CallFacts


class Image(Fields):
    b64_json: str | None
    url: str | None


class ImageList(Fields):
    """An answer to `images.generate` and `images.edit`."""

    created: int
    data: list[Image]
    usage: Fields | None
    call: CallFacts


class RankedDocument(Fields):
    index: int
    relevance_score: float
    document: Fields | None


class Ranking(Fields):
    """An answer to `rerank.create`."""

    model: str | None
    results: list[RankedDocument]
    call: CallFacts


class ModerationResult(Fields):
    flagged: bool
    categories: Fields
    category_scores: Fields


class ModerationList(Fields):
    """An answer to `moderations.create`."""

    id: str
    model: str
    results: list[ModerationResult]
    call: CallFacts


class Response(Fields):
    """An answer to `responses.create`."""

    id: str
    model: str
    status: str
    output: list[Fields]
    usage: Fields | None
    call: CallFacts

    @property
    def output_text(self) -> str:
        """All text of the output, joined."""
        contents = [piece for item in self.output or () for piece in item.content or ()]
        return "".join(piece.text or "" for piece in contents if piece.type == "output_text")


class StreamEvent(Fields):
    """An event of a streamed response, image or transcription; what it has besides `type` depends on that."""

    type: str
    delta: str | None
    response: Response


class Transcription(Fields):
    """An answer to `audio.transcriptions.create` and `audio.translations.create`."""

    text: str
    usage: Fields | None
    call: CallFacts


class PlainText(str):
    """A transcription that was asked for as text or subtitles."""

    __slots__ = ("call",)
    call: CallFacts


class Speech:
    """An answer to `audio.speech.create`: sound in `content`."""

    def __init__(self, content: bytes, content_type: str, call: CallFacts) -> None:
        self.content = content
        self.content_type = content_type
        self.call = call

    def read(self) -> bytes:
        return self.content

    def write_to_file(self, file: str | os.PathLike[str]) -> None:
        Path(file).write_bytes(self.content)


_KINDS: dict[str, type[Fields]] = {
    "message": Message,
    "delta": Message,
    "function": Function,
    "tool_calls": ToolCall,
    "usage": UsageFields,
    "choices": Choice,
}
_KINDS_WITHIN: dict[tuple[type[Fields], str], type[Fields]] = {
    (ChatCompletionChunk, "choices"): ChunkChoice,
    (EmbeddingList, "data"): Embedding,
    (ImageList, "data"): Image,
    (ImageList, "usage"): Fields,
    (Ranking, "results"): RankedDocument,
    (ModerationList, "results"): ModerationResult,
    (Response, "usage"): Fields,
    (StreamEvent, "response"): Response,
    (StreamEvent, "usage"): Fields,
    (Transcription, "usage"): Fields,
}

_T = TypeVar("_T", bound=Fields)


def read_answer(raw: bytes, kind: type[_T], call: CallFacts) -> _T:
    """The body of an unstreamed reply as `kind`. Raises CallFailed when it is no JSON object."""
    body = _object(raw)
    if body is None:
        raise CallFailed(
            "The vendor sent an answer that is not a JSON object.",
            reason="bad_reply",
            status=502,
            code="bad_reply",
            trace_id=call.trace_id,
        )
    answer = _fields(body, kind)
    # An attribute, not a key: the answer stays exactly what the vendor sent.
    object.__setattr__(answer, "call", call)
    return answer


def read_chunks(raw: bytes) -> Iterator[ChatCompletionChunk]:
    """The chunks in an event of a stream; what is no JSON object, such as the end mark, is none."""
    for body in _objects(raw):
        yield _fields(body, ChatCompletionChunk)


def read_events(raw: bytes) -> Iterator[StreamEvent]:
    """The events in an event of a stream; what is no JSON object, such as an end mark, is none."""
    for body in _objects(raw):
        yield _fields(body, StreamEvent)


def read_text(raw: bytes, call: CallFacts) -> PlainText:
    """The body of a reply that is plain text."""
    text = PlainText(raw.decode("utf-8", errors="replace"))
    text.call = call
    return text


def read_whole_as_chunks(raw: bytes) -> Iterator[ChatCompletionChunk]:
    """The one chunk of an answer that came whole although a stream was asked for, as some servers do."""
    body = _object(raw)
    if body is not None:
        choices = [choice for choice in body.get("choices") or () if isinstance(choice, dict)]
        said = [{**choice, "delta": choice.get("message") or {}} for choice in choices]
        yield _fields({**body, "choices": said}, ChatCompletionChunk)


def _objects(raw: bytes) -> Iterator[dict[str, Any]]:
    splitter = FrameSplitter()
    for frame in (*splitter.feed(raw), splitter.rest):
        body = _object(data_of(frame))
        if body is not None:
            yield body


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None
    return body if isinstance(body, dict) else None


def _fields(value: dict[str, Any], kind: type[_T]) -> _T:
    made = kind()
    for name, inner in value.items():
        made[name] = _wrapped(inner, _KINDS_WITHIN.get((kind, name)) or _KINDS.get(name, Fields))
    return made


def _wrapped(value: Any, kind: type[Fields]) -> Any:
    if isinstance(value, dict):
        return _fields(value, kind)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_wrapped(each, kind) for each in value]
    return value
