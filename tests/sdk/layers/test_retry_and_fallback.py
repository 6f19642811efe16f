"""Who is asked again and who is asked instead, before the first content and after it, streamed and not."""

import pytest
from tests.sdk.layers.fake_vendor import Step, Vendor, chunk, failed, opening, pipeline, read, streamed, whole
from tests.sdk.request_builder import request, route, target

from madang.calls.target import Route
from madang.errors import CallFailed, FailureReason

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

EAST, WEST = target("east"), target("west", order=2)


def answer(stream: bool) -> list[Step]:
    return streamed() if stream else whole()


@both_ways
async def test_a_failing_target_is_asked_again_after_a_growing_wait(stream: bool) -> None:
    around = pipeline(Vendor(any=[[failed("server_error")], [failed("overloaded")], answer(stream)]))
    reply = await around.call(request(route(EAST, retries=2), stream=stream))
    assert b"courtyard" in await read(reply)
    assert around.vendor.asked == ["east"] * 3
    first, second = around.hands.slept
    assert 0.125 <= first <= 0.25 <= second <= 0.5


@both_ways
async def test_another_target_is_asked_at_once(stream: bool) -> None:
    around = pipeline(Vendor(east=[[failed("server_error")]], west=[answer(stream)]))
    reply = await around.call(request(route(EAST, WEST), stream=stream))
    assert b"courtyard" in await read(reply)
    assert reply.target.name == "west"
    assert around.hands.slept == []


async def test_what_the_vendor_asks_to_wait_is_waited() -> None:
    around = pipeline(Vendor(any=[[failed("rate_limited", 429, retry_after_s=17.5)], whole()]))
    await read(await around.call(request(route(EAST))))
    assert around.hands.slept == [17.5]


async def test_a_wait_longer_than_the_call_has_left_ends_it_at_once() -> None:
    around = pipeline(Vendor(any=[[failed("rate_limited", 429, retry_after_s=700.0)]]))
    with pytest.raises(CallFailed) as caught:
        await around.call(request(route(EAST)))
    assert (caught.value.status, caught.value.retry_after_s) == (429, 700.0)
    assert around.hands.slept == []


async def test_no_other_target_is_asked_when_the_time_is_over() -> None:
    vendor = Vendor(east=[[failed("server_error")]], west=[whole()])
    around = pipeline(vendor)
    around.hands.seconds = 600.0
    with pytest.raises(CallFailed):
        await around.call(request(route(EAST, WEST), deadline=600.0))
    assert vendor.asked == ["east"]


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
@pytest.mark.parametrize("targets", [1, 2, 4])
async def test_there_are_never_more_requests_than_targets_and_retries_together(targets: int, retries: int) -> None:
    vendor = Vendor(any=[[failed("server_error")]] * 100)
    all_targets = [target(f"t{number}") for number in range(targets)]
    own, others = all_targets[:2], all_targets[2:]
    to = route(*own, retries=retries, fallbacks=(Route("other", tuple(others)),) if others else ())
    with pytest.raises(CallFailed):
        await pipeline(vendor).call(request(to))
    assert len(vendor.asked) == targets + retries


@pytest.mark.parametrize("reason", ["invalid_request", "content_filter"])
@both_ways
async def test_a_request_that_is_wrong_is_sent_once(reason: FailureReason, stream: bool) -> None:
    vendor = Vendor(any=[[failed(reason, 400)]])
    with pytest.raises(CallFailed) as caught:
        await pipeline(vendor).call(
            request(route(EAST, WEST, fallbacks=(Route("mini", (target("m"),)),)), stream=stream)
        )
    assert vendor.asked == ["east"]
    assert (caught.value.status, caught.value.reason) == (400, reason)


async def test_a_prompt_that_is_too_long_goes_to_a_model_that_may_take_it() -> None:
    around = pipeline(Vendor(east=[[failed("context_overflow", 400)]], large=[whole()]))
    reply = await around.call(request(route(EAST, fallbacks=(Route("large", (target("large"),)),))))
    assert reply.target.name == "large"


async def test_fallback_models_are_tried_in_their_order() -> None:
    vendor = Vendor(any=[[failed("server_error")]] * 3, c=[whole()])
    fallbacks = (Route("b", (target("b"),)), Route("c", (target("c"),)))
    await read(await pipeline(vendor).call(request(route(EAST, WEST, fallbacks=fallbacks))))
    assert vendor.asked == ["east", "west", "b", "c"]


async def test_a_throttled_target_is_not_asked_first_by_the_next_call() -> None:
    vendor = Vendor(east=[[failed("rate_limited", 429, retry_after_s=20.0)], whole()], west=[whole(), whole()])
    around = pipeline(vendor)
    to = route(EAST, WEST)
    for _ in range(2):
        await read(await around.call(request(to)))
    assert vendor.asked == ["east", "west", "west"]
    around.hands.seconds += 20
    await read(await around.call(request(to)))
    assert vendor.asked[-1] == "east"


async def test_a_stream_that_fails_before_its_first_word_goes_to_another_target() -> None:
    broken: list[Step] = [opening(), b'data: {"error":{"message":"overheated"}}\n\n']
    around = pipeline(Vendor(east=[broken], west=[streamed("Hello")]))
    reply = await around.call(request(route(EAST, WEST), stream=True))
    seen = await read(reply)
    assert b"Hello" in seen
    assert seen.count(b'"role"') == 1, "nothing of the broken stream may be seen"
    assert around.vendor.closed == ["east", "west"]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ([b'data: {"error":{"message":"overheated"}}\n\n'], "server_error"),
        ([b"data: {oops\n\n"], "bad_reply"),
        ([], "stream_cut"),
        ([failed("stream_cut")], "stream_cut"),
    ],
)
async def test_a_stream_that_fails_after_its_first_word_is_never_repeated(
    end: list[Step], reason: FailureReason
) -> None:
    vendor = Vendor(east=[[opening(), chunk("Hello"), *end]], west=[streamed()])
    around = pipeline(vendor)
    reply = await around.call(request(route(EAST, WEST), stream=True))
    seen = b""
    with pytest.raises(CallFailed) as caught:
        async for event in reply.events:
            seen += event.raw
    assert b"Hello" in seen
    assert caught.value.reason == reason
    assert vendor.asked == ["east"]


async def test_a_whole_answer_that_breaks_off_goes_to_another_target() -> None:
    around = pipeline(Vendor(east=[[b'{"choices":[{"mess']], west=[whole()]))
    assert b"courtyard" in await read(await around.call(request(route(EAST, WEST))))


async def test_a_wrong_vendor_key_is_our_configuration_and_not_the_callers_401() -> None:
    around = pipeline(Vendor(any=[[failed("authentication", 401, words="Incorrect key")]]))
    with pytest.raises(CallFailed, match="Deployment 'east' is not set up correctly") as caught:
        await around.call(request(route(EAST)))
    assert (caught.value.status, caught.value.code) == (502, "deployment_misconfigured")


async def test_the_last_failure_says_how_many_attempts_there_were() -> None:
    around = pipeline(
        Vendor(any=[[failed("server_error", words="first")], [failed("overloaded", 503, words="second")]])
    )
    with pytest.raises(CallFailed, match=r"second \(the last of 2 attempts\)") as caught:
        await around.call(request(route(EAST, WEST, retries=0)))
    assert caught.value.status == 503


async def test_a_model_without_a_deployment_says_what_to_do() -> None:
    with pytest.raises(CallFailed, match="Enable one on the Models page") as caught:
        await pipeline(Vendor()).call(request(Route("chat", ())))
    assert caught.value.reason == "no_target"


@pytest.mark.parametrize(
    ("reason", "status", "told"),
    [
        ("context_overflow", 413, (400, "context_length_exceeded")),
        ("rate_limited", 429, (429, "rate_limit_exceeded")),
        ("quota_exhausted", 402, (429, "insufficient_quota")),
        ("overloaded", 503, (503, "TheVendorsWord")),
    ],
)
async def test_what_openai_has_a_word_for_is_called_by_it(
    reason: FailureReason, status: int, told: tuple[int, str]
) -> None:
    failure = CallFailed("words", reason=reason, status=status, code="TheVendorsWord", request_id="req_1")
    around = pipeline(Vendor(east=[[failure]]))
    with pytest.raises(CallFailed, match=r"^words$") as caught:
        await around.call(request(route(target("east"), retries=0)))
    assert (caught.value.status, caught.value.code) == told
    assert caught.value.request_id == "req_1"


async def test_a_vendor_s_own_error_in_openai_s_shape_stays_as_it_is() -> None:
    failure = CallFailed("words", reason="rate_limited", status=429, code="429", body=b'{"error":{"code":"429"}}')
    around = pipeline(Vendor(east=[[failure]]))
    with pytest.raises(CallFailed) as caught:
        await around.call(request(route(target("east"), retries=0)))
    assert (caught.value.code, caught.value.body) == ("429", failure.body)


async def test_the_id_that_only_the_failure_knows_is_in_the_trace() -> None:
    failure = CallFailed("words", reason="server_error", status=500, request_id="req_in_the_body")
    around = pipeline(Vendor(east=[[failure]]))
    with pytest.raises(CallFailed):
        await around.call(request(route(target("east"), retries=0)))
    assert around.trace[1].attributes["madang.attempt.request_id"] == "req_in_the_body"
