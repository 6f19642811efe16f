"""Gateways that share a Redis: what one finds out about a deployment all know, and one alone makes the trial."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis
from tests.sdk.request_builder import target
from tests.support.redis_process import RedisProcess, redis_process

from madang.errors import CallFailed
from madang.routing.books import Books
from madang.routing.health import LONGEST_REST_S, key_of
from madang_server.gateway.shared_health import CHANNEL, SharedHealth

EAST = target("east")
WAIT_S = 10.0


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisProcess]:
    with redis_process() as running:
        yield running


@asynccontextmanager
async def gateway(redis: RedisProcess) -> Any:
    """One gateway's sharing, connected."""
    shared = SharedHealth(redis.url, time.monotonic)
    task = asyncio.create_task(shared.run())
    try:
        await until(lambda: shared.is_connected)
        yield shared
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.02)


def throttle(books: Books, seconds: float) -> None:
    failure = CallFailed("", reason="rate_limited", status=429, retry_after_s=seconds)
    books.health.failed(EAST, failure, time.monotonic())


def state(books: Books) -> str:
    return books.health.of(EAST, time.monotonic()).state


def test_a_breaker_that_opens_in_one_gateway_opens_in_the_other_and_closes_there_too(redis: RedisProcess) -> None:
    async def story() -> None:
        async with gateway(redis) as first, gateway(redis) as second:
            one, two = first.books("prj_1"), second.books("prj_1")
            other_project = second.books("prj_2")
            throttle(one, 0.3)
            await until(lambda: state(two) == "cooling")
            assert state(other_project) == "healthy"
            await until(lambda: state(one) == "trial" or state(two) == "trial")
            trier = one if state(one) == "trial" else two
            began = time.monotonic()
            trier.health.begin(EAST, began)
            trier.health.succeeded(EAST, began)
            await until(lambda: state(one) == state(two) == "healthy")

    asyncio.run(story())


def test_of_many_gateways_one_makes_the_trial(redis: RedisProcess) -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            gateways = [await stack.enter_async_context(gateway(redis)) for _ in range(5)]
            books = [each.books("prj_many") for each in gateways]
            throttle(books[0], 0.2)
            await until(lambda: any(state(each) == "trial" for each in books))
            await asyncio.sleep(0.5)  # time enough for the others to ask for it too
            assert [state(each) for each in books].count("trial") == 1

    asyncio.run(story())


def test_a_gateway_that_starts_later_knows_what_rests(redis: RedisProcess) -> None:
    async def story() -> None:
        async with gateway(redis) as first:
            throttle(first.books("prj_late"), 30.0)
            await asyncio.sleep(0.4)
            async with gateway(redis) as second:
                assert state(second.books("prj_late")) == "cooling"

    asyncio.run(story())


def test_without_redis_each_goes_on_by_itself_and_shares_again_when_it_is_back(redis: RedisProcess) -> None:
    async def story() -> None:
        async with gateway(redis) as first, gateway(redis) as second:
            one, two = first.books("prj_gone"), second.books("prj_gone")
            redis.stop()
            await until(lambda: not first.is_connected and not second.is_connected)
            throttle(one, 0.2)
            assert state(one) == "cooling"
            await until(lambda: state(one) == "trial")
            assert state(two) == "healthy"
            redis.start()
            await until(lambda: first.is_connected and second.is_connected)
            throttle(one, 20.0)
            await until(lambda: state(two) == "cooling")

    asyncio.run(story())


def test_what_no_gateway_would_say_changes_nothing_for_longer_than_a_rest_may_last(redis: RedisProcess) -> None:
    told = b'{"by":"x","project":"prj_9","key":"%b","rest_s":%b,"reason":"timeout","rests":1}'

    async def story() -> None:
        async with gateway(redis) as one:
            books = one.books("prj_9")
            async with Redis.from_url(redis.url) as stranger:
                for word in (b"\xff", b"[1]", told % (b"\xff", b"1"), told % (b"k", b"-5")):
                    await stranger.publish(CHANNEL, word)
                await stranger.publish(CHANNEL, told % (key_of(EAST).replace("\0", "\\u0000").encode(), b"1e300"))
            await until(lambda: state(books) == "cooling")
            assert books.health.of(EAST, time.monotonic()).until <= time.monotonic() + LONGEST_REST_S
            assert one.is_connected

    asyncio.run(story())
