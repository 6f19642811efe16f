"""Answers on their way into the application: streams of pieces, whole bodies, and how the call went."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from madang.calls.event import Event
from madang.calls.reply import Reply
from madang.calls.request import Request
from madang.client.answers import CallFacts

if TYPE_CHECKING:
    from madang.client.sync_client import Madang

_Piece = TypeVar("_Piece")


class AsyncStream(Generic[_Piece]):
    """The pieces of an answer as they come. Closing it, or leaving its `async with`, stops the vendor's call."""

    def __init__(
        self, request: Request, reply: Reply, first: Event | None, read: Callable[[bytes], Iterable[_Piece]]
    ) -> None:
        self._request = request
        self._reply = reply
        self._pieces = _pieces(first, reply, read)

    @classmethod
    async def begun(cls, request: Request, reply: Reply, read: Callable[[bytes], Iterable[_Piece]]) -> Self:
        """A stream whose first event has been read. The pipeline holds it ready, so nobody waits for it; and only what
        has been begun can be closed, with the vendor's call behind it. `read` gives the pieces in an event's bytes.
        """
        return cls(request, reply, await anext(reply.events, None), read)

    @property
    def call(self) -> CallFacts:
        """How the call went; complete when the stream has ended."""
        return call_facts(self._request, self._reply)

    def __aiter__(self) -> AsyncIterator[_Piece]:
        return self

    async def __anext__(self) -> _Piece:
        return await anext(self._pieces)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        await self._pieces.aclose()
        await self._reply.events.aclose()


class Stream(Generic[_Piece]):
    """The pieces of an answer as they come. Leaving a `with` block or closing stops the vendor's call."""

    def __init__(self, client: "Madang", stream: AsyncStream[_Piece]) -> None:
        self._client = client
        self._stream = stream

    @property
    def call(self) -> CallFacts:
        """How the call went; complete when the stream has ended."""
        return self._stream.call

    def __iter__(self) -> Iterator[_Piece]:
        return self

    def __next__(self) -> _Piece:
        upcoming = _next(self._stream)
        piece = self._client.run(upcoming)
        if piece is None:
            raise StopIteration
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._client.run(self._stream.close())


def call_facts(request: Request, reply: Reply) -> CallFacts:
    """From the journal where the pipeline ran here, else from what the Gateway said."""
    attempts = request.journal.attempts
    if attempts:
        costs = [attempt.cost.total_usd for attempt in attempts if attempt.cost is not None]
        cost = sum(costs, Decimal(0)) if costs else None
        return CallFacts(request.caller.trace_id, reply.target.name, len(attempts), cost)
    headers = reply.headers
    cost = Decimal(headers["x-madang-cost-usd"]) if "x-madang-cost-usd" in headers else None
    count = int(headers.get("x-madang-attempts", "1"))
    return CallFacts(request.caller.trace_id, headers.get("x-madang-deployment", ""), count, cost)


async def whole_body(reply: Reply) -> bytes:
    return b"".join([event.raw async for event in reply.events])


async def _pieces(
    first: Event | None, reply: Reply, read: Callable[[bytes], Iterable[_Piece]]
) -> AsyncGenerator[_Piece, None]:
    for piece in read(first.raw) if first is not None else ():
        yield piece
    async for event in reply.events:
        for piece in read(event.raw):
            yield piece


async def _next(stream: AsyncStream[_Piece]) -> _Piece | None:
    try:
        return await anext(stream)
    except StopAsyncIteration:  # which must not leave a coroutine
        return None
