"""What a call gives back: OpenAI's objects, readable as attributes and as dicts, with every field the vendor sent.

`answer.choices[0].message.content` and `answer["choices"][0]["message"]["content"]` are the same. Each class names the
fields that are always there, for editors and type checkers; a field that this version does not know is there all the same.
"""

from collections.abc import Iterator
from decimal import Decimal
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


_KINDS: dict[str, type[Fields]] = {
    "message": Message,
    "delta": Message,
    "function": Function,
    "tool_calls": ToolCall,
    "usage": UsageFields,
    "data": Embedding,
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
    splitter = FrameSplitter()
    for frame in (*splitter.feed(raw), splitter.rest):
        body = _object(data_of(frame))
        if body is not None:
            yield _fields(body, ChatCompletionChunk)


def read_whole_as_chunks(raw: bytes) -> Iterator[ChatCompletionChunk]:
    """The one chunk of an answer that came whole although a stream was asked for, as some servers do."""
    body = _object(raw)
    if body is not None:
        choices = [choice for choice in body.get("choices") or () if isinstance(choice, dict)]
        said = [{**choice, "delta": choice.get("message") or {}} for choice in choices]
        yield _fields({**body, "choices": said}, ChatCompletionChunk)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None
    return body if isinstance(body, dict) else None


def _fields(value: dict[str, Any], kind: type[_T]) -> _T:
    made = kind()
    choice = ChunkChoice if kind is ChatCompletionChunk else Choice
    for name, inner in value.items():
        made[name] = _wrapped(inner, choice if name == "choices" else _KINDS.get(name, Fields))
    return made


def _wrapped(value: Any, kind: type[Fields]) -> Any:
    if isinstance(value, dict):
        return _fields(value, kind)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_wrapped(each, kind) for each in value]
    return value
