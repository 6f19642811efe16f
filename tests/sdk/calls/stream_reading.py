"""The frame loop that decoders of other vendors' streams share in these tests; what a frame means is theirs."""

from typing import Protocol

from madang.calls.event import Event, Part
from madang.calls.sse import FrameSplitter, data_of
from madang.errors import CallFailed


class Decoder(Protocol):
    """What the pipeline needs of a vendor's stream: OpenAI's decoder has this shape too."""

    failure: CallFailed | None

    def feed(self, data: bytes) -> Event | None: ...

    def end(self) -> Event | None: ...


class Meaning(Protocol):
    """What one frame's data says, and whether the answer is complete after it."""

    @property
    def is_complete(self) -> bool: ...

    def parts_of(self, data: bytes) -> list[Part]:
        """Raises CallFailed on an error frame."""


class FrameDecoder:
    """A stream decoder around a vendor's meaning of frames."""

    def __init__(self, meaning: Meaning) -> None:
        self._splitter = FrameSplitter()
        self._meaning = meaning
        self.failure: CallFailed | None = None

    def feed(self, data: bytes) -> Event | None:
        raw: list[bytes] = []
        parts: list[Part] = []
        for frame in self._splitter.feed(data):
            try:
                payload = data_of(frame)
                parts += self._meaning.parts_of(payload) if payload else []
            except CallFailed as failure:
                self.failure = failure
                break
            raw.append(frame)
        return Event(b"".join(raw), tuple(parts)) if raw else None

    def end(self) -> Event | None:
        if not self._meaning.is_complete:
            self.failure = CallFailed("The stream was cut.", reason="stream_cut", status=502)
        return None
