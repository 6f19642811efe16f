"""What must not happen to a call: requests that multiply, waits that outlast it, answers said twice or cut in silence."""

import asyncio
from typing import Any

import pytest
from tests.sdk.layers.fake_vendor import Step, Vendor, chunk, ending, failed, opening, pipeline, read, streamed, whole
from tests.sdk.request_builder import request, route, target

from madang.calls.policy import FailureClass, Policy
from madang.calls.target import Route
from madang.errors import CallFailed, FailureReason

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

EAST, WEST = target("east"), target("west", order=2)


def answer(stream: bool) -> list[Step]:
    return streamed() if stream else whole()


def model(name: str) -> Route:
    return Route(name, (target(name, alias=name),))


ROUTES: dict[str, tuple[dict[str, Any], int]] = {
    "one target": ({}, 1),
    "two targets": ({"targets": (EAST, WEST)}, 2),
    "a fallback": ({"fallbacks": (model("mini"),)}, 2),
    "a fallback for outages alone": ({"after": {"outage": (model("mini"), model("mini-2"))}}, 3),
    "none for outages": ({"fallbacks": (model("mini"),), "after": {"outage": ()}}, 1),
    "a longer chain": ({"targets": (EAST, WEST), "fallbacks": (model("a"), model("b"))}, 4),
}


@both_ways
@pytest.mark.parametrize("retries", [0, 1, 3])
@pytest.mark.parametrize("name", ROUTES)
async def test_a_permanent_failure_costs_one_request_per_target_and_the_retries_once(
    name: str, retries: int, stream: bool
) -> None:
    fields, targets = ROUTES[name]
    vendor = Vendor(any=[[failed("server_error")]] * 100)
    with pytest.raises(CallFailed):
        await pipeline(vendor).call(request(route(retries=retries, **fields), stream=stream))
    assert len(vendor.asked) == targets + retries


@pytest.mark.parametrize("hedge_after_s", [0.001, 60.0])
async def test_hedging_adds_no_requests_to_a_permanent_failure(hedge_after_s: float) -> None:
    vendor = Vendor(any=[[0.01, failed("server_error")]] * 100)
    to = route(EAST, WEST, target("south", order=3), retries=2, policy=Policy(hedge_after_s=hedge_after_s))
    with pytest.raises(CallFailed):
        await pipeline(vendor).call(request(to))
    assert len(vendor.asked) <= 3 + 2


@both_ways
@pytest.mark.parametrize(
    "reason", ["quota_exhausted", "authentication", "permission", "not_found", "timeout", "context_overflow"]
)
async def test_what_cannot_succeed_a_moment_later_is_never_retried(reason: FailureReason, stream: bool) -> None:
    vendor = Vendor(any=[[failed(reason, 429)]])
    with pytest.raises(CallFailed):
        await pipeline(vendor).call(request(route(EAST, retries=5), stream=stream))
    assert vendor.asked == ["east"]


@both_ways
async def test_an_exhausted_quota_goes_to_another_target_at_once(stream: bool) -> None:
    around = pipeline(Vendor(east=[[failed("quota_exhausted", 429)]], west=[answer(stream)]))
    await read(await around.call(request(route(EAST, WEST), stream=stream)))
    assert around.hands.slept == []


@both_ways
async def test_a_wait_that_the_deadline_does_not_leave_room_for_is_not_begun(stream: bool) -> None:
    around = pipeline(Vendor(any=[[failed("rate_limited", 429, retry_after_s=30.0)]] * 9))
    with pytest.raises(CallFailed) as caught:
        await around.call(request(route(EAST, retries=5), stream=stream, deadline=100.0))
    assert around.hands.slept == [30.0, 30.0, 30.0], "the fourth would end after the deadline"
    assert (caught.value.status, caught.value.retry_after_s) == (429, 30.0)


@both_ways
async def test_retries_and_fallbacks_together_never_outlast_the_deadline(stream: bool) -> None:
    around = pipeline(Vendor(any=[[0.03, failed("server_error")]] * 100))
    loop = asyncio.get_running_loop()
    started = loop.time()
    targets = [target(f"t{n}", order=n) for n in range(20)]
    asked = request(route(*targets, retries=10), stream=stream, deadline=0.1)

    async def ticking() -> None:
        while True:
            around.hands.seconds = loop.time() - started
            await asyncio.sleep(0.001)

    ticker = asyncio.ensure_future(ticking())
    with pytest.raises(CallFailed):
        await around.call(asked)
    ticker.cancel()
    assert len(around.vendor.asked) <= 5
    assert around.vendor.open == 0


@both_ways
async def test_a_standby_of_weight_0_is_used_when_the_main_one_fails(stream: bool) -> None:
    around = pipeline(Vendor(main=[[failed("server_error")]] * 20, standby=[answer(stream)] * 20))
    to = route(target("standby", weight=0.0), target("main"))
    for _ in range(20):
        assert b"courtyard" in await read(await around.call(request(to, stream=stream)))
    assert around.vendor.asked.count("main") == 3, "until it rests"


@both_ways
async def test_an_invalid_request_is_never_sent_to_another_vendor(stream: bool) -> None:
    after: dict[FailureClass, tuple[Route, ...]] = {"outage": (model("a"),), "misconfigured": (model("b"),)}
    vendor = Vendor(any=[[failed("invalid_request", 400, words="Unknown parameter: 'colour'.")]])
    to = route(EAST, WEST, retries=3, fallbacks=(model("mini"),), after=after)
    with pytest.raises(CallFailed, match=r"Unknown parameter: 'colour'.$") as caught:
        await pipeline(vendor).call(request(to, stream=stream))
    assert (vendor.asked, caught.value.status) == (["east"], 400)


@both_ways
async def test_of_many_failures_the_last_is_told_with_their_number(stream: bool) -> None:
    vendor = Vendor(
        east=[[failed("server_error", words="first")]],
        west=[[failed("overloaded", 503, words="second")]],
        mini=[[failed("rate_limited", 429, retry_after_s=700.0, words="third")]],
    )
    to = route(EAST, WEST, fallbacks=(model("mini"),))
    with pytest.raises(CallFailed, match=r"^third \(the last of 3 attempts\)$") as caught:
        await pipeline(vendor).call(request(to, stream=stream))
    assert (caught.value.reason, caught.value.status, caught.value.retry_after_s) == ("rate_limited", 429, 700.0)


async def test_a_stall_after_text_gives_no_second_text() -> None:
    stalled: list[Step] = [opening(), chunk("Hello"), 60.0]
    around = pipeline(Vendor(east=[stalled], west=[streamed("Hello")]))
    reply = await around.call(request(route(EAST, WEST, idle_timeout_s=0.02), stream=True))
    seen = b""
    with pytest.raises(CallFailed) as caught:
        async for event in reply.events:
            seen += event.raw
    assert (seen.count(b"Hello"), caught.value.reason) == (1, "timeout")
    assert around.vendor.asked == ["east"]


@pytest.mark.parametrize(
    "cut",
    [
        [b'{"id":"c1","choices":[{"index":0,"mess'],
        [b""],
        [b"<html>Bad gateway</html>"],
    ],
    ids=["half a JSON", "nothing", "HTML"],
)
async def test_a_200_without_a_whole_answer_is_an_error_and_never_an_empty_answer(cut: list[Step]) -> None:
    around = pipeline(Vendor(any=[cut]))
    with pytest.raises(CallFailed) as caught:
        await read(await around.call(request(route(EAST, retries=0))))
    assert caught.value.reason == "bad_reply"
    assert around.trace[0].status == "error"


@pytest.mark.parametrize(
    "cut",
    [
        [opening()],
        [opening(), chunk("Hello")],
        [opening(), chunk("Hello")[:-20]],
        [],
    ],
    ids=["before the first word", "after text", "in the middle of a frame", "nothing at all"],
)
async def test_a_stream_that_ends_without_its_end_is_an_error_and_never_an_empty_answer(cut: list[Step]) -> None:
    around = pipeline(Vendor(any=[cut]))
    with pytest.raises(CallFailed) as caught:
        await read(await around.call(request(route(EAST, retries=0), stream=True)))
    assert caught.value.reason == "stream_cut"
    assert around.trace[0].status == "error"


async def test_a_stream_that_said_its_end_is_whole_whatever_the_connection_does_then() -> None:
    around = pipeline(Vendor(any=[[opening(), chunk("Hello"), ending()[0]]]))
    await read(await around.call(request(route(EAST), stream=True)))
    assert around.trace[0].status == "ok"


@both_ways
async def test_two_pipelines_in_one_process_share_nothing(stream: bool) -> None:
    first = pipeline(Vendor(east=[[failed("authentication", 401)]], west=[answer(stream)] * 3))
    second = pipeline(Vendor(east=[answer(stream)] * 3))
    to = route(EAST, WEST)
    for _ in range(3):
        await read(await first.call(request(to, stream=stream)))
        await read(await second.call(request(to, stream=stream)))
    assert first.vendor.asked == ["east", "west", "west", "west"]
    assert second.vendor.asked == ["east"] * 3
    assert (len(first.traces), len(second.traces)) == (3, 3)
    assert second.books.latency.in_flight(EAST) == 0


@both_ways
async def test_a_wish_of_one_call_does_not_stay_for_the_next(stream: bool) -> None:
    around = pipeline(Vendor(any=[[failed("server_error")], [failed("server_error")], answer(stream)]))
    with pytest.raises(CallFailed):
        await around.call(request(route(EAST, retries=0), stream=stream))
    reply = await around.call(request(route(EAST, retries=1), stream=stream))
    assert b"courtyard" in await read(reply)
