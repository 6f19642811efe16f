"""What a call cost that never came to tell: estimated from what was seen of it, marked, and never in place of the truth."""

import asyncio
import gc
from decimal import Decimal

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
    whole,
)
from tests.sdk.request_builder import request, route, target

from madang.calls.operation import Operation
from madang.calls.span import Span
from madang.calls.target import Price
from madang.errors import CallFailed, FailureReason

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

PRICE = Price(input=Decimal(1), output=Decimal(2), per_request=Decimal(1))
EAST = target("east", price=PRICE, vendor="openai")
PROMPT = 4  # tokens of "What is a madang?", 17 letters at 4.4 a token
HELLO = "Hello there, this is our courtyard."  # 35 letters, 8 tokens


def told(attempt: Span) -> tuple[object, ...]:
    names = ("input_tokens", "output_tokens", "cost_usd", "estimated")
    given, said, cost, is_estimated = (attempt.attributes.get(f"madang.attempt.{name}") for name in names)
    return given, said, cost and Decimal(cost), is_estimated


def estimated(output_tokens: int, input_tokens: int = PROMPT) -> tuple[object, ...]:
    return str(input_tokens), str(output_tokens), Decimal(input_tokens + 2 * output_tokens) / 1_000_000, "true"


async def failing(*steps: Step, stream: bool = False, operation: Operation = "chat", **fields: float) -> Pipeline:
    around = pipeline(Vendor(any=[list(steps)]))
    with pytest.raises(CallFailed):
        to = route(EAST, retries=0, **fields)
        await read(await around.call(request(to, stream=stream, operation=operation)))
    return around


@both_ways
async def test_a_call_that_took_too_long_has_been_worked_on(stream: bool) -> None:
    around = await failing(60.0, stream=stream, first_token_timeout_s=0.02, answer_timeout_s=0.02)
    assert told(around.trace[1]) == estimated(0)
    assert around.trace[0].cost_usd == Decimal("0.000004")
    assert around.trace[0].attributes["madang.usage.estimated"] == "true"


async def test_of_a_stream_that_broke_the_text_that_came_is_counted() -> None:
    around = await failing(opening(), chunk(HELLO), failed("stream_cut"), stream=True)
    assert told(around.trace[1]) == estimated(8)


async def test_a_stream_that_paused_for_ever_is_counted() -> None:
    around = await failing(opening(), chunk(HELLO), 60.0, stream=True, idle_timeout_s=0.02)
    assert told(around.trace[1]) == estimated(8)


@pytest.mark.parametrize("reason", ["server_error", "overloaded", "bad_reply"])
async def test_an_error_after_text_does_not_make_the_text_free(reason: FailureReason) -> None:
    around = await failing(opening(), chunk(HELLO), failed(reason), stream=True)
    assert told(around.trace[1]) == estimated(8)


@both_ways
async def test_a_call_whose_caller_left_is_counted(stream: bool) -> None:
    around = pipeline(Vendor(any=[[60.0]]))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(around.call(request(route(EAST), stream=stream)), 0.02)
    assert told(around.trace[1]) == estimated(0)


async def test_a_stream_that_nobody_reads_to_its_end_leaves_a_trace_with_what_it_cost() -> None:
    around = pipeline(Vendor(any=[streamed(HELLO, "never read")]))
    reply = await around.call(request(route(EAST), stream=True))
    async for event in reply.events:
        if HELLO.encode() in event.raw:
            break
    await reply.events.aclose()
    root, attempt = around.trace
    assert (root.error_type, root.cost_usd) == ("cancelled", Decimal("0.00002"))
    assert told(attempt) == estimated(8)


async def test_a_stream_that_is_forgotten_without_being_closed_leaves_its_trace_too() -> None:
    around = pipeline(Vendor(any=[streamed(HELLO, "never read")]))
    reply = await around.call(request(route(EAST), stream=True))
    async for event in reply.events:
        if HELLO.encode() in event.raw:
            break
    del reply, event
    async with asyncio.timeout(10):
        while not around.traces:
            gc.collect()
            await asyncio.sleep(0.001)
    assert around.trace[0].error_type == "cancelled"
    assert told(around.trace[1]) == estimated(8)
    assert around.vendor.open == 0


@both_ways
@pytest.mark.parametrize(
    "reason",
    ["server_error", "overloaded", "rate_limited", "connection", "authentication", "invalid_request", "content_filter"],
)
async def test_a_call_that_was_turned_away_cost_nothing_that_we_know(reason: FailureReason, stream: bool) -> None:
    around = await failing(failed(reason), stream=stream)
    assert told(around.trace[1]) == (None, None, None, None)
    assert around.trace[0].cost_usd is None


async def test_what_the_vendor_counted_goes_before_any_estimate() -> None:
    *_, usage, _ = ending((1000, 8))
    around = await failing(opening(), chunk(HELLO), usage, failed("stream_cut"), stream=True)
    assert told(around.trace[1]) == ("1000", "8", Decimal("0.001016"), None)


async def test_text_that_came_after_the_vendor_counted_is_added_and_marked() -> None:
    """As of a vendor that tells at the beginning what it has read."""
    usage = ending((1000, 1))[1]
    around = await failing(opening(), usage, chunk(HELLO), failed("stream_cut"), stream=True)
    assert told(around.trace[1]) == estimated(1 + 8, input_tokens=1000)


@both_ways
async def test_a_whole_answer_without_usage_stays_unknown(stream: bool) -> None:
    around = pipeline(Vendor(any=[streamed(HELLO, tokens=None) if stream else whole(HELLO, tokens=None)]))
    await read(await around.call(request(route(EAST), stream=stream)))
    assert told(around.trace[1]) == (None, None, None, None)


async def test_thinking_and_tool_calls_are_paid_for_like_text() -> None:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "x" * 44}}
    thinking = _frame({"reasoning_content": "y" * 44})
    around = await failing(opening(), thinking, _frame({"tool_calls": [call]}), failed("stream_cut"), stream=True)
    assert told(around.trace[1]) == estimated(20)


@pytest.mark.parametrize("operation", ["embeddings", "images", "transcription"])
async def test_what_is_not_text_is_not_estimated(operation: Operation) -> None:
    around = await failing(60.0, operation=operation, answer_timeout_s=0.02)
    assert told(around.trace[1]) == (None, None, None, None)


async def test_where_the_price_is_unknown_only_the_tokens_are_estimated() -> None:
    around = pipeline(Vendor(any=[[60.0]]))
    with pytest.raises(CallFailed):
        await around.call(request(route(target("east"), retries=0, answer_timeout_s=0.02)))
    assert told(around.trace[1]) == (str(PROMPT), "0", None, "true")
    assert around.trace[0].cost_usd is None


async def test_an_attempt_that_was_estimated_and_one_that_answered_are_added_up() -> None:
    west = target("west", price=PRICE, order=2)
    around = pipeline(Vendor(east=[[60.0]], west=[whole()]))
    await read(await around.call(request(route(EAST, west, answer_timeout_s=0.02))))
    root = around.trace[0]
    assert (root.input_tokens, root.output_tokens) == (PROMPT + 10, 4)
    assert root.cost_usd == Decimal(PROMPT + 10 + 2 * 4) / 1_000_000 + 1, "the fee for the one answer"
    assert root.attributes["madang.usage.estimated"] == "true"


def _frame(delta: dict[str, object]) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return b"data: " + msgspec.json.encode({"id": "c1", "model": "m", "choices": [choice]}) + b"\n\n"
