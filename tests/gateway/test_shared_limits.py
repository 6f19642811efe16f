"""Gateways that hold limits together through a real Redis, and what they do when it is gone."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from tests.limits.builders import limit, takes
from tests.support.redis_process import RedisProcess, redis_process

from madang.calls.clock import Clock
from madang_server.gateway.shared_limits import SharedLimits
from madang_server.limits.book import Consumed, LimitBook, Refusal, Reservation
from madang_server.limits.counters import moment_of
from madang_server.limits.limit import Held, Limit

WAIT_S = 10.0
CLOCK = Clock()


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisProcess]:
    with redis_process() as running:
        yield running


class Gateway:
    """One gateway's book and its sharing, as the guard uses them."""

    def __init__(self, url: str) -> None:
        self.book = LimitBook()
        self.shared = SharedLimits(url, self.book, lambda: moment_of(CLOCK))
        self.decided_alone = 0

    async def ask(self, *limits: Limit, estimate: Consumed | None = None) -> Reservation | Refusal:
        now = moment_of(CLOCK)
        shares = self.book.shares([Held(each, "") for each in limits], estimate or takes(), now)
        outcome = await self.shared.reserve(shares)
        if outcome is None:
            self.decided_alone += 1
            outcome = self.book.reserve(shares, now)
        return outcome

    async def let_in(self, *limits: Limit, estimate: Consumed | None = None) -> Reservation:
        outcome = await self.ask(*limits, estimate=estimate)
        assert isinstance(outcome, Reservation), outcome
        return outcome

    def end(self, call: Reservation, consumed: Consumed | None = None) -> None:
        self.book.settle(call, consumed or takes(), moment_of(CLOCK))
        self.shared.settle(call.shares, consumed or takes())

    def used(self, of: Limit) -> Decimal:
        return self.book.standing(Held(of, ""), moment_of(CLOCK)).used


@asynccontextmanager
async def gateway(redis: RedisProcess) -> Any:
    one = Gateway(redis.url)
    task = asyncio.create_task(one.shared.run())
    try:
        await until(lambda: one.shared.is_connected)
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def gateways(redis: RedisProcess, count: int = 2) -> Any:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(gateway(redis)) for _ in range(count)]


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.02)


async def until_let_in(one: Gateway, *limits: Limit, estimate: Consumed | None = None) -> Reservation:
    deadline = time.monotonic() + WAIT_S
    while True:
        outcome = await one.ask(*limits, estimate=estimate)
        if isinstance(outcome, Reservation):
            return outcome
        assert time.monotonic() < deadline, outcome
        await asyncio.sleep(0.05)


async def all_ask(
    several: Sequence[Gateway], calls: int, *limits: Limit, estimate: Consumed | None = None
) -> list[tuple[Gateway, Reservation]]:
    """Those of so many calls at once, on all gateways in turn, that were let in, each with its gateway."""
    asked = [several[number % len(several)] for number in range(calls)]
    outcomes = await asyncio.gather(*(one.ask(*limits, estimate=estimate) for one in asked))
    return [(one, each) for one, each in zip(asked, outcomes, strict=True) if isinstance(each, Reservation)]


def test_two_gateways_let_in_no_request_more_than_one_would(redis: RedisProcess) -> None:
    async def story() -> None:
        together = limit("requests_per_minute", 20, name="requests")
        async with gateways(redis) as both:
            began = time.monotonic()
            let_in = await all_ask(both, 200, together)
            assert 20 <= len(let_in) <= 20 + int((time.monotonic() - began) / 3) + 1
            assert sum(one.decided_alone for one in both) == 0

    asyncio.run(story())


def test_two_gateways_hold_calls_at_once_together_and_free_them_for_each_other(redis: RedisProcess) -> None:
    async def story() -> None:
        together = limit("concurrency", 5, name="at-once")
        async with gateways(redis) as both:
            let_in = await all_ask(both, 100, together)
            assert len(let_in) == 5
            owner, call = let_in[0]
            other = next(one for one in both if one is not owner)
            assert isinstance(await other.ask(together), Refusal)
            owner.end(call)
            await until_let_in(other, together)

    asyncio.run(story())


def test_two_gateways_spend_one_budget(redis: RedisProcess) -> None:
    async def story() -> None:
        together = limit("usd_per_day", "1", name="budget")
        async with gateways(redis) as both:
            first, second = both
            let_in = await all_ask(both, 50, together, estimate=takes(usd="0.1"))
            assert len(let_in) == 10
            assert isinstance(await first.ask(together, estimate=takes(usd="0.01")), Refusal)
            for one in both:
                await one.ask(together)
            assert first.used(together) == second.used(together) == 1

    asyncio.run(story())


def test_all_limits_of_a_call_are_taken_together_or_none(redis: RedisProcess) -> None:
    async def story() -> None:
        wide, narrow = limit("requests_per_minute", 100, name="wide"), limit("concurrency", 1, name="narrow")
        async with gateways(redis) as (first, second):
            await first.let_in(wide, narrow)
            refusal = await second.ask(wide, narrow)
            assert isinstance(refusal, Refusal) and refusal.held.limit == narrow
            assert second.used(wide) < Decimal("1.01")

    asyncio.run(story())


def test_what_a_call_did_not_need_is_free_for_the_other_gateway(redis: RedisProcess) -> None:
    async def story() -> None:
        tokens = limit("tokens_per_minute", 1_000, name="tokens")
        async with gateways(redis) as (first, second):
            call = await first.let_in(tokens, estimate=takes(tokens=900))
            assert isinstance(await second.ask(tokens, estimate=takes(tokens=800)), Refusal)
            first.end(call, takes(tokens=100))
            await until_let_in(second, tokens, estimate=takes(tokens=800))

    asyncio.run(story())


def test_a_gateway_that_dies_holds_nothing_for_ever(redis: RedisProcess) -> None:
    async def story() -> None:
        at_once = limit("concurrency", 1, name="lease")
        async with gateway(redis) as survivor:
            async with gateway(redis) as dying:
                await dying.let_in(at_once)
            assert isinstance(await survivor.ask(at_once), Refusal)
            # What a gateway holds lapses when it has said nothing for 30 s; here its last word is made older.
            from redis import Redis

            with Redis.from_url(redis.url) as direct:
                place = next(direct.scan_iter(match="madang:limit:lease:*"))
                for field, value in direct.hgetall(place).items():
                    amount, said = value.split()
                    direct.hset(place, field, b"%b %d" % (amount, int(said) - 31_000))
            await survivor.let_in(at_once)

    asyncio.run(story())


def test_without_redis_each_gateway_goes_on_with_what_it_knew() -> None:
    async def story() -> None:
        requests = limit("requests_per_minute", 10, name="gone-requests")
        budget = limit("usd_per_day", "1", name="gone-budget")
        with redis_process() as own:
            async with gateways(own) as (first, second):
                first.end(await first.let_in(requests, budget, estimate=takes(usd="0.5")), takes(usd="0.5"))
                second.end(await second.let_in(requests, budget, estimate=takes(usd="0.2")), takes(usd="0.2"))
                own.stop()
                outcome = await second.ask(requests, budget, estimate=takes(usd="0.4"))
                assert isinstance(outcome, Refusal) and outcome.held.limit == budget
                assert await second.let_in(requests, budget, estimate=takes(usd="0.2"))
                await until(lambda: not first.shared.is_connected and not second.shared.is_connected)
                assert len(await all_ask([second], 20, requests)) in (7, 8)

    asyncio.run(story())


def test_a_redis_that_comes_back_empty_learns_what_each_gateway_holds() -> None:
    async def story() -> None:
        at_once = limit("concurrency", 3, name="back-at-once")
        budget = limit("usd_per_day", "1", name="back-budget")
        with redis_process() as own:
            async with gateways(own) as (first, second):
                calls = [await first.let_in(at_once, budget, estimate=takes(usd="0.3")) for _ in range(2)]
                own.stop()
                await until(lambda: not first.shared.is_connected and not second.shared.is_connected)
                await first.let_in(at_once, budget, estimate=takes(usd="0.3"))
                first.end(calls[0], takes(usd="0.25"))
                own.start()
                await until(lambda: first.shared.is_connected and second.shared.is_connected)
                await second.let_in(at_once)
                assert isinstance(await second.ask(at_once), Refusal)
                await first.ask(budget)  # tells what it knows to be paid
                refusal = await second.ask(budget, estimate=takes(usd="0.2"))
                assert isinstance(refusal, Refusal) and refusal.used == Decimal("0.85")

    asyncio.run(story())


def test_calls_go_on_while_redis_dies_and_comes_back_and_nothing_stays_held() -> None:
    async def story() -> None:
        at_once = limit("concurrency", 8, name="storm")
        with redis_process() as own:
            async with gateways(own) as both:
                is_over = False
                ended = 0
                most = dict.fromkeys(range(len(both)), 0)
                in_hand = dict.fromkeys(range(len(both)), 0)

                async def caller(place: int) -> None:
                    nonlocal ended
                    one = both[place]
                    while not is_over:
                        outcome = await one.ask(at_once)
                        if isinstance(outcome, Reservation):
                            in_hand[place] += 1
                            most[place] = max(most[place], in_hand[place])
                            await asyncio.sleep(0.01)
                            in_hand[place] -= 1
                            one.end(outcome)
                            ended += 1
                        await asyncio.sleep(0.005)

                callers = [asyncio.create_task(caller(number % 2)) for number in range(30)]
                for _ in range(2):
                    await asyncio.sleep(0.5)
                    own.stop()
                    before = ended
                    await asyncio.sleep(0.5)
                    assert ended > before
                    own.start()
                    await until(lambda: all(one.shared.is_connected for one in both))
                is_over = True
                await asyncio.gather(*callers)
                assert max(most.values()) <= 8
                deadline = time.monotonic() + WAIT_S
                while len(let_in := await all_ask(both, 8, at_once)) < 8:
                    for one, call in let_in:
                        one.end(call)
                    assert time.monotonic() < deadline, "something stays held"
                    await asyncio.sleep(0.2)

    asyncio.run(story())


def test_a_caller_who_gives_up_while_redis_is_asked_holds_nothing(redis: RedisProcess) -> None:
    async def story() -> None:
        at_once = limit("concurrency", 1, name="given-up")
        async with gateway(redis) as one:
            asking = asyncio.create_task(one.ask(at_once))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            one.end(await until_let_in(one, at_once))

    asyncio.run(story())


def test_a_redis_that_hangs_keeps_one_call_waiting_for_a_moment_and_no_other() -> None:
    async def story() -> None:
        requests = limit("requests_per_minute", 100, name="hang")
        with redis_process() as own:
            async with gateway(own) as one:
                own.pause()
                try:
                    assert isinstance(await one.ask(requests), Reservation)
                    assert not one.shared.is_connected
                    assert len(await all_ask([one], 50, requests)) == 50
                finally:
                    own.resume()
                await until(lambda: one.shared.is_connected)

    asyncio.run(story())
