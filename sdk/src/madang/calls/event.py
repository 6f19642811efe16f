"""Events: what a reply is made of, streamed or not.

One event is what arrived together: the vendor's bytes exactly as they go on to the caller, and beside them what they
mean. A reply that is not streamed is a stream of one event. Whoever passes a reply on writes `raw`; whoever needs its
meaning (cost, trace, another dialect) reads `parts`. A field that we do not model is in `raw` only, so nothing is lost.
Parts are tagged, so that an answer that is kept can be read back.
"""

from typing import Any, Literal, TypeAlias

import msgspec

from madang.calls.usage import Usage


class Started(msgspec.Struct, frozen=True, tag=True):
    """The vendor named its answer."""

    reply_id: str
    model: str


class Text(msgspec.Struct, frozen=True, tag=True):
    """A piece of answer number `choice`."""

    text: str
    choice: int = 0


class Reasoning(msgspec.Struct, frozen=True, tag=True):
    """A piece of the model's thinking, where the vendor shows it."""

    text: str
    choice: int = 0


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """A piece of the words with which the model declines."""

    text: str
    choice: int = 0


class ToolCall(msgspec.Struct, frozen=True, tag=True):
    """A piece of tool call number `index`: id and name come once, `arguments` (JSON text) in pieces.

    `extra_content` is what the vendor wants back with the call's result, such as Gemini's thought signature; the field
    has the name that Google's OpenAI-compatible API gives it.
    """

    index: int
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    choice: int = 0
    extra_content: Any = None


class Extra(msgspec.Struct, frozen=True, tag=True):
    """What OpenAI's shape has no place for, as fields of the message, of the choice, or of the whole answer."""

    fields: dict[str, Any]
    choice: int = 0
    place: Literal["message", "choice", "answer"] = "message"


class Media(msgspec.Struct, frozen=True, tag=True):
    """A piece of a picture or of sound, of `size` bytes; the bytes themselves are in the event's `raw` only."""

    content_type: str
    size: int
    choice: int = 0


class Finished(msgspec.Struct, frozen=True, tag=True):
    """Answer number `choice` is complete; `reason` is OpenAI's word (stop, length, tool_calls, content_filter)."""

    reason: str
    choice: int = 0


class Consumed(msgspec.Struct, frozen=True, tag=True):
    """The vendor reported usage; the last report counts."""

    usage: Usage


Part: TypeAlias = Started | Text | Reasoning | Refusal | ToolCall | Extra | Media | Finished | Consumed

# Until one of these has come, nothing the caller could miss has been said, and another target may still answer.
_CONTENT = (Text, Reasoning, Refusal, ToolCall, Media, Finished)


class Event(msgspec.Struct, frozen=True):
    """Bytes that arrived together, and what they mean, in order."""

    raw: bytes
    parts: tuple[Part, ...] = ()

    @property
    def has_content(self) -> bool:
        return any(isinstance(part, _CONTENT) for part in self.parts)
