"""Flights: calls whose answer is kept, so that a second call with the same key reads it too, from its beginning.

A flight runs in a task of its own and outlives its first caller by a grace time. How much is kept is bounded: a flight that
grows too large takes nobody on any more, and goes on at the pace of its slowest reader.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from madang.calls.request import Replay
from madang.errors import CallFailed
from madang_server.gateway.asgi import Message, Send

MOST_BYTES = 64 * 2**20  # of all answers together
LARGEST_ANSWER = 8 * 2**20  # bytes
GRACE_S = 15.0

_BACKLOG = 2**20  # bytes that the slowest reader of a large answer may be behind


@dataclass(frozen=True, slots=True)
class Landing:
    """How a flight ended: what is told of it to those who joined. An answer with a failure is kept for nobody."""

    replay: Replay
    failure: CallFailed | None


Serve = Callable[[Send], Awaitable[Landing]]
"""Makes the call and writes its answer."""


class ReusedKey(Exception):
    """The key belongs to another request."""


class Elsewhere(Protocol):
    """Flights of other processes. No method raises but `claim`; where nobody else can be asked, everything is ours."""

    async def claim(self, key: str, fingerprint: str, deadline: float) -> tuple[list[Message], Replay] | None:
        """Waits for a flight under way elsewhere, until `deadline` by the monotonic clock. What it answered, or None when
        this process has to call. Raises ReusedKey."""

    def leading(self, key: str) -> contextlib.AbstractAsyncContextManager[None]:
        """While it is open, others know that the flight is under way."""

    async def land(
        self, key: str, fingerprint: str, answer: tuple[list[Message], Replay] | None, window_s: float
    ) -> None:
        """Tells the answer, or with None that there is none to tell."""


class Flight:
    """One answer on its way or kept. Read it with `read`, which counts its readers."""

    def __init__(self, key: str, fingerprint: str, trace_id: str, book: "FlightBook") -> None:
        self.key = key
        self.fingerprint = fingerprint
        self.trace_id = trace_id  # of the call that is paid
        self.is_open = True  # for those who come now: all of the answer is still here
        self.is_paid_here = True  # by the call of its first reader
        self.landing: Landing | None = None
        self.size = 0  # bytes kept
        self.task: asyncio.Task[None] | None = None
        self.error: BaseException | None = None
        self.timer: asyncio.TimerHandle | None = None
        self._book = book
        self._messages: list[Message] = []
        self._dropped = 0  # messages that are not here any more
        self._places: dict[object, int] = {}  # of each reader, the next message
        self._news = asyncio.Event()
        self._moved = asyncio.Event()

    @property
    def has_ended(self) -> bool:
        return self.landing is not None or self.error is not None

    @property
    def has_readers(self) -> bool:
        return bool(self._places)

    @property
    def answer(self) -> list[Message]:
        return self._messages

    async def send(self, message: Message) -> None:
        """ASGI's `send` for the call itself."""
        while not self.is_open and self.size > _BACKLOG and self._places:
            self._moved.clear()
            await self._moved.wait()
        self.take(message)

    def take(self, message: Message) -> None:
        self._messages.append(message)
        self._book.grown(self, len(message.get("body", b"")))
        self.tell()

    def tell(self) -> None:
        """Wakes who waits for more, or for the end."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def read(self) -> AsyncGenerator[Message, None]:
        """The answer from its beginning, as it comes. Raises what the call raised. Begin as soon as you have the flight:
        of one that is not open any more the beginning is gone.
        """
        if self._dropped:
            raise RuntimeError("the beginning of this answer is gone")
        reader = object()
        self._places[reader] = 0
        self._book.boarded(self)
        try:
            while True:
                place = self._places[reader]
                if place < self._dropped + len(self._messages):
                    message = self._messages[place - self._dropped]
                    self._places[reader] = place + 1
                    if not self.is_open:
                        self._drop_read()
                    yield message
                    continue
                if self.error is not None:
                    raise self.error
                if self.landing is not None:
                    return
                await self._news.wait()
        finally:
            del self._places[reader]
            if not self.is_open:
                self._drop_read()
            self._moved.set()
            self._book.left(self)

    def close_door(self) -> None:
        """Nobody may join any more, so what every reader has read need not be kept."""
        self.is_open = False
        self._drop_read()

    def _drop_read(self) -> None:
        count = min(self._places.values(), default=self._dropped + len(self._messages)) - self._dropped
        if count <= 0:
            return
        freed = sum(len(message.get("body", b"")) for message in self._messages[:count])
        del self._messages[:count]
        self._dropped += count
        self._book.shrunk(self, freed)
        self._moved.set()


class FlightBook:
    """All flights of one process, by key."""

    def __init__(
        self,
        *,
        elsewhere: Elsewhere | None = None,
        grace_s: float = GRACE_S,
        most_bytes: int = MOST_BYTES,
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        self._elsewhere = elsewhere
        self._grace_s = grace_s
        self._most_bytes = most_bytes
        self._largest_answer = largest_answer
        self._flights: dict[str, Flight] = {}
        self._kept: dict[str, Flight] = {}  # those that have ended, the oldest first
        self._tasks: set[asyncio.Task[None]] = set()
        self.size = 0  # bytes

    def __len__(self) -> int:
        return len(self._flights)

    def find(self, key: str, fingerprint: str) -> Flight | None:
        """A flight that can be joined. Raises ReusedKey."""
        flight = self._flights.get(key)
        if flight is None or not flight.is_open:
            return None
        if flight.fingerprint != fingerprint:
            raise ReusedKey
        return flight

    def start(
        self, key: str, fingerprint: str, serve: Serve, *, trace_id: str, window_s: float, deadline: float
    ) -> Flight:
        """A new flight; the caller reads it at once. Its answer is kept for `window_s` seconds after its end. `deadline`,
        by the monotonic clock, is until when another process is waited for.
        """
        flight = Flight(key, fingerprint, trace_id, self)
        self._flights[key] = flight
        task = asyncio.get_running_loop().create_task(self._run(flight, window_s, deadline, serve))
        flight.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return flight

    async def close(self) -> None:
        """Stops what is under way and forgets everything."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for flight in list(self._flights.values()):
            self._forget(flight)

    # What flights tell

    def boarded(self, flight: Flight) -> None:
        if not flight.has_ended and flight.timer is not None:
            flight.timer.cancel()
            flight.timer = None

    def left(self, flight: Flight) -> None:
        if flight.has_readers or flight.has_ended:
            return
        if flight.timer is not None:
            flight.timer.cancel()
        grace_s = self._grace_s if flight.is_open else 0.0
        flight.timer = asyncio.get_running_loop().call_later(grace_s, self._abandon, flight)

    def grown(self, flight: Flight, count: int) -> None:
        flight.size += count
        self.size += count
        if flight.is_open and flight.size > self._largest_answer and not flight.has_ended:
            self._close_door(flight)
        while self.size > self._most_bytes and self._kept:
            self._forget(next(iter(self._kept.values())))
        if flight.is_open and self.size > self._most_bytes:
            self._close_door(flight)

    def shrunk(self, flight: Flight, count: int) -> None:
        flight.size -= count
        self.size -= count

    async def _run(self, flight: Flight, window_s: float, deadline: float, serve: Serve) -> None:
        try:
            flight.landing = await self._answer(flight, window_s, deadline, serve)
        except asyncio.CancelledError:
            flight.error = ConnectionAbortedError("the call was stopped")
            raise
        except Exception as error:  # noqa: BLE001 - the edge of the flight: its readers raise it, each at its own edge
            flight.error = error
        finally:
            self._end(flight, window_s)

    async def _answer(self, flight: Flight, window_s: float, deadline: float, serve: Serve) -> Landing:
        elsewhere = self._elsewhere
        if elsewhere is None:
            return await serve(flight.send)
        found = await elsewhere.claim(flight.key, flight.fingerprint, deadline)
        if found is not None:
            messages, replay = found
            flight.is_paid_here, flight.trace_id = False, replay.trace_id
            for message in messages:
                flight.take(message)
            return Landing(replay, None)
        told: tuple[list[Message], Replay] | None = None
        try:
            async with elsewhere.leading(flight.key):
                landing = await serve(flight.send)
            if landing.failure is None and flight.is_open:
                told = (flight.answer, landing.replay)
        finally:
            await elsewhere.land(flight.key, flight.fingerprint, told, window_s)
        return landing

    def _end(self, flight: Flight, window_s: float) -> None:
        if flight.timer is not None:
            flight.timer.cancel()
            flight.timer = None
        is_whole = flight.landing is not None and flight.landing.failure is None
        if is_whole and flight.is_open and window_s > 0 and self._flights.get(flight.key) is flight:
            self._kept[flight.key] = flight
            flight.timer = asyncio.get_running_loop().call_later(window_s, self._forget, flight)
        else:
            self._forget(flight)
        flight.tell()

    def _abandon(self, flight: Flight) -> None:
        """Nobody came back: the vendor's call is stopped, and who comes now begins anew."""
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
        if flight.task is not None:
            flight.task.cancel()

    def _close_door(self, flight: Flight) -> None:
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
        flight.close_door()
        self.left(flight)

    def _forget(self, flight: Flight) -> None:
        if flight.timer is not None:
            flight.timer.cancel()
            flight.timer = None
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
        if self._kept.get(flight.key) is flight:
            del self._kept[flight.key]
        flight.close_door()  # who still reads it gets the rest
