"""Limits that several gateways hold together through Redis: one round trip per call, for which Redis has 50 ms.

A Redis that is gone or slow means that each gateway goes on by its own book, with what it knew last; `is_connected` and the
log say so. Calls never fail for it. One task does all the talking, so what happens stays in its order; calls that wait at
the same time share a round trip.
"""

import asyncio
import contextlib
import hashlib
import logging
import secrets
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from redis import asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from madang_server.gateway.limits_script import BUCKET, HELD, MONEY, SAY, SETTLE, TAKE
from madang_server.limits.book import Consumed, CounterId, LimitBook, Refusal, Reservation, Share, consumed_of
from madang_server.limits.counters import NOTHING, Bucket, InHand, Moment, Spend
from madang_server.limits.limit import MONEY as MONEY_KINDS

# Redis has 50 ms. They are counted in ticks, so that the time in which our own event loop is busy is one tick at most.
_TICKS = 10
_TICK_S = 0.005
_MOST_AT_ONCE = 100  # in one round trip
_RECONNECT_S = 0.25
_TIMEOUT_S = 1.0
_SAY_EVERY_S = 2.0
_LEASE_S = 30.0
_NANO = 10**9
_HELD_LIVES_MS = 60_000
_BUCKET_LIVES_MS = 86_400_000
_MONEY_LIVES_MS = 35 * 86_400_000  # longer than any month

_log = logging.getLogger(__name__)


class _Ask:
    """A call that waits for its shares; with an answer of None it goes by the local book."""

    __slots__ = ("answer", "is_given_up", "shares")

    def __init__(self, shares: tuple[Share, ...], answer: "asyncio.Future[Reservation | Refusal | None]") -> None:
        self.shares = shares
        self.answer = answer
        self.is_given_up = False


class _Settle:
    __slots__ = ("consumed", "shares")

    def __init__(self, shares: tuple[Share, ...], consumed: Consumed | None) -> None:
        self.shares = shares
        self.consumed = consumed


class SharedLimits:
    """Keeps `book` in step while `run` runs. Use inside one event loop."""

    def __init__(self, url: str, book: LimitBook, now: Callable[[], Moment]) -> None:
        self._url = url
        self._book = book
        self._now = now
        self._id = secrets.token_hex(8)
        self._queue: list[_Ask | _Settle] = []
        self._wake = asyncio.Event()
        self._touched: set[CounterId] = set()  # of which Redis may believe something else than we do
        self.is_connected = False
        self._has_warned = False

    async def reserve(self, shares: tuple[Share, ...]) -> Reservation | Refusal | None:
        """What Redis says; None when it says nothing in time."""
        if not self.is_connected:
            self._touch(shares)
            return None
        ask = _Ask(shares, asyncio.get_running_loop().create_future())
        self._queue.append(ask)
        self._wake.set()
        try:
            return await ask.answer
        except asyncio.CancelledError:
            self._give_up(ask)
            raise

    def settle(self, shares: tuple[Share, ...], consumed: Consumed | None) -> None:
        """Tells in the background what a call consumed; None when it never took place."""
        self._touch(shares)
        if self.is_connected:
            self._queue.append(_Settle(shares, consumed))
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                try:
                    await self._share()
                except (RedisError, OSError, TimeoutError) as error:
                    self._lost(error)
                await asyncio.sleep(_RECONNECT_S)
        finally:
            self._let_go(())

    def _let_go(self, batch: Sequence["_Ask | _Settle"]) -> None:
        """Nobody waits for Redis any longer: who does goes by the local book, and so do those who come."""
        self.is_connected = False
        for each in (*batch, *self._queue):
            if isinstance(each, _Ask) and not each.answer.done():
                each.is_given_up = True
                each.answer.set_result(None)
        self._queue.clear()

    def _lost(self, error: Exception) -> None:
        self._let_go(())
        self._book.forget_others()
        if not self._has_warned:
            self._has_warned = True
            _log.error(
                "Redis does not answer (%s); until it does, each gateway holds limits by itself.", type(error).__name__
            )

    async def _share(self) -> None:
        # Never tried again by the client itself: a script that was carried out, but whose answer was lost, would take twice.
        connection = redis.Redis.from_url(
            self._url,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            digests = [await connection.script_load(script) for script in (TAKE, SETTLE, SAY)]
            talk = _Talk(connection, *digests, own=self._id)
            say_at = 0.0
            while True:
                now = self._now().monotonic
                if now >= say_at or not self.is_connected:
                    await self._say(talk)
                    say_at = self._now().monotonic + _SAY_EVERY_S
                    if not self.is_connected:
                        self._found()
                        say_at = now  # once more: until this moment calls were let in by the local book
                elif self._queue:
                    await self._pass_on(talk)
                else:
                    self._wake.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(say_at - now):
                            await self._wake.wait()
        finally:
            await connection.aclose()

    def _found(self) -> None:
        self.is_connected = True
        if self._has_warned:
            self._has_warned = False
            _log.warning("Redis answers again; limits are held together.")

    async def _pass_on(self, talk: "_Talk") -> None:
        """One round trip for what waits."""
        batch, self._queue = self._queue[:_MOST_AT_ONCE], self._queue[_MOST_AT_ONCE:]
        batch = [each for each in batch if not (isinstance(each, _Ask) and each.is_given_up)]
        for each in batch:
            if isinstance(each, _Ask):
                talk.take(each.shares, self._book, self._now())
            else:
                talk.settle(each)
        for each, said in zip(batch, await self._round_trip(talk, batch), strict=True):
            if isinstance(each, _Ask):
                self._hear(each, said)

    async def _round_trip(self, talk: "_Talk", batch: Sequence["_Ask | _Settle"]) -> list[Any]:
        """The answers, for which nobody waits any longer when Redis takes more than its time."""
        sending = asyncio.ensure_future(talk.send())
        try:
            for _ in range(_TICKS):
                await asyncio.wait((sending,), timeout=_TICK_S)
                if sending.done():
                    break
            else:
                self._let_go(batch)
            return await sending
        except BaseException:
            self._let_go(batch)
            raise
        finally:
            sending.cancel()

    def _hear(self, ask: _Ask, said: Sequence[Any]) -> None:
        now = self._now()
        self._touch(ask.shares)
        if ask.is_given_up or ask.answer.done():  # the call went on without this
            if said[0]:
                self._queue.append(_Settle(ask.shares, None))
            return
        if said[0]:
            reservation = self._book.take(ask.shares, now)
            self._learn(ask.shares, said, now)
            ask.answer.set_result(reservation)
            return
        self._learn(ask.shares, said, now)
        full = [share for number, share in enumerate(ask.shares) if not said[1 + 3 * number]]
        refusal = self._book.refusal_of(full, now)
        if refusal is None:  # a moment has passed, and by our clock there is room again
            standing = self._book.standing(full[0].held, now)
            refusal = Refusal(full[0].held, standing.used, full[0].claim, 0.0)
        ask.answer.set_result(refusal)

    def _learn(self, shares: Sequence[Share], said: Sequence[Any], now: Moment) -> None:
        for number, share in enumerate(shares):
            first, second = Decimal(said[2 + 3 * number].decode()), Decimal(said[3 + 3 * number].decode())
            counter = self._book.counter(share, now)
            if isinstance(counter, Bucket):
                counter.level, counter.at = first, now.monotonic
            elif isinstance(counter, InHand):
                counter.others = first
            else:
                counter.others = first / _NANO
                counter.paid = max(counter.paid, second / _NANO)

    def _give_up(self, ask: _Ask) -> None:
        ask.is_given_up = True
        if ask.answer.done() and not ask.answer.cancelled() and isinstance(taken := ask.answer.result(), Reservation):
            self._book.release(taken, self._now())
            self.settle(taken.shares, None)

    def _touch(self, shares: Sequence[Share]) -> None:
        self._touched.update(share.counter_id for share in shares if _kind_of(share) != BUCKET)

    async def _say(self, talk: "_Talk") -> None:
        """Says what we hold, after all that is settled already and before anything new is taken."""
        settled = [each for each in self._queue if isinstance(each, _Settle)]
        self._queue = [each for each in self._queue if isinstance(each, _Ask)]
        for each in settled:
            talk.settle(each)
        held = {place: own for place, own in self._book.held() if own or place in self._touched}
        held.update(dict.fromkeys(self._touched - held.keys(), NOTHING))
        self._touched = set()
        try:
            talk.say(list(held.items()))
            await self._round_trip(talk, ())
        except BaseException:
            self._touched.update(held)
            raise


class _Talk:
    """Puts together what goes to Redis in one round trip."""

    def __init__(self, connection: Any, take: str, settle: str, say: str, *, own: str) -> None:
        self._connection = connection
        self._take = take
        self._settle = settle
        self._say = say
        self._own = own
        self._pipe = connection.pipeline(transaction=False)

    def take(self, shares: Sequence[Share], book: LimitBook, now: Moment) -> None:
        arguments: list[Any] = []
        for share in shares:
            counter = book.counter(share, now)
            scale = _scale(share.counter_id.window)
            if isinstance(counter, Bucket):
                counter.used(share.held.limit, now)  # refilled up to now
                start = counter.level
            else:
                start = counter.paid * scale if isinstance(counter, Spend) else NOTHING
            amount, claim = share.held.limit.amount * scale, share.claim * scale
            arguments += (_kind_of(share), f"{amount:f}", f"{claim:f}", f"{start:f}", _lives_ms(share))
        self._put(self._take, [_place(share.counter_id) for share in shares], arguments)

    def settle(self, settled: _Settle) -> None:
        arguments: list[Any] = []
        for share in settled.shares:
            scale = _scale(share.counter_id.window)
            consumed = consumed_of(share.held.limit, settled.consumed) * scale
            arguments += (_kind_of(share), f"{share.claim * scale:f}", f"{consumed:f}", _lives_ms(share))
        self._put(self._settle, [_place(share.counter_id) for share in settled.shares], arguments)

    def say(self, held: Sequence[tuple[CounterId, Decimal]]) -> None:
        self._pipe.ping()  # so that something is asked, and a Redis that is gone is noticed
        for start in range(0, len(held), 500):  # Lua takes a few thousand arguments at most
            part = held[start : start + 500]
            arguments: list[Any] = []
            for place, own in part:
                arguments += (
                    f"{own * _scale(place.window):f}",
                    _MONEY_LIVES_MS if place.window else _HELD_LIVES_MS,
                )
            self._put(self._say, [_place(place) for place, _ in part], arguments)

    async def send(self) -> list[Any]:
        """The answers in the order of what was put in. Raises RedisError for the first one that is an error."""
        pipe, self._pipe = self._pipe, self._connection.pipeline(transaction=False)
        answers: list[Any] = await pipe.execute()
        return answers

    def _put(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> None:
        self._pipe.evalsha(script, len(keys), *keys, self._own, round(_LEASE_S * 1000), *arguments)


def _kind_of(share: Share) -> str:
    """How Redis counts it."""
    kind = share.held.limit.kind
    if kind in MONEY_KINDS:
        return MONEY
    return HELD if kind == "concurrency" else BUCKET


def _scale(window: str) -> int:
    return _NANO if window else 1


def _lives_ms(share: Share) -> int:
    return {BUCKET: _BUCKET_LIVES_MS, HELD: _HELD_LIVES_MS, MONEY: _MONEY_LIVES_MS}[_kind_of(share)]


def _place(counter: CounterId) -> str:
    subject = hashlib.sha256(counter.subject.encode()).hexdigest()[:32] if counter.subject else ""
    return f"madang:limit:{counter.limit_id}:{counter.window}:{subject}"
