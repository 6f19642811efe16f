"""A stream that breaks after text has left: goes on elsewhere where the route says so, else ends with a clean error."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.sdk.layers.fake_vendor import (
    Pipeline,
    Step,
    Vendor,
    chunk,
    ending,
    failed,
    opening,
    pipeline,
    read,
    streamed,
)
from tests.sdk.request_builder import request, route, target

from madang.calls.policy import Policy
from madang.calls.target import Price, Route
from madang.errors import CallFailed, FailureReason

pytestmark = pytest.mark.anyio

PRICE = Price(input=Decimal(1), output=Decimal(2))
EAST, WEST, SOUTH, NORTH = (
    target(name, order=n, price=PRICE) for n, name in enumerate(("east", "west", "south", "north"), start=1)
)
CUT: list[Step] = [opening(), chunk("A court"), failed("stream_cut", 502, words="cut")]
REST = streamed("yard", ".")


def continuing(*targets: Any, **fields: Any) -> Route:
    return route(*(targets or (EAST, WEST)), policy=Policy(on_cut="continue"), **fields)


async def seen_until_failure(around: Pipeline, to: Route, **asked: Any) -> tuple[bytes, CallFailed]:
    reply = await around.call(request(to, stream=True, **asked))
    seen = b""
    with pytest.raises(CallFailed) as caught:
        async for event in reply.events:
            seen += event.raw
    return seen, caught.value


def chunks(seen: bytes) -> list[dict[str, Any]]:
    frames = [frame.removeprefix(b"data: ") for frame in seen.split(b"\n\n") if frame]
    return [msgspec.json.decode(frame) for frame in frames if frame != b"[DONE]"]


def text_of(seen: bytes) -> str:
    return "".join(c["choices"][0]["delta"].get("content", "") for c in chunks(seen) if c["choices"])


@pytest.mark.parametrize(
    "reason",
    ["stream_cut", "timeout", "server_error", "overloaded", "rate_limited", "bad_reply", "connection"],
)
async def test_the_text_goes_on_where_it_broke(reason: FailureReason) -> None:
    cut: list[Step] = [opening(), chunk("A court"), failed(reason)]
    around = pipeline(Vendor(east=[cut], west=[REST]))
    seen = await read(await around.call(request(continuing(), stream=True)))
    assert text_of(seen) == "A courtyard."
    assert around.vendor.closed == ["east", "west"]
    assert seen.endswith(b"data: [DONE]\n\n")


async def test_the_next_target_is_asked_to_go_on_from_what_was_said() -> None:
    around = pipeline(Vendor(east=[CUT], west=[REST]))
    await read(await around.call(request(continuing(), stream=True)))
    question, said, wish = around.vendor.bodies[1]["messages"]
    assert question == {"role": "user", "content": "What is a madang?"}
    assert said == {"role": "assistant", "content": "A court"}
    assert (wish["role"], "exactly where it stopped" in wish["content"]) == ("user", True)


async def test_the_place_is_marked_in_the_stream_in_a_way_every_client_can_read() -> None:
    around = pipeline(Vendor(east=[CUT], west=[REST]))
    seen = await read(await around.call(request(continuing(), stream=True)))
    (mark,) = [each for each in chunks(seen) if "madang" in each]
    assert mark["madang"] == {"continued_on": "west", "after": "stream_cut"}
    assert (mark["object"], mark["choices"]) == (
        "chat.completion.chunk",
        [{"index": 0, "delta": {}, "finish_reason": None}],
    )
    assert seen.index(b"A court") < seen.index(b'"madang"') < seen.index(b"yard")


async def test_the_trace_has_the_whole_text_both_attempts_and_what_both_cost() -> None:
    around = pipeline(Vendor(east=[CUT], west=[REST]))
    await read(await around.call(request(continuing(), stream=True)))
    root, first, second = around.trace
    assert (root.status, root.deployment, root.attempts) == ("ok", "west", 2)
    assert json.loads(root.output)["choices"][0]["message"]["content"] == "A courtyard."
    assert [(span.deployment, span.error_type) for span in (first, second)] == [("east", "stream_cut"), ("west", "")]
    assert second.attributes["madang.attempt.reason"].startswith("continues after stream_cut; ")
    # Estimated from what was seen of the first: 17 letters asked, 7 answered, at 4.4 a token.
    assert first.attributes["madang.attempt.estimated"] == "true"
    assert (root.input_tokens, root.output_tokens) == (4 + 10, 2 + 4)
    assert root.cost_usd == Decimal(14 * 1 + 6 * 2) / 1_000_000
    assert root.attributes["madang.usage.estimated"] == "true"


async def test_the_first_token_is_the_one_that_the_caller_saw_first() -> None:
    around = pipeline(Vendor(east=[CUT], west=[REST]))
    reply = await around.call(request(continuing(), stream=True))
    async for event in reply.events:
        if b"A court" in event.raw:
            around.hands.seconds += 8
    assert around.trace[0].first_token_ms == 0


async def test_a_second_break_goes_on_once_more_with_all_that_was_said() -> None:
    again: list[Step] = [opening(), chunk("yard"), failed("stream_cut")]
    around = pipeline(Vendor(east=[CUT], west=[again], south=[streamed(" with", " trees.")]))
    seen = await read(await around.call(request(continuing(EAST, WEST, SOUTH), stream=True)))
    assert text_of(seen) == "A courtyard with trees."
    assert [message["content"] for message in around.vendor.bodies[2]["messages"][:2]] == [
        "What is a madang?",
        "A courtyard",
    ]
    assert len(around.vendor.bodies[2]["messages"]) == 3


async def test_a_third_break_is_told() -> None:
    around = pipeline(Vendor(any=[CUT] * 4))
    seen, failure = await seen_until_failure(around, continuing(EAST, WEST, SOUTH, NORTH))
    assert (failure.reason, around.vendor.asked) == ("stream_cut", ["east", "west", "south"])
    assert text_of(seen) == "A court" * 3
    assert around.vendor.open == 0


async def test_a_target_that_broke_is_not_asked_to_go_on() -> None:
    around = pipeline(Vendor(east=[CUT]))
    _, failure = await seen_until_failure(around, continuing(EAST))
    assert failure.message == "cut"
    assert around.vendor.asked == ["east"]


async def test_when_nobody_can_go_on_the_caller_hears_how_the_answer_broke() -> None:
    around = pipeline(Vendor(east=[CUT], west=[[failed("authentication", 401)]]))
    seen, failure = await seen_until_failure(around, continuing())
    assert (text_of(seen), failure.message, failure.reason) == ("A court", "cut", "stream_cut")
    root, *attempts = around.trace
    assert root.error_type == "stream_cut"
    assert [span.error_type for span in attempts] == ["stream_cut", "authentication"]
    assert b'"madang"' not in seen


async def test_one_that_cannot_go_on_leaves_it_to_the_next() -> None:
    around = pipeline(Vendor(east=[CUT], west=[[failed("server_error")]], south=[REST]))
    seen = await read(await around.call(request(continuing(EAST, WEST, SOUTH), stream=True)))
    assert text_of(seen) == "A courtyard."


def tool_call() -> bytes:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":'}}
    choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}
    return b"data: " + msgspec.json.encode({"id": "c1", "model": "m", "choices": [choice]}) + b"\n\n"


@pytest.mark.parametrize(
    ("body", "steps"),
    [
        ({}, [opening(), chunk("Let me see."), tool_call(), failed("stream_cut")]),
        ({}, [opening(), tool_call(), failed("stream_cut")]),
        ({"response_format": {"type": "json_object"}}, CUT),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "s"}}}, CUT),
        ({"n": 2}, CUT),
        ({}, [opening(), chunk("A court"), ending()[0], failed("stream_cut")]),
    ],
    ids=["text then tool", "tool", "json object", "json schema", "two answers", "finished"],
)
async def test_what_cannot_be_put_together_ends_with_a_clean_error(body: dict[str, Any], steps: list[Step]) -> None:
    around = pipeline(Vendor(east=[steps], west=[REST]))
    _, failure = await seen_until_failure(around, continuing(), body=body)
    assert failure.reason == "stream_cut"
    assert around.vendor.asked == ["east"]
    assert around.trace[0].error_type == "stream_cut"


@pytest.mark.parametrize("reason", ["content_filter", "invalid_request", "context_overflow"])
async def test_an_answer_that_was_stopped_for_what_it_said_is_not_continued(reason: FailureReason) -> None:
    around = pipeline(Vendor(east=[[opening(), chunk("A court"), failed(reason)]], west=[REST]))
    _, failure = await seen_until_failure(around, continuing())
    assert (failure.reason, around.vendor.asked) == (reason, ["east"])


async def test_without_the_route_saying_so_a_broken_stream_ends_with_a_clean_error() -> None:
    around = pipeline(Vendor(east=[CUT], west=[REST]))
    seen, failure = await seen_until_failure(around, route(EAST, WEST))
    assert (text_of(seen), failure.reason, around.vendor.asked) == ("A court", "stream_cut", ["east"])
    assert b"[DONE]" not in seen


async def test_a_silence_that_is_too_long_is_a_break_too() -> None:
    silent: list[Step] = [opening(), chunk("A court"), 60.0]
    around = pipeline(Vendor(east=[silent], west=[REST]))
    seen = await read(await around.call(request(continuing(idle_timeout_s=0.02), stream=True)))
    assert text_of(seen) == "A courtyard."
    assert around.vendor.closed == ["east", "west"]


async def test_when_the_calls_time_is_over_nobody_is_asked_to_go_on() -> None:
    around = pipeline(Vendor(east=[CUT], west=[REST]))
    reply = await around.call(request(continuing(), stream=True))
    with pytest.raises(CallFailed):
        async for _ in reply.events:
            around.hands.seconds = 600.0
    assert around.vendor.asked == ["east"]


async def test_the_calls_deadline_holds_for_the_part_that_goes_on() -> None:
    around = pipeline(Vendor(east=[CUT], west=[[opening(), chunk("yard"), 60.0]]))
    seen, failure = await seen_until_failure(around, continuing(), deadline=0.1)
    assert (text_of(seen), failure.code) == ("A courtyard", "deadline_exceeded")
    assert around.vendor.open == 0


@pytest.mark.parametrize("leaves_at", [b'"madang"', b"yard"], ids=["at the mark", "in the second part"])
async def test_a_caller_who_leaves_after_the_break_stops_the_second_vendor(leaves_at: bytes) -> None:
    around = pipeline(Vendor(east=[CUT], west=[[opening(), chunk("yard"), 60.0]]))
    reply = await around.call(request(continuing(), stream=True))
    async for event in reply.events:
        if leaves_at in event.raw:
            break
    await reply.events.aclose()
    assert around.vendor.closed == ["east", "west"]
    assert [span.error_type for span in around.trace] == ["cancelled", "stream_cut", "cancelled"]
    assert around.books.latency.in_flight(WEST) == 0


async def test_a_caller_who_is_cancelled_while_the_next_one_is_asked_leaves_one_trace() -> None:
    around = pipeline(Vendor(east=[CUT], west=[[60.0]]))
    reply = await around.call(request(continuing(), stream=True))
    task = asyncio.ensure_future(read(reply))
    while around.vendor.asked != ["east", "west"]:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert around.vendor.closed == ["east", "west"]
    assert [span.error_type for span in around.trace] == ["cancelled", "stream_cut", "cancelled"]


async def test_retries_are_not_multiplied_by_going_on() -> None:
    around = pipeline(Vendor(east=[[failed("server_error")], CUT], west=[[failed("server_error")]] * 9))
    to = continuing(EAST, retries=1, fallbacks=(Route("mini", (WEST,)),))
    around.books.health.failed(WEST, failed("rate_limited", 429, retry_after_s=50.0), 0.0)
    with pytest.raises(CallFailed):
        await read(await around.call(request(to, stream=True)))
    assert len(around.vendor.asked) <= 2 + 1


@pytest.mark.parametrize("reason", ["content_filter", "context_overflow"])
async def test_whom_a_failure_ruled_out_is_not_asked_to_go_on_either(reason: FailureReason) -> None:
    """East refused, so only a vendor that is allowed (or a longer context) may be asked, also when that one breaks."""
    east = target("east", order=1, vendor="azure", context_window=8_000)
    west = target("west", order=2, vendor="anthropic", context_window=32_000)
    south = target("south", order=3, vendor="azure", context_window=8_000)
    to = route(east, west, south, policy=Policy(on_cut="continue", policy_block_vendors=("anthropic",)))
    around = pipeline(Vendor(east=[[failed(reason, 400)], REST], west=[CUT], south=[REST]))
    seen, told = await seen_until_failure(around, to)
    assert (text_of(seen), told.reason) == ("A court", "stream_cut")
    assert around.vendor.asked == ["east", "west"]


async def test_a_prompt_without_a_break_is_sent_as_it_was() -> None:
    around = pipeline(Vendor(east=[REST]))
    seen = await read(await around.call(request(continuing(), stream=True)))
    assert text_of(seen) == "yard."
    assert b"madang" not in seen
