"""What goes back to a caller, step by step. Whoever carries it (HTTP, memory) plays the steps in order."""

from collections.abc import Generator, Mapping
from typing import Final, NamedTuple


class Whole(NamedTuple):
    """A whole reply; nothing follows it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Opening(NamedTuple):
    """The head of a reply whose body follows as bytes.

    `length` is what its content-length says, None for a body whose end is marked. A body that ends before its length is
    the end of the connection.
    """

    status: int
    headers: Mapping[str, str]
    length: int | None = None


class Pause(NamedTuple):
    """Nothing happens for so many seconds; 0 lets others have a turn."""

    seconds: float


class Break(NamedTuple):
    """The connection is reset, as by a crashed peer; nothing follows it."""


BREAK: Final = Break()
Step = Whole | Opening | Pause | Break | bytes
Steps = Generator[Step, None, None]
