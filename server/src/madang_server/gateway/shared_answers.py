"""Answers that several gateways share through Redis: those of the cache, and those of calls that may come twice.

A Redis that is gone or slow costs a call 0.25 s at most, and that once a second: until it answers again each process knows
only its own answers. The log says so.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from redis import asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from madang.calls.request import Replay
from madang.calls.target import Target
from madang_server.gateway.asgi import Message
from madang_server.gateway.flights import ReusedKey

_TIMEOUT_S = 0.25
_REST_S = 1.0
_MARK_MS = 5_000  # a process that died holds a call up for so long
_RENEW_S = 1.5
_FIRST_LOOK_S = 0.05
_LONGEST_LOOK_S = 0.25
_MOST_UNSENT = 200  # answers; more are not shared

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class _Flight(msgspec.Struct, array_like=True):
    """A flight on the wire. Without a status it is still under way; headers and body are those of the answer."""

    fingerprint: str
    status: int = 0
    headers: list[tuple[bytes, bytes]] = []
    body: bytes = b""
    trace_id: str = ""
    deployment: str = ""
    vendor: str = ""
    vendor_model: str = ""
    is_simulated: bool = False
    cost_usd: Decimal | None = None


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(_Flight)


class SharedAnswers:
    """Use inside one event loop; `close` at the end."""

    def __init__(self, url: str, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._redis: Any = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=Retry(NoBackoff(), 0)
        )
        self._rests_until = 0.0
        self._has_warned = False
        self._ours: set[str] = set()  # keys of flights that others see as this process's
        self._unsent: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Sends what waits and leaves."""
        await self.flush()
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    async def flush(self) -> None:
        """Waits until everything that was given to `store` has been sent, or could not be."""
        await asyncio.gather(*self._unsent, return_exceptions=True)

    # The cache

    async def fetch(self, key: str) -> tuple[bytes, float] | None:
        """The answer, and for how many more seconds it is kept."""
        name = f"madang:answer:{key}"

        async def ask() -> tuple[bytes | None, int]:
            async with self._redis.pipeline(transaction=False) as together:
                answer, left_ms = await together.get(name).pttl(name).execute()
                return answer, left_ms

        nothing: tuple[bytes | None, int] = (None, 0)
        answer, left_ms = await self._guarded(ask, nothing)
        return None if answer is None or left_ms <= 0 else (answer, left_ms / 1000)

    def store(self, key: str, answer: bytes, ttl_s: float) -> None:
        """Sends it in the background."""
        if len(self._unsent) >= _MOST_UNSENT or self._rests_until > self._monotonic():
            return

        async def send() -> None:
            px = max(1, round(ttl_s * 1000))
            await self._guarded(lambda: self._redis.set(f"madang:answer:{key}", answer, px=px), None)

        task = asyncio.get_running_loop().create_task(send())
        self._unsent.add(task)
        task.add_done_callback(self._unsent.discard)

    # Flights

    async def claim(self, key: str, fingerprint: str, deadline: float) -> tuple[list[Message], Replay] | None:
        """What a flight elsewhere answered, once it has; None when this process has to call. Raises ReusedKey."""
        name = _flight_name(key)
        mark = _encode(_Flight(fingerprint))
        look_s = _FIRST_LOOK_S

        async def look() -> bytes | None:
            """What is there; None after this process has put its own mark."""
            while not await self._redis.set(name, mark, nx=True, px=_MARK_MS):
                found: bytes | None = await self._redis.get(name)
                if found is not None:  # else it ended between the two questions
                    return found
            self._ours.add(key)
            return None

        while (found := await self._guarded(look, None)) is not None:
            try:
                flight = _decoder.decode(found)
            except msgspec.DecodeError:  # another version's
                return None
            if flight.fingerprint != fingerprint:
                raise ReusedKey
            if flight.status:
                return _answer_of(flight)
            if self._monotonic() + look_s > deadline:
                return None
            await asyncio.sleep(look_s)
            look_s = min(look_s * 1.5, _LONGEST_LOOK_S)
        return None

    @contextlib.asynccontextmanager
    async def leading(self, key: str) -> AsyncGenerator[None, None]:
        """While it is open, others know that the flight is under way."""
        if key not in self._ours:
            yield
            return
        renewing = asyncio.get_running_loop().create_task(self._renew(_flight_name(key)))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def land(
        self, key: str, fingerprint: str, answer: tuple[list[Message], Replay] | None, window_s: float
    ) -> None:
        """Tells the answer, or that there is none: then the next one calls."""
        if key not in self._ours:
            return
        self._ours.discard(key)
        name = _flight_name(key)
        if answer is None or window_s <= 0:
            await self._guarded(lambda: self._redis.delete(name), None)
            return
        told = _encode(_flight_of(fingerprint, *answer))
        px = max(1, round(window_s * 1000))
        await self._guarded(lambda: self._redis.set(name, told, px=px), None)

    async def _renew(self, name: str) -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            await self._guarded(lambda: self._redis.pexpire(name, _MARK_MS), None)

    async def _guarded(self, ask: Callable[[], Awaitable[_T]], otherwise: _T) -> _T:
        """What Redis answers; `otherwise` while it does not."""
        if self._monotonic() < self._rests_until:
            return otherwise
        try:
            answer = await ask()
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = self._monotonic() + _REST_S
            if not self._has_warned:
                self._has_warned = True
                _log.error(
                    "Redis does not answer (%s); answers are not shared with other gateways until it does.",
                    type(error).__name__,
                )
            return otherwise
        if self._has_warned:
            self._has_warned = False
            _log.warning("Redis answers again; answers are shared.")
        return answer


def _flight_name(key: str) -> str:
    return f"madang:flight:{key}"


def _flight_of(fingerprint: str, messages: list[Message], replay: Replay) -> _Flight:
    start = messages[0]
    return _Flight(
        fingerprint,
        start["status"],
        start["headers"],
        b"".join(message.get("body", b"") for message in messages[1:]),
        replay.trace_id,
        replay.target.name,
        replay.target.vendor,
        replay.target.vendor_model,
        replay.target.is_simulated,
        replay.cost_usd,
    )


def _answer_of(flight: _Flight) -> tuple[list[Message], Replay]:
    target = Target(
        name=flight.deployment,
        vendor=flight.vendor,
        vendor_model=flight.vendor_model,
        is_simulated=flight.is_simulated,
    )
    messages: list[Message] = [
        {"type": "http.response.start", "status": flight.status, "headers": flight.headers},
        {"type": "http.response.body", "body": flight.body},
    ]
    return messages, Replay("joined", flight.trace_id, target, flight.cost_usd)
