"""What these tests need of a vendor's stream decoder."""

from typing import Protocol

from madang.calls.event import Event
from madang.errors import CallFailed


class Decoder(Protocol):
    """What the pipeline needs of a vendor's stream: every vendor's decoder has this shape."""

    failure: CallFailed | None

    def feed(self, data: bytes) -> Event | None: ...

    def end(self) -> Event | None: ...
