"""Where answers are kept: for their time, within their room, and behind one process in what several share."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from hypothesis import given
from hypothesis import strategies as st
from tests.support.redis_process import redis_process

from madang_server.gateway.kept_answers import KeptAnswers
from madang_server.gateway.shared_answers import SharedAnswers


class Time:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def get(answers: KeptAnswers, key: str) -> bytes | None:
    return asyncio.run(answers.get(key))


def test_an_answer_is_there_for_its_time() -> None:
    now = Time()
    answers = KeptAnswers(now)
    answers.put("k", b"answer", 10)
    now.seconds = 9.9
    assert get(answers, "k") == b"answer"
    now.seconds = 10.0
    assert get(answers, "k") is None and answers.size == 0


def test_what_was_least_lately_used_goes_first() -> None:
    answers = KeptAnswers(Time(), most_bytes=100)
    answers.put("a", b"x" * 40, 60)
    answers.put("b", b"x" * 40, 60)
    assert get(answers, "a") is not None
    answers.put("c", b"x" * 40, 60)
    assert [get(answers, key) is not None for key in "abc"] == [True, False, True]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 130), st.integers(1, 30)), max_size=60))
def test_there_is_never_more_than_there_is_room_for(puts: list[tuple[str, int, int]]) -> None:
    now = Time()
    answers = KeptAnswers(now, most_bytes=100)

    async def story() -> None:
        for key, size, ttl_s in puts:
            now.seconds += 5
            answers.put(key, b"x" * size, ttl_s)
            assert answers.size <= 100
            found = await answers.get(key)
            assert found == (b"x" * size if size <= 100 else None)
        now.seconds += 1_000
        for key in "abcdef":
            assert await answers.get(key) is None
        assert answers.size == 0

    asyncio.run(story())


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await story()

    asyncio.run(bounded())


def test_what_another_process_kept_is_found_and_keeps_its_end() -> None:
    async def story() -> None:
        now = Time()
        one, two = SharedAnswers(redis.url, time.monotonic), SharedAnswers(redis.url, time.monotonic)
        try:
            KeptAnswers(now, shared=one).put("k", b"answer", 5)
            await one.flush()
            other = KeptAnswers(now, shared=two)
            assert await other.get("k") == b"answer"
            found = await two.fetch("k")
            assert found is not None and 0 < found[1] <= 5
            redis.stop()
            assert await other.get("k") == b"answer"  # it has it by itself now
            assert await other.get("unknown") is None
            now.seconds = 5.1
            assert await other.get("k") is None
        finally:
            await one.close()
            await two.close()

    with redis_process() as redis:
        play(story)
