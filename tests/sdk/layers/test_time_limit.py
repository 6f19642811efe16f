"""One timer for many waits: it ends what takes too long, and never hides that somebody else cancelled."""

import asyncio

import pytest

from madang.layers.time_limit import TimeLimit

pytestmark = pytest.mark.anyio

SILENCE = 60.0  # seconds; only a limit can end it
SOON = 0.02


async def test_a_wait_that_takes_too_long_ends_with_a_timeout_and_leaves_the_task_usable() -> None:
    limit = TimeLimit()
    limit.set(SOON)
    with pytest.raises(TimeoutError), limit:
        await asyncio.sleep(SILENCE)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_each_wait_has_its_own_time() -> None:
    limit = TimeLimit()
    for _ in range(5):
        limit.set(0.5)
        with limit:
            await asyncio.sleep(0.15)
    limit.close()


async def test_a_shorter_limit_after_a_longer_one_holds() -> None:
    limit = TimeLimit()
    limit.set(SILENCE)
    with limit:
        await asyncio.sleep(0)
    limit.set(SOON)
    with pytest.raises(TimeoutError), limit:
        await asyncio.sleep(SILENCE)


async def test_time_between_two_waits_does_not_count() -> None:
    limit = TimeLimit()
    limit.set(SOON)
    with limit:
        await asyncio.sleep(0)
    await asyncio.sleep(4 * SOON)
    limit.set(SILENCE)
    with limit:
        await asyncio.sleep(0)
    limit.close()


async def test_a_limit_still_holds_after_its_timer_has_run_out_between_two_waits() -> None:
    limit = TimeLimit()
    limit.set(SOON)
    with limit:
        await asyncio.sleep(0)
    await asyncio.sleep(4 * SOON)
    limit.set(SOON)
    with pytest.raises(TimeoutError), limit:
        await asyncio.sleep(SILENCE)


async def test_who_is_cancelled_from_outside_is_not_told_of_a_timeout() -> None:
    async def wait() -> None:
        limit = TimeLimit()
        limit.set(SILENCE)
        try:
            with limit:
                await asyncio.sleep(SILENCE)
        finally:
            limit.close()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_cancellation_goes_before_a_limit_that_strikes_at_the_same_time() -> None:
    async def wait() -> None:
        limit = TimeLimit()
        limit.set(SOON)
        with limit:
            try:
                await asyncio.sleep(SILENCE)
            except (
                asyncio.CancelledError
            ):  # the limit has struck; before this task is done with it, it is cancelled too
                struck.set()
                await asyncio.sleep(SILENCE)

    struck = asyncio.Event()
    task = asyncio.create_task(wait())
    await struck.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_an_error_of_the_waiting_itself_goes_through() -> None:
    limit = TimeLimit()
    limit.set(SILENCE)
    with pytest.raises(ValueError, match="mine"), limit:
        raise ValueError("mine")
    limit.close()


async def test_one_limit_serves_the_tasks_that_wait_one_after_the_other() -> None:
    limit = TimeLimit()

    async def wait() -> str:
        limit.set(SOON)
        try:
            with limit:
                await asyncio.sleep(SILENCE)
        except TimeoutError:
            return "too late"
        return "in time"

    assert [await asyncio.create_task(wait()) for _ in range(2)] == ["too late", "too late"]
