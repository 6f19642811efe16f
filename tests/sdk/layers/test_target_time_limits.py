"""The limits of one target: what runs out of them goes to the next, and what they say about the target."""

import socket
from collections.abc import Iterator

import pytest
from tests.sdk.layers.fake_vendor import Step, Vendor, chunk, opening, pipeline, read, streamed, whole
from tests.sdk.request_builder import request, route, target

from madang.calls.reply import Reply
from madang.calls.request import Request
from madang.errors import CallFailed
from madang.providers.aiohttp_transport import AiohttpTransport
from madang.providers.openai import openai_call

pytestmark = pytest.mark.anyio

SILENCE = 60.0  # seconds
SOON = 0.02
EAST, WEST = target("east"), target("west", order=2)


async def test_a_whole_answer_that_takes_too_long_goes_to_the_next_target() -> None:
    around = pipeline(Vendor(east=[[SILENCE]], west=[whole()]))
    assert b"courtyard" in await read(await around.call(request(route(EAST, WEST, answer_timeout_s=SOON))))
    assert around.vendor.closed == ["east", "west"]
    assert around.trace[1].status_message == "Deployment 'east': no answer for 0.02 s, the limit for this call."


async def test_the_limit_of_whole_answers_does_not_hold_for_streams() -> None:
    around = pipeline(Vendor(east=[[2 * SOON, *streamed()]]))
    assert b"yard" in await read(await around.call(request(route(EAST, answer_timeout_s=SOON), stream=True)))


async def test_every_target_has_the_time_anew() -> None:
    slow: list[Step] = [0.2, *whole()]
    around = pipeline(Vendor(east=[[SILENCE]], west=[slow]))
    assert b"courtyard" in await read(await around.call(request(route(EAST, WEST, answer_timeout_s=0.4))))


@pytest.mark.parametrize("stream", [False, True])
async def test_after_three_calls_in_vain_a_silent_target_is_not_waited_for(stream: bool) -> None:
    answered = streamed() if stream else whole()
    around = pipeline(Vendor(east=[[SILENCE]] * 3, west=[answered] * 5))
    to = route(EAST, WEST, first_token_timeout_s=SOON, answer_timeout_s=SOON)
    for _ in range(5):
        await read(await around.call(request(to, stream=stream)))
    assert around.vendor.asked.count("east") == 3


@pytest.mark.parametrize("stream", [False, True])
async def test_a_caller_who_gives_little_time_does_not_make_a_target_rest(stream: bool) -> None:
    around = pipeline(Vendor(east=[[SILENCE]] * 5))
    for _ in range(5):
        with pytest.raises(CallFailed) as caught:
            await around.call(request(route(EAST, WEST), stream=stream, deadline=SOON))
        assert caught.value.code == "deadline_exceeded"
    assert around.books.health.of(EAST, 0.0).state == "healthy"


async def test_a_shorter_deadline_goes_before_the_targets_own_limit() -> None:
    around = pipeline(Vendor(east=[[SILENCE]]))
    to = route(EAST, first_token_timeout_s=SILENCE, idle_timeout_s=SILENCE)
    with pytest.raises(CallFailed) as caught:
        await around.call(request(to, stream=True, deadline=SOON))
    assert caught.value.code == "deadline_exceeded"


async def test_a_pause_is_held_against_the_target_and_the_end_of_the_call_is_not() -> None:
    paused: list[Step] = [opening(), chunk("Hello"), SILENCE]
    for limits, deadline, code in (({"idle_timeout_s": SOON}, 600.0, "timeout"), ({}, SOON, "deadline_exceeded")):
        around = pipeline(Vendor(east=[paused]))
        with pytest.raises(CallFailed) as caught:
            await read(await around.call(request(route(EAST, **limits), stream=True, deadline=deadline)))
        assert caught.value.code == code


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port whose connections are never made: its queue is full, and the system drops who knocks."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port: int = listener.getsockname()[1]
    knocking = [socket.socket() for _ in range(4)]
    for each in knocking:
        each.setblocking(False)
        each.connect_ex(("127.0.0.1", port))
    yield port
    for each in (*knocking, listener):
        each.close()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_target_that_cannot_be_connected_to_in_time_goes_to_the_next(deaf_port: int, stream: bool) -> None:
    transport = AiohttpTransport()
    over_http, spoken = openai_call(transport), Vendor(west=[streamed() if stream else whole()])

    async def either(asked: Request) -> Reply:
        assert asked.target is not None
        return await (over_http if asked.target.name == "east" else spoken)(asked)

    around = pipeline(spoken, asks=either)
    east = target("east", vendor="openai", base_url=f"http://127.0.0.1:{deaf_port}/v1", api_key="k")
    try:
        reply = await around.call(request(route(east, WEST, connect_timeout_s=0.05), stream=stream))
        assert b"yard" in await read(reply)
    finally:
        await transport.close()
    first = around.trace[1]
    assert (first.error_type, first.status_message) == (
        "connection",
        "Deployment 'east' could not be reached at '127.0.0.1': connecting took too long.",
    )
    assert "madang.attempt.estimated" not in first.attributes, "what never left is not paid for"
