"""A second request beside one that takes long: when it starts, who wins, and that the other ends and is accounted for."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.sdk.layers.fake_vendor import Pipeline, Step, Vendor, chunk, failed, opening, pipeline, read, streamed, whole
from tests.sdk.request_builder import request, route, target

from madang.calls.policy import Policy
from madang.calls.reply import Reply
from madang.calls.request import Request
from madang.calls.target import Price, Route
from madang.errors import CallFailed

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

SILENCE = 60.0  # seconds; nothing here waits for its end
SOON = 0.02
PRICE = Price(input=Decimal("2.50"), output=Decimal(10))
EAST, WEST, SOUTH = (target(name, order=n, price=PRICE) for n, name in enumerate(("east", "west", "south"), start=1))


def hedged(*targets: Any, after_s: float | None = SOON, at_p95: bool = False, **fields: Any) -> Route:
    policy = fields.pop("policy", Policy(hedge_after_s=after_s, hedges_at_p95=at_p95))
    return route(*(targets or (EAST, WEST)), policy=policy, **fields)


def answer(stream: bool, text: str = "Hello") -> list[Step]:
    return streamed(text) if stream else whole(text)


def silent(stream: bool) -> list[Step]:
    """A connection that stays open and says nothing worth passing on."""
    return [opening(), SILENCE] if stream else [SILENCE]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.001)


@both_ways
async def test_when_nothing_comes_in_time_a_second_request_starts_and_its_answer_is_taken(stream: bool) -> None:
    around = pipeline(Vendor(east=[silent(stream)], west=[answer(stream)]))
    reply = await around.call(request(hedged(), stream=stream))
    assert "east" in around.vendor.closed, "before the answer goes on, the slower call is stopped"
    assert b"Hello" in await read(reply)
    assert reply.target.name == "west"
    assert around.vendor.asked == ["east", "west"]
    assert sorted(around.vendor.closed) == ["east", "west"]


@both_ways
async def test_the_trace_shows_both_with_their_reasons_and_what_both_cost(stream: bool) -> None:
    around = pipeline(Vendor(east=[silent(stream)], west=[answer(stream)]))
    await read(await around.call(request(hedged(), stream=stream)))
    root, first, second = around.trace
    assert (root.status, root.deployment, root.attempts) == ("ok", "west", 2)
    assert (first.error_type, first.status_message) == (
        "cancelled",
        "Another deployment answered first, so this request was stopped.",
    )
    assert first.attributes["madang.attempt.estimated"] == "true"
    assert "madang.attempt.hedge" not in first.attributes
    assert (second.status, second.attributes["madang.attempt.hedge"]) == ("ok", "true")
    assert second.attributes["madang.attempt.reason"] == "hedge: nothing from east after 0.02 s; order 2"
    assert "madang.attempt.estimated" not in second.attributes
    # "What is a madang?" is about 4 tokens; the answer that came cost 10 and 4.
    assert (root.input_tokens, root.output_tokens) == (14, 4)
    assert root.cost_usd == Decimal(14) * Decimal("0.0000025") + Decimal(4) * Decimal("0.00001")
    assert root.attributes["madang.usage.estimated"] == "true"


@both_ways
async def test_the_first_request_may_still_win(stream: bool) -> None:
    gate = asyncio.Event()
    late: list[Step] = [gate, *answer(stream, "from east")]
    around = pipeline(Vendor(east=[late], west=[silent(stream)]))
    task = asyncio.ensure_future(_answered(around, request(hedged(), stream=stream)))
    await until(lambda: around.vendor.asked == ["east", "west"])
    gate.set()
    reply = await task
    assert b"from east" in await read(reply)
    assert reply.target.name == "east"
    assert sorted(around.vendor.closed) == ["east", "west"]
    root, first, second = around.trace
    assert (root.deployment, first.status, second.error_type) == ("east", "ok", "cancelled")


async def test_who_answered_is_told_apart_even_where_both_have_one_name() -> None:
    """A fallback model may have a deployment of the same name."""
    mini = Route("mini", (target("east", alias="mini", vendor_model="small"),))
    gate = asyncio.Event()
    around = pipeline(Vendor(east=[[gate, *whole()], [SILENCE]]))
    asked = request(hedged(EAST, fallbacks=(mini,)))
    task = asyncio.ensure_future(_answered(around, asked))
    await until(lambda: len(around.vendor.asked) == 2)
    gate.set()
    await read(await task)
    assert asked.journal.answering is asked.journal.attempts[0]
    assert around.trace[2].attributes["madang.target.model"] == "small"


@both_ways
async def test_a_first_request_that_fails_fast_is_an_ordinary_fallback(stream: bool) -> None:
    around = pipeline(Vendor(east=[[failed("server_error")]], west=[answer(stream)]))
    await read(await around.call(request(hedged(after_s=SILENCE), stream=stream)))
    assert around.vendor.most_open == 1
    _, _, second = around.trace
    assert "madang.attempt.hedge" not in second.attributes
    assert second.attributes["madang.attempt.reason"] == "after east: server_error; order 2"


@both_ways
async def test_an_answer_in_time_starts_no_second_request(stream: bool) -> None:
    around = pipeline(Vendor(east=[answer(stream)]))
    await read(await around.call(request(hedged(after_s=SILENCE), stream=stream)))
    assert around.vendor.asked == ["east"]


@both_ways
async def test_a_first_request_that_fails_later_leaves_the_second_to_answer(stream: bool) -> None:
    gates = asyncio.Event(), asyncio.Event()
    around = pipeline(Vendor(east=[[gates[0], failed("server_error")]], west=[[gates[1], *answer(stream)]]))
    task = asyncio.ensure_future(_answered(around, request(hedged(), stream=stream)))
    await until(lambda: around.vendor.asked == ["east", "west"])
    gates[0].set()
    await until(lambda: around.vendor.closed == ["east"])
    gates[1].set()
    assert b"Hello" in await read(await task)
    assert [span.error_type for span in around.trace] == ["", "server_error", ""]


@both_ways
async def test_when_both_fail_the_next_target_is_asked(stream: bool) -> None:
    late: list[Step] = [2 * SOON, failed("server_error")]
    around = pipeline(Vendor(east=[late], west=[late], south=[answer(stream)]))
    reply = await around.call(request(hedged(EAST, WEST, SOUTH), stream=stream))
    assert b"Hello" in await read(reply)
    assert around.vendor.asked == ["east", "west", "south"]
    assert around.trace[3].attributes["madang.attempt.reason"] == "after west: server_error; order 3"


async def test_when_all_fail_the_last_failure_is_told() -> None:
    gates = asyncio.Event(), asyncio.Event()
    late: list[Step] = [gates[1], failed("authentication", 401, words="second to fail")]
    around = pipeline(Vendor(east=[late], west=[[gates[0], failed("server_error", words="first to fail")]]))
    task = asyncio.ensure_future(_answered(around, request(hedged())))
    await until(lambda: around.vendor.asked == ["east", "west"])
    gates[0].set()
    await until(lambda: around.vendor.closed == ["west"])
    gates[1].set()
    with pytest.raises(CallFailed, match=r"'east' is not set up correctly: second to fail \(the last of 2") as caught:
        await task
    assert caught.value.status == 502
    assert around.vendor.open == 0


async def test_there_are_never_more_than_two_at_once_and_none_stays_open() -> None:
    slow: list[Step] = [3 * SOON, failed("server_error")]
    targets = [target(f"t{n}", order=n) for n in range(6)]
    around = pipeline(Vendor(any=[slow] * 6))
    with pytest.raises(CallFailed):
        await around.call(request(hedged(*targets, after_s=SOON / 2)))
    assert len(around.vendor.asked) == 6
    assert around.vendor.most_open == 2
    assert around.vendor.open == 0


@both_ways
async def test_a_mistake_of_the_callers_ends_both_at_once(stream: bool) -> None:
    around = pipeline(Vendor(east=[[2 * SOON, failed("invalid_request", 400)]], west=[silent(stream)]))
    with pytest.raises(CallFailed) as caught:
        await around.call(request(hedged(), stream=stream))
    assert (caught.value.reason, caught.value.status) == ("invalid_request", 400)
    assert sorted(around.vendor.closed) == ["east", "west"]
    root, _, second = around.trace
    assert (root.error_type, second.error_type) == ("invalid_request", "cancelled")
    assert second.status_message == "Another deployment answered first, so this request was stopped."


async def test_a_refusal_by_policy_is_final_also_while_another_vendor_thinks() -> None:
    around = pipeline(Vendor(east=[[2 * SOON, failed("content_filter", 400)]], west=[[SILENCE]]))
    with pytest.raises(CallFailed) as caught:
        await around.call(request(hedged(EAST, target("west", order=2, vendor="openai"))))
    assert caught.value.reason == "content_filter"


async def test_a_refusal_by_policy_leaves_the_second_to_answer_where_the_project_allows_it() -> None:
    policy = Policy(hedge_after_s=SOON, policy_block_vendors=("openai",))
    late: list[Step] = [4 * SOON, *whole("Hello")]
    around = pipeline(Vendor(east=[[2 * SOON, failed("content_filter", 400)]], west=[late]))
    to = hedged(EAST, target("west", order=2, vendor="openai"), policy=policy)
    assert b"Hello" in await read(await around.call(request(to)))


@both_ways
async def test_a_caller_who_goes_away_stops_both(stream: bool) -> None:
    around = pipeline(Vendor(east=[silent(stream)], west=[silent(stream)]))
    task = asyncio.ensure_future(_answered(around, request(hedged(), stream=stream)))
    await until(lambda: around.vendor.asked == ["east", "west"])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(around.vendor.closed) == ["east", "west"]
    assert [span.error_type for span in around.trace] == ["cancelled"] * 3
    assert {span.status_message for span in around.trace} == {"The caller went away before the answer was complete."}
    assert all(around.books.latency.in_flight(each) == 0 for each in (EAST, WEST))


@both_ways
@pytest.mark.parametrize("turns", range(8))
async def test_a_caller_who_goes_away_in_the_moment_of_the_answer_leaves_nothing_open(stream: bool, turns: int) -> None:
    """However the event loop orders the answers and the leaving."""
    gate = asyncio.Event()
    both: list[Step] = [gate, *answer(stream)]
    around = pipeline(Vendor(east=[both], west=[both]))
    task = asyncio.ensure_future(_answered(around, request(hedged(), stream=stream)))
    await until(lambda: around.vendor.asked == ["east", "west"])
    gate.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    try:
        await read(await task)  # it was answered before
    except asyncio.CancelledError:
        assert len(around.trace) == 3
    assert around.vendor.open == 0
    assert all(around.books.latency.in_flight(each) == 0 for each in (EAST, WEST))


@both_ways
async def test_two_answers_in_one_moment_give_one_and_the_other_is_paid_and_said_so(stream: bool) -> None:
    gate = asyncio.Event()
    both: list[Step] = [gate, *answer(stream)]
    around = pipeline(Vendor(east=[both], west=[both]))
    task = asyncio.ensure_future(_answered(around, request(hedged(), stream=stream)))
    await until(lambda: around.vendor.asked == ["east", "west"])
    gate.set()
    reply = await task
    assert (await read(reply)).count(b"Hello") == 1
    root, first, second = around.trace
    assert (root.deployment, first.status) == (reply.target.name, "ok")
    assert second.status_message == "Another deployment answered first, so this request was stopped."
    assert "madang.attempt.cost_usd" in second.attributes
    assert around.vendor.open == 0


async def test_a_stream_that_won_and_breaks_later_is_not_repeated_by_the_one_that_lost() -> None:
    around = pipeline(Vendor(east=[silent(True)], west=[[opening(), chunk("Hello")]]))
    reply = await around.call(request(hedged(), stream=True))
    with pytest.raises(CallFailed) as caught:
        await read(reply)
    assert caught.value.reason == "stream_cut"
    assert around.vendor.asked == ["east", "west"]


async def test_a_stream_whose_first_word_has_come_is_not_hedged_however_slow_it_goes_on() -> None:
    slow: list[Step] = [opening(), chunk("Hel"), 3 * SOON, chunk("lo"), *streamed()[-3:]]
    around = pipeline(Vendor(east=[slow]))
    seen = await read(await around.call(request(hedged(), stream=True)))
    assert b"lo" in seen
    assert around.vendor.asked == ["east"]


async def test_without_anybody_else_there_is_no_second_request() -> None:
    around = pipeline(Vendor(east=[[3 * SOON, *whole()]]))
    await read(await around.call(request(hedged(EAST))))
    assert around.vendor.asked == ["east"]


async def test_one_that_rests_is_not_asked_beside_a_slow_one() -> None:
    around = pipeline(Vendor(east=[[3 * SOON, *whole()]]))
    around.books.health.failed(WEST, failed("rate_limited", 429, retry_after_s=50.0), 0.0)
    await read(await around.call(request(hedged())))
    assert around.vendor.asked == ["east"]


async def test_one_that_failed_beside_another_counts_as_failed_and_one_that_was_outrun_does_not() -> None:
    around = pipeline(Vendor(east=[[SILENCE]] * 3, west=[whole()] * 3))
    for _ in range(3):
        await read(await around.call(request(hedged())))
    assert around.books.health.of(EAST, 0.0).state == "healthy"
    failing = pipeline(Vendor(east=[[3 * SOON, *whole()]] * 3, west=[[failed("server_error")]] * 3))
    for _ in range(3):
        await read(await failing.call(request(hedged())))
    assert failing.books.health.of(WEST, 0.0).state == "cooling"


# By measured times


async def warmed(around: Pipeline, to: Route, calls: int, *, stream: bool) -> None:
    """After so many calls, each answered in 50 ms by the clock that is moved by hand."""
    for _ in range(calls):
        around.books.latency.begin(EAST, around.hands.seconds)
        around.books.latency.end(EAST, around.hands.seconds, 0.05, is_stream=stream)


@both_ways
async def test_the_second_request_starts_when_19_of_20_calls_would_have_answered(stream: bool) -> None:
    around = pipeline(Vendor(east=[silent(stream)], west=[answer(stream)]))
    to = hedged(after_s=None, at_p95=True)
    await warmed(around, to, 20, stream=stream)
    assert b"Hello" in await read(await around.call(request(to, stream=stream)))
    reason = around.trace[2].attributes["madang.attempt.reason"]
    assert reason.startswith("hedge: nothing from east after 0.0"), reason


@both_ways
async def test_fewer_than_twenty_known_calls_are_too_few_to_know_what_is_slow(stream: bool) -> None:
    around = pipeline(Vendor(east=[[0.2, *answer(stream)]]))
    to = hedged(after_s=None, at_p95=True)
    await warmed(around, to, 19, stream=stream)
    await read(await around.call(request(to, stream=stream)))
    assert around.vendor.asked == ["east"]


async def test_times_of_whole_answers_say_nothing_about_streams() -> None:
    around = pipeline(Vendor(east=[[0.2, *streamed()]]))
    to = hedged(after_s=None, at_p95=True)
    await warmed(around, to, 40, stream=False)
    await read(await around.call(request(to, stream=True)))
    assert around.vendor.asked == ["east"]


async def test_a_call_that_was_outrun_counts_as_slower_than_the_hedge() -> None:
    """Else only a slow target's fast calls would count, its p95 would sink with every hedge, and hedges grow without end.
    It counts as no slower than that either, else the p95 of one that is silent would climb with every hedge."""
    answers = asyncio.Event()
    around = pipeline(Vendor(east=[[SILENCE]], west=[[answers, *whole()]]))
    asked = request(hedged(after_s=0.05))
    task = asyncio.ensure_future(_answered(around, asked))
    await until(lambda: around.vendor.asked == ["east"])
    around.hands.seconds += 4.0
    await until(lambda: around.vendor.asked == ["east", "west"])
    around.hands.seconds += 30.0
    answers.set()
    await read(await task)
    assert around.books.latency.percentile(EAST, 0.5, 34.0, is_stream=False) == pytest.approx(4.0, rel=0.2)


async def test_a_second_request_that_was_stopped_says_nothing_about_how_fast_its_target_is() -> None:
    gate = asyncio.Event()
    around = pipeline(Vendor(east=[[gate, *whole()]], west=[[SILENCE]]))
    task = asyncio.ensure_future(_answered(around, request(hedged())))
    await until(lambda: around.vendor.asked == ["east", "west"])
    gate.set()
    await read(await task)
    assert around.books.latency.known_calls(WEST, 0.0, is_stream=False) == 0


async def test_one_that_stays_silent_is_left_alone_after_ten_calls_that_others_answered() -> None:
    around = pipeline(Vendor(east=[[SILENCE]] * 10, west=[whole()] * 15))
    for _ in range(15):
        await read(await around.call(request(hedged(after_s=0.005))))
    assert around.vendor.asked.count("east") == 10
    assert around.books.health.of(EAST, 0.0).reason == "timeout"


async def test_a_trial_is_one_at_a_time_also_where_calls_are_hedged() -> None:
    gate = asyncio.Event()
    around = pipeline(Vendor(east=[[gate, *whole()]], west=[whole()] * 50))
    around.books.health.failed(EAST, failed("rate_limited", 429, retry_after_s=5.0), 0.0)
    around.hands.seconds = 5.0
    to = hedged(after_s=SILENCE)
    tasks = [asyncio.ensure_future(_answered(around, request(to))) for _ in range(20)]
    await until(lambda: around.vendor.asked.count("west") == 19)
    gate.set()
    for each in tasks:
        await read(await each)
    assert around.vendor.asked.count("east") == 1


async def test_the_answer_is_the_winners_alone() -> None:
    around = pipeline(Vendor(east=[[opening(), SILENCE]], west=[streamed("from ", "west")]))
    seen = await read(await around.call(request(hedged(), stream=True)))
    assert seen.count(b'"role"') == 1
    assert json.loads(around.trace[0].output)["choices"][0]["message"]["content"] == "from west"


async def _answered(around: Pipeline, asked: Request) -> Reply:
    return await around.call(asked)
