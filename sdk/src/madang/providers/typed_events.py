"""Streams of events that name their type in their data: how OpenAI streams everything but chat completions.

Source: OpenAI's API reference, "Streaming events" of responses, images, transcriptions and speech. What an operation's
events mean is its `Meaning`'s; the bytes pass untouched.
"""

from typing import Protocol

from madang.calls.event import Event, Part
from madang.calls.sse import FrameSplitter, data_of
from madang.errors import CallFailed


class Meaning(Protocol):
    """What the events of one stream mean. It remembers what it has to."""

    @property
    def is_done(self) -> bool:
        """Whether nothing can follow."""

    @property
    def is_complete(self) -> bool:
        """Whether the answer has been said to its end."""

    def take(self, payload: bytes) -> tuple[Part, ...]:
        """The parts of one event's data. Raises CallFailed for an event that is an error."""


class TypedEventReader:
    """Turns network reads into events, in the meaning of `meaning`. See http_call.StreamReader."""

    __slots__ = ("_has_ended", "_meaning", "_splitter", "failure")

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._splitter = FrameSplitter()
        self._has_ended = False  # by the mark that some servers send behind the last event
        self.failure: CallFailed | None = None

    @property
    def is_done(self) -> bool:
        return self._has_ended or self._meaning.is_done

    @property
    def is_complete(self) -> bool:
        return self._has_ended or self._meaning.is_complete

    def feed(self, data: bytes) -> Event | None:
        raw: list[bytes] = []
        parts: list[Part] = []
        for frame in self._splitter.feed(data):
            if self.is_done:
                break
            try:
                parts += self._meant(frame)
            except CallFailed as failure:
                self.failure = failure
                break
            raw.append(frame)
        return Event(b"".join(raw), tuple(parts)) if raw else None

    def end(self) -> Event | None:
        rest = self._splitter.rest
        event: Event | None = None
        if rest and not self.is_done:
            try:
                event = Event(rest, tuple(self._meant(rest)))
            except CallFailed:  # half an event; the standard has it thrown away
                event = None
        if not self.is_complete:
            self.failure = CallFailed(
                "The vendor ended the stream before the answer was complete.",
                reason="stream_cut",
                status=502,
                code="stream_cut",
            )
        return event

    def _meant(self, frame: bytes) -> tuple[Part, ...]:
        payload = data_of(frame)
        if payload == b"[DONE]":
            self._has_ended = True
            return ()
        return self._meaning.take(payload) if payload else ()
