"""Flights by themselves: how long they go on without readers, what is kept, and how much at most. And two processes of
them with one Redis."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from tests.support.redis_process import RedisProcess, redis_process

from madang.calls.request import Replay
from madang.calls.target import Target
from madang.errors import CallFailed
from madang_server.gateway.asgi import Send
from madang_server.gateway.flights import Flight, FlightBook, Landing, ReusedKey, Serve
from madang_server.gateway.shared_answers import SharedAnswers

WAIT_S = 10.0
LANDED = Landing(Replay("joined", "f" * 32, Target("east", "openai", "gpt-4o"), None), None)
FAILED = Landing(LANDED.replay, CallFailed("no", reason="server_error", status=500))


class Answer:
    """An answer whose pieces are said when the test wants it."""

    def __init__(self, landing: Landing = LANDED) -> None:
        self.landing = landing
        self.asked = 0
        self.was_stopped = False
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    def say(self, *pieces: bytes, is_end: bool = True) -> "Answer":
        for piece in pieces:
            self.pieces.put_nowait(piece)
        if is_end:
            self.pieces.put_nowait(None)
        return self

    async def __call__(self, send: Send) -> Landing:
        self.asked += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            while (piece := await self.pieces.get()) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except asyncio.CancelledError:
            self.was_stopped = True
            raise
        return self.landing


def start(book: FlightBook, answer: Serve, key: str = "k", *, window_s: float = 60.0, body: str = "b") -> Flight:
    return book.start(key, body, answer, trace_id="a" * 32, window_s=window_s, deadline=time.monotonic() + WAIT_S)


async def whole(flight: Flight) -> bytes:
    messages = flight.read()
    async with contextlib.aclosing(messages):
        return b"".join([message.get("body", b"") async for message in messages])


async def begin(flight: Flight, pieces: int) -> "AsyncIterator[bytes]":
    """A reader that has read so many pieces; close it to hang up."""
    messages = flight.read()
    for _ in range(pieces + 1):
        await anext(messages)
    return messages  # type: ignore[return-value]  # the test only closes it


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.01)


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await story()

    asyncio.run(bounded())


def test_a_call_that_nobody_reads_goes_on_for_the_grace_time_and_is_then_stopped() -> None:
    async def story() -> None:
        book = FlightBook(grace_s=0.2)
        answer = Answer().say(b"one", is_end=False)
        reader = await begin(start(book, answer), 1)
        await reader.aclose()  # type: ignore[attr-defined]
        await asyncio.sleep(0.05)
        assert not answer.was_stopped and book.find("k", "b") is not None
        await until(lambda: answer.was_stopped)
        assert book.find("k", "b") is None and len(book) == 0

    play(story)


def test_who_comes_back_within_the_grace_time_keeps_the_call_going() -> None:
    async def story() -> None:
        book = FlightBook(grace_s=0.2)
        answer = Answer().say(b"one", is_end=False)
        reader = await begin(start(book, answer), 1)
        await reader.aclose()  # type: ignore[attr-defined]
        again = book.find("k", "b")
        assert again is not None
        reading = asyncio.ensure_future(whole(again))
        await asyncio.sleep(0.4)
        answer.say(b" two")
        assert await reading == b"one two" and answer.asked == 1

    play(story)


def test_who_joins_reads_from_the_beginning_and_follows_live() -> None:
    async def story() -> None:
        book = FlightBook()
        answer = Answer().say(b"one", is_end=False)
        leading = asyncio.ensure_future(whole(start(book, answer)))
        await asyncio.sleep(0.05)
        flight = book.find("k", "b")
        assert flight is not None
        messages = flight.read()
        assert (await anext(messages))["status"] == 200 and (await anext(messages))["body"] == b"one"
        answer.say(b" two", is_end=False)
        assert (await anext(messages))["body"] == b" two" and not flight.has_ended
        answer.say()
        await messages.aclose()
        assert await leading == b"one two"

    play(story)


def test_an_answer_that_ends_in_the_grace_time_is_kept() -> None:
    async def story() -> None:
        book = FlightBook(grace_s=5)
        answer = Answer().say(b"one", is_end=False)
        reader = await begin(start(book, answer), 1)
        await reader.aclose()  # type: ignore[attr-defined]
        answer.say(b" two")
        await asyncio.sleep(0.05)
        again = book.find("k", "b")
        assert again is not None and await whole(again) == b"one two"

    play(story)


def test_an_answer_is_forgotten_after_its_window() -> None:
    async def story() -> None:
        book = FlightBook()
        assert await whole(start(book, Answer().say(b"one"), window_s=0.1)) == b"one"
        assert book.find("k", "b") is not None
        await until(lambda: book.find("k", "b") is None)
        assert (book.size, len(book)) == (0, 0)

    play(story)


def test_a_failure_is_not_kept() -> None:
    async def story() -> None:
        book = FlightBook()
        await whole(start(book, Answer(FAILED).say(b"sorry")))
        assert book.find("k", "b") is None and book.size == 0

    play(story)


def test_a_key_with_another_body_is_told_apart() -> None:
    async def story() -> None:
        book = FlightBook()
        await whole(start(book, Answer().say(b"one")))
        with pytest.raises(ReusedKey):
            book.find("k", "another body")

    play(story)


def test_the_oldest_answers_go_when_there_is_no_room() -> None:
    async def story() -> None:
        book = FlightBook(most_bytes=1_000)
        for number in range(20):
            await whole(start(book, Answer().say(b"x" * 100), f"k{number}"))
            assert book.size <= 1_000
        assert book.find("k0", "b") is None and book.find("k19", "b") is not None

    play(story)


def test_a_large_answer_reaches_its_readers_whole_but_is_neither_joined_nor_kept() -> None:
    async def story() -> None:
        book = FlightBook(largest_answer=1_000)
        answer = Answer().say(*[b"x" * 300] * 10)
        flight = start(book, answer)
        assert await whole(flight) == b"x" * 3_000
        assert book.find("k", "b") is None and book.size == 0

    play(story)


def test_a_large_answer_waits_for_its_slowest_reader() -> None:
    async def story() -> None:
        book = FlightBook()
        piece = b"x" * 2**20
        answer = Answer().say(piece, is_end=False)
        flight = start(book, answer)
        slow = await begin(flight, 1)
        fast = asyncio.ensure_future(whole(flight))
        await asyncio.sleep(0.05)
        answer.say(*[piece] * 39)
        await until(lambda: not flight.is_open)
        await asyncio.sleep(0.1)
        assert book.size < 12 * 2**20
        await slow.aclose()  # type: ignore[attr-defined]
        assert len(await fast) == 40 * 2**20
        assert book.size == 0

    play(story)


def test_a_fault_in_the_call_reaches_every_reader() -> None:
    async def broken(send: Send) -> Landing:
        await asyncio.sleep(0.05)
        raise ValueError("a fault")

    async def story() -> None:
        book = FlightBook()
        flight = start(book, broken)
        results = await asyncio.gather(whole(flight), whole(flight), return_exceptions=True)
        assert [type(result) for result in results] == [ValueError, ValueError]
        assert book.find("k", "b") is None

    play(story)


# Two processes


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisProcess]:
    with redis_process() as running:
        yield running


@contextlib.asynccontextmanager
async def two_books(redis: RedisProcess) -> AsyncIterator[tuple[FlightBook, FlightBook]]:
    shared = [SharedAnswers(redis.url, time.monotonic) for _ in range(2)]
    books = [FlightBook(elsewhere=each) for each in shared]
    try:
        yield books[0], books[1]
    finally:
        for book in books:
            await book.close()
        for each in shared:
            await each.close()


def test_a_call_under_way_in_one_process_is_waited_for_in_the_other(redis: RedisProcess) -> None:
    async def story() -> None:
        async with two_books(redis) as (one, two):
            first, second = Answer().say(b"one", is_end=False), Answer().say(b"never said")
            led = asyncio.ensure_future(whole(start(one, first, "under-way")))
            await until(lambda: first.asked == 1)
            joined = start(two, second, "under-way")
            joining = asyncio.ensure_future(whole(joined))
            await asyncio.sleep(0.2)
            first.say(b" two")
            assert await led == await joining == b"one two"
            assert second.asked == 0 and not joined.is_paid_here and joined.trace_id == LANDED.replay.trace_id

    play(story)


def test_after_a_failure_in_one_process_the_other_makes_the_call(redis: RedisProcess) -> None:
    async def story() -> None:
        async with two_books(redis) as (one, two):
            first, second = Answer(FAILED), Answer().say(b"well")
            led = asyncio.ensure_future(whole(start(one, first, "failing")))
            await until(lambda: first.asked == 1)
            joining = asyncio.ensure_future(whole(start(two, second, "failing")))
            first.say(b"sorry")
            assert (await led, await joining) == (b"sorry", b"well")

    play(story)


def test_another_body_is_refused_in_the_other_process_too(redis: RedisProcess) -> None:
    async def story() -> None:
        async with two_books(redis) as (one, two):
            await whole(start(one, Answer().say(b"one"), "reused"))
            with pytest.raises(ReusedKey):
                await whole(start(two, Answer().say(b"two"), "reused", body="another"))

    play(story)


def test_of_a_process_that_died_no_call_is_waited_for_long(redis: RedisProcess) -> None:
    async def story() -> None:
        async with two_books(redis) as (one, two):
            dead = SharedAnswers(redis.url, time.monotonic)
            assert (
                await dead.claim("died", "b", time.monotonic() + 1) is None
            )  # it never tells an end, nor renews its mark
            await dead.close()
            assert await whole(start(two, Answer().say(b"mine"), "died")) == b"mine"
            assert one.find("died", "b") is None

    play(story)


def test_without_redis_each_process_answers_by_itself(redis: RedisProcess) -> None:
    async def story() -> None:
        async with two_books(redis) as (one, two):
            redis.stop()
            try:
                assert await whole(start(one, Answer().say(b"one"), "gone")) == b"one"
                assert await whole(start(two, Answer().say(b"two"), "gone")) == b"two"
            finally:
                redis.start()

    play(story)
