"""Time limits: until the first content of a stream, between two pieces, and for the whole call."""

import asyncio

import pytest
from tests.sdk.layers.fake_vendor import Step, Vendor, chunk, ending, opening, pipeline, read, streamed, whole
from tests.sdk.request_builder import request, route, target

from madang.errors import CallFailed

pytestmark = pytest.mark.anyio

SILENCE = 60.0  # seconds; far above every limit here, so that only a limit can end it
SOON = 0.02


async def test_a_stream_whose_first_word_is_late_goes_to_another_target() -> None:
    slow: list[Step] = [opening(), SILENCE, *streamed()]
    around = pipeline(Vendor(east=[slow], west=[streamed("Hello")]))
    to = route(target("east"), target("west", order=2), first_token_timeout_s=SOON)
    assert b"Hello" in await read(await around.call(request(to, stream=True)))
    assert around.vendor.closed == ["east", "west"], "the slow vendor's call must be stopped"
    assert [span.error_type for span in around.trace[1:]] == ["timeout", ""]


async def test_a_late_first_word_is_not_paid_for_twice_at_the_same_target() -> None:
    around = pipeline(Vendor(east=[[SILENCE]]))
    with pytest.raises(CallFailed, match=r"'east': no answer for 0.02 s") as caught:
        await around.call(request(route(target("east"), first_token_timeout_s=SOON, retries=3), stream=True))
    assert (caught.value.reason, caught.value.status) == ("timeout", 504)
    assert around.vendor.asked == ["east"]


async def test_the_first_word_may_be_as_late_as_the_answer_when_nobody_streams() -> None:
    around = pipeline(Vendor(east=[[2 * SOON, *whole()]]))
    to = route(target("east"), first_token_timeout_s=SOON)
    assert b"courtyard" in await read(await around.call(request(to)))


async def test_a_stream_that_pauses_too_long_ends_with_a_timeout() -> None:
    around = pipeline(Vendor(east=[[chunk("Hello"), SILENCE, *ending()]]))
    reply = await around.call(request(route(target("east"), idle_timeout_s=SOON), stream=True))
    seen = b""
    with pytest.raises(CallFailed, match="the answer paused") as caught:
        async for event in reply.events:
            seen += event.raw
    assert b"Hello" in seen
    assert caught.value.reason == "timeout"
    assert around.vendor.closed == ["east"]


async def test_short_pauses_do_not_add_up() -> None:
    steps: list[Step] = []
    for _ in range(5):
        steps += [chunk("Hello"), 0.25]
    around = pipeline(Vendor(east=[[*steps, *ending()]]))
    to = route(target("east"), idle_timeout_s=1.0)
    assert (await read(await around.call(request(to, stream=True)))).count(b"Hello") == 5


@pytest.mark.parametrize("stream", [False, True])
async def test_the_whole_call_has_a_limit(stream: bool) -> None:
    around = pipeline(Vendor(any=[[SILENCE]] * 3))
    with pytest.raises(CallFailed) as caught:
        await around.call(request(route(target("east")), stream=stream, deadline=SOON))
    assert caught.value.reason == "timeout"


async def test_the_limit_of_the_whole_call_holds_between_pieces_too() -> None:
    around = pipeline(Vendor(east=[[chunk("Hello"), SILENCE, *ending()]]))
    reply = await around.call(request(route(target("east")), stream=True, deadline=0.1))
    with pytest.raises(CallFailed, match="not whole when the call's time was over"):
        await read(reply)


async def test_a_caller_who_cancels_is_not_told_of_a_timeout() -> None:
    around = pipeline(Vendor(east=[[SILENCE]]))
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(around.call(request(route(target("east"), first_token_timeout_s=50.0))), SOON)
    assert around.trace[0].error_type == "cancelled"
