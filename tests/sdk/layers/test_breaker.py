"""The circuit breaker at work: a failing target is left alone within ten calls, tried by one, and taken back."""

import asyncio

import pytest
from tests.sdk.layers.fake_vendor import Pipeline, Step, Vendor, failed, pipeline, read, whole
from tests.sdk.request_builder import request, route, target

from madang.calls.reply import Reply
from madang.calls.target import Route
from madang.errors import CallFailed, FailureReason
from madang.routing.health import FIRST_REST_S

pytestmark = pytest.mark.anyio

EAST, WEST = target("east"), target("west", order=2)
TO = route(EAST, WEST)


async def answered(around: Pipeline, to: Route = TO) -> bytes:
    return await read(await around.call(request(to)))


@pytest.mark.parametrize("reason", ["connection", "server_error", "timeout", "stream_cut", "bad_reply", "overloaded"])
async def test_a_dead_target_is_asked_by_three_calls_and_no_caller_notices(reason: FailureReason) -> None:
    around = pipeline(Vendor(east=[[failed(reason)]] * 10, west=[whole()] * 30))
    for _ in range(30):
        assert b"courtyard" in await answered(around)
    assert around.vendor.asked.count("east") == 3


async def test_a_target_that_fails_every_other_call_is_left_alone_after_six_failures() -> None:
    script = [whole() if number % 2 else [failed("server_error")] for number in range(30)]
    around = pipeline(Vendor(east=script, west=[whole()] * 30))
    for _ in range(30):
        await answered(around)
    failures = [trace for trace in around.traces if trace[1].error_type]
    assert len(failures) == 6, "half of the ten calls before the last"
    assert around.vendor.asked.count("east") == 11


async def test_parallel_calls_to_a_dead_target_are_all_answered_elsewhere() -> None:
    around = pipeline(Vendor(east=[[0.01, failed("connection")]] * 50, west=[whole()] * 60))
    replies = await asyncio.gather(*(answered(around) for _ in range(50)))
    assert all(b"courtyard" in each for each in replies)
    await answered(around)
    assert around.vendor.asked.count("east") == 50


async def down(around: Pipeline) -> None:
    """Three calls find the target dead; then its rest passes."""
    for _ in range(3):
        await answered(around)
    assert around.books.health.of(EAST, around.hands.seconds).state == "cooling"
    around.hands.seconds += FIRST_REST_S


DEAD: list[list[Step]] = [[failed("connection")]] * 3


async def test_after_its_rest_one_of_fifty_parallel_calls_tries_it() -> None:
    gate = asyncio.Event()
    around = pipeline(Vendor(east=[*DEAD, [gate, *whole("back")]], west=[whole()] * 60))
    await down(around)
    calls = [asyncio.ensure_future(answered(around)) for _ in range(50)]
    async with asyncio.timeout(10):
        while around.vendor.asked.count("west") < 3 + 49:
            await asyncio.sleep(0.001)
    assert around.vendor.asked.count("east") == 3 + 1
    gate.set()
    assert sum(b"back" in each for each in await asyncio.gather(*calls)) == 1


async def test_calls_that_fail_elsewhere_at_once_do_not_all_rush_to_the_one_on_trial() -> None:
    """Whoever finds the trial begun goes past it."""
    east, mid, west = target("east"), target("mid", order=2), target("west", order=3)
    gate = asyncio.Event()
    slow: list[Step] = [0.01, failed("rate_limited", 429, retry_after_s=9.0)]
    around = pipeline(Vendor(east=[slow] * 20, mid=[[gate, *whole()]] * 20, west=[whole()] * 20))
    around.books.health.failed(mid, failed("rate_limited", 429, retry_after_s=1.0), 0.0)
    around.hands.seconds = 1.0
    calls = [asyncio.ensure_future(answered(around, route(east, mid, west))) for _ in range(20)]
    async with asyncio.timeout(10):
        while around.vendor.asked.count("west") < 19:
            await asyncio.sleep(0.001)
    gate.set()
    await asyncio.gather(*calls)
    assert around.vendor.asked.count("mid") == 1


async def test_a_trial_that_succeeds_brings_all_calls_back() -> None:
    around = pipeline(Vendor(east=[*DEAD, *[whole("back")] * 5], west=[whole()] * 10))
    await down(around)
    for _ in range(5):
        assert b"back" in await answered(around)
    assert around.traces[3][1].attributes["madang.attempt.reason"] == "order 1, on trial after connection"
    assert around.traces[4][1].attributes["madang.attempt.reason"] == "order 1"


async def test_a_trial_that_fails_is_answered_elsewhere_and_the_rest_doubles() -> None:
    around = pipeline(Vendor(east=[*DEAD, [failed("connection")]], west=[whole()] * 10))
    await down(around)
    assert b"courtyard" in await answered(around)
    around.hands.seconds += 2 * FIRST_REST_S - 0.1
    await answered(around)
    assert around.vendor.asked[-2:] == ["west", "west"]
    assert around.books.health.of(EAST, around.hands.seconds + 0.1).state == "trial"


async def test_a_trial_whose_caller_leaves_is_left_to_the_next_call() -> None:
    around = pipeline(Vendor(east=[*DEAD, [60.0], whole("back")], west=[whole()] * 10))
    await down(around)
    task = asyncio.ensure_future(_reply(around))
    while around.vendor.asked.count("east") < 4:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert b"back" in await answered(around)


async def test_when_all_rest_they_are_asked_all_the_same() -> None:
    around = pipeline(Vendor(east=[*DEAD, whole("back")], west=[[failed("connection")]] * 9))
    for _ in range(3):
        with pytest.raises(CallFailed):
            await answered(around, route(EAST, WEST, retries=0))
    assert b"back" in await answered(around)
    assert around.traces[3][1].attributes["madang.attempt.reason"] == "resting after connection, tried last"


async def test_a_moments_failure_of_the_healthy_one_is_retried_before_a_dead_one_is_asked() -> None:
    around = pipeline(Vendor(east=[*DEAD], west=[*[whole()] * 3, [failed("overloaded")], whole()]))
    await down(around)
    around.hands.seconds -= 1.0  # it rests still
    assert b"courtyard" in await answered(around)
    assert around.vendor.asked[-2:] == ["west", "west"]
    assert around.traces[3][2].attributes["madang.attempt.reason"] == "retry 1 of 2 after overloaded"


async def _reply(around: Pipeline) -> Reply:
    return await around.call(request(TO))
