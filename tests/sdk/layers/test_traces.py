"""Every call leaves exactly one trace: a root with what it consumed in all, and each attempt with its reason."""

import asyncio
import json
import logging
from collections.abc import Sequence
from decimal import Decimal

import pytest
from tests.sdk.layers.fake_vendor import Pipeline, Step, Vendor, chunk, failed, opening, pipeline, read, streamed, whole
from tests.sdk.request_builder import TRACE_ID, request, route, target

from madang.calls.reply import Reply
from madang.calls.request import Caller
from madang.calls.span import Span
from madang.calls.target import Price, Route
from madang.errors import CallFailed

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

PRICE = Price(input=Decimal("2.50"), output=Decimal(10))
EAST, WEST = target("east", price=PRICE, region="koreacentral"), target("west", order=2, price=PRICE)


def answer(stream: bool) -> list[Step]:
    return streamed() if stream else whole()


async def trace_of(around: Pipeline, to: Route, *, stream: bool = False) -> tuple[Span, ...]:
    await read(await around.call(request(to, stream=stream)))
    return around.trace


@both_ways
async def test_a_call_is_one_root_with_totals_and_one_span_per_attempt(stream: bool) -> None:
    around = pipeline(Vendor(east=[[failed("server_error", 503)]], west=[answer(stream)]))
    root, first, second = await trace_of(around, route(EAST, WEST), stream=stream)
    assert (root.kind, root.is_root, root.attempts, root.status, root.name) == (
        "generation",
        True,
        2,
        "ok",
        "chat chat",
    )
    assert (root.deployment, root.model, root.response_model) == ("west", "chat", "gpt-4o-2024")
    assert (root.input_tokens, root.output_tokens, root.cost_usd) == (10, 4, Decimal("0.000065"))
    assert root.cost_details == {"input": Decimal("0.000025"), "output": Decimal("0.00004")}
    assert [(span.kind, span.deployment, span.status, span.error_type) for span in (first, second)] == [
        ("attempt", "east", "error", "server_error"),
        ("attempt", "west", "ok", ""),
    ]
    assert {span.parent_span_id for span in (first, second)} == {root.span_id}
    assert {span.trace_id for span in around.trace} == {TRACE_ID}


async def test_every_attempt_says_why_it_was_made_and_how_it_ended() -> None:
    around = pipeline(Vendor(east=[[failed("server_error", 503)]], west=[[failed("overloaded", 529)], whole()]))
    _, *attempts = await trace_of(around, route(EAST, WEST))
    told = [(s.attributes["madang.attempt.reason"], s.attributes["madang.attempt.outcome"]) for s in attempts]
    assert told == [
        ("order 1", "server_error"),
        ("after east: server_error; order 2", "overloaded"),
        ("retry 1 of 2 after overloaded", "answered"),
    ]
    assert [span.attributes["madang.attempt.number"] for span in attempts] == ["1", "2", "3"]
    assert attempts[0].attributes["http.response.status_code"] == "503"
    assert attempts[0].attributes["madang.target.region"] == "koreacentral"


@both_ways
async def test_sums_over_all_spans_count_a_call_once(stream: bool) -> None:
    around = pipeline(Vendor(any=[answer(stream)]))
    spans = await trace_of(around, route(EAST), stream=stream)
    assert sum(span.cost_usd or 0 for span in spans) == Decimal("0.000065")
    assert sum(span.input_tokens or 0 for span in spans) == 10
    assert spans[1].attributes["madang.attempt.cost_usd"] == "0.000065"
    assert spans[1].attributes["madang.attempt.output_tokens"] == "4"


async def test_streamed_and_whole_answers_leave_the_same_output() -> None:
    outputs = []
    for stream in (False, True):
        spans = await trace_of(pipeline(Vendor(any=[answer(stream)])), route(EAST), stream=stream)
        output = json.loads(spans[0].output)
        outputs.append((output["id"], output["model"], output["choices"]))
    assert outputs[0] == outputs[1]


async def test_a_call_whose_price_is_unknown_costs_nobody_knows_how_much() -> None:
    root, _ = await trace_of(pipeline(Vendor(any=[whole()])), route(target("east")))
    assert (root.cost_usd, root.cost_details, root.input_tokens) == (None, {}, 10)


async def test_tokens_the_vendor_does_not_report_are_unknown_and_not_zero() -> None:
    root, _ = await trace_of(pipeline(Vendor(any=[whole(tokens=None)])), route(EAST))
    assert (root.input_tokens, root.output_tokens, root.cost_usd) == (None, None, None)


async def test_only_streams_have_a_time_to_the_first_token() -> None:
    around = pipeline(Vendor(any=[whole(), [failed("server_error")], streamed()]))
    to = route(EAST)
    await read(await around.call(request(to)))
    await read(await around.call(request(to, stream=True)))
    assert around.traces[0][0].first_token_ms is None
    root, _, second = around.traces[1]
    assert root.first_token_ms == pytest.approx(around.hands.slept[0] * 1000, abs=1)
    assert second.first_token_ms == 0


async def test_the_callers_context_is_in_the_trace() -> None:
    caller = Caller("p", "pk-md-1", TRACE_ID, "b" * 16, "s1", "u1", "staging", "v1", ("a", "b"))
    around = pipeline(Vendor(any=[whole()]))
    body = {"temperature": 0.5, "metadata": {"feature": "menu", "nested": {"no": 1}}}
    await read(await around.call(request(route(EAST), caller=caller, body=body)))
    root = around.trace[0]
    assert (root.parent_span_id, root.session_id, root.user_id, root.tags) == ("b" * 16, "s1", "u1", ("a", "b"))
    assert (root.environment, root.release, root.key_id) == ("staging", "v1", "pk-md-1")
    assert root.attributes["gen_ai.request.temperature"] == "0.5"
    assert root.attributes["metadata.feature"] == "menu"
    assert "metadata.nested" not in root.attributes


async def test_huge_texts_are_cut_wherever_they_stand() -> None:
    around = pipeline(Vendor(any=[whole("x" * 3_000_000)]))
    body = {
        "messages": [{"role": "user", "content": "y" * 3_000_000}],
        "metadata": {str(number): "z" * 100_000 for number in range(200)},
        "reasoning_effort": "w" * 1_000_000,
    }
    await read(await around.call(request(route(EAST), body=body)))
    root = around.trace[0]
    assert len(root.input) + len(root.output) < 2_200_000
    assert sum(map(len, root.attributes.values())) < 100_000


async def test_a_call_that_failed_leaves_its_attempts_and_tells_the_caller_where_they_are() -> None:
    around = pipeline(Vendor(any=[[failed("server_error", words="first")], [failed("server_error", words="second")]]))
    with pytest.raises(CallFailed) as caught:
        await around.call(request(route(EAST, retries=1)))
    assert caught.value.trace_id == TRACE_ID
    root, first, second = around.trace
    assert (root.status, root.error_type, root.attempts, root.output) == ("error", "server_error", 2, "")
    assert (first.status_message, second.status_message) == ("first", "second")


async def test_a_stream_that_broke_leaves_what_it_said_and_tells_the_caller_where_that_is() -> None:
    around = pipeline(Vendor(any=[[opening(), chunk("Hello")]]))
    reply = await around.call(request(route(EAST), stream=True))
    with pytest.raises(CallFailed) as caught:
        await read(reply)
    assert caught.value.trace_id == TRACE_ID
    root, attempt = around.trace
    assert (root.error_type, attempt.error_type) == ("stream_cut", "stream_cut")
    assert json.loads(root.output)["choices"][0]["message"]["content"] == "Hello"


async def test_a_call_cancelled_while_waiting_leaves_one_trace_with_its_attempts_so_far() -> None:
    around = pipeline(Vendor(east=[[failed("server_error")]], west=[[60.0]]))
    task = asyncio.create_task(_answered(around, route(EAST, WEST)))
    while around.vendor.asked != ["east", "west"]:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    root, first, second = around.trace
    assert (root.status, root.error_type) == ("error", "cancelled")
    assert (first.error_type, second.error_type) == ("server_error", "cancelled")


async def test_a_stream_cancelled_in_the_middle_leaves_one_trace_and_stops_the_vendor() -> None:
    around = pipeline(Vendor(any=[[opening(), chunk("Hello"), 60.0]]))
    reply = await around.call(request(route(EAST), stream=True))
    seen = asyncio.Event()

    async def reading() -> None:
        async for _ in reply.events:
            seen.set()

    task = asyncio.create_task(reading())
    await seen.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [span.error_type for span in around.trace] == ["cancelled", "cancelled"]
    assert around.vendor.closed == ["east"]


async def test_a_stream_closed_early_leaves_one_trace_with_what_was_said() -> None:
    around = pipeline(Vendor(any=[streamed("Hello", " again", " and", " again")]))
    reply = await around.call(request(route(EAST), stream=True))
    async for event in reply.events:
        if b"again" in event.raw:
            break
    await reply.events.aclose()
    root, attempt = around.trace
    assert (root.error_type, attempt.error_type) == ("cancelled", "cancelled")
    assert json.loads(root.output)["choices"][0]["message"]["content"] == "Hello again"
    assert around.vendor.closed == ["east"]


async def test_a_fault_of_our_own_is_told_as_such_and_not_as_the_callers_leaving() -> None:
    around = pipeline(Vendor(any=[[ZeroDivisionError("secret words")]]))
    with pytest.raises(ZeroDivisionError):
        await around.call(request(route(EAST)))
    root, attempt = around.trace
    assert (root.error_type, attempt.error_type) == ("server_error", "server_error")
    assert root.status_message == "A fault in Madang itself (ZeroDivisionError)."


@both_ways
async def test_a_sink_that_raises_never_breaks_the_call(stream: bool, caplog: pytest.LogCaptureFixture) -> None:
    def broken(project_id: str, spans: Sequence[Span]) -> None:
        raise RuntimeError("secret words")

    around = pipeline(Vendor(any=[answer(stream)]), sink=broken)
    with caplog.at_level(logging.ERROR):
        assert b"courtyard" in await read(await around.call(request(route(EAST), stream=stream)))
    assert "A trace was lost: RuntimeError" in caplog.text
    assert "secret words" not in caplog.text


async def test_a_sink_that_raises_does_not_hide_why_a_call_failed() -> None:
    def broken(project_id: str, spans: Sequence[Span]) -> None:
        raise RuntimeError

    around = pipeline(Vendor(any=[[failed("invalid_request", 400)]]), sink=broken)
    with pytest.raises(CallFailed) as caught:
        await around.call(request(route(EAST)))
    assert caught.value.reason == "invalid_request"


async def test_embeddings_are_traced_without_their_vectors() -> None:
    vectors = b'{"object":"list","data":[{"index":0,"embedding":[0.1,0.2]}],"model":"e","usage":{"prompt_tokens":3}}'
    around = pipeline(Vendor(any=[[vectors]]))
    assert await read(await around.call(request(route(EAST), operation="embeddings"))) == vectors
    root = around.trace[0]
    assert (root.kind, root.input_tokens, root.output_tokens, root.output) == ("embedding", 3, None, "")


async def test_the_trace_is_there_before_the_answer_has_ended() -> None:
    around = pipeline(Vendor(any=[whole()]))
    reply = await around.call(request(route(EAST)))
    await read(reply)
    assert len(around.traces) == 1


async def _answered(around: Pipeline, to: Route) -> Reply:
    return await around.call(request(to))
