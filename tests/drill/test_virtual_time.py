"""A loop whose time passes as soon as nothing else is to be done."""

import asyncio

import pytest

from madang_server.drill.virtual_time import VirtualTimeLoop


def test_sleepers_wake_in_the_sequence_of_their_time_and_at_exactly_it() -> None:
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, asyncio.get_running_loop().time()))

    async def both() -> None:
        await asyncio.gather(sleeper("an hour", 3600), sleeper("a minute", 60))

    loop = VirtualTimeLoop()
    loop.run_until_complete(both())
    loop.close()
    assert [name for name, _ in woken] == ["a minute", "an hour"]
    assert [at for _, at in woken] == pytest.approx([60, 3600])


def test_a_time_limit_strikes_by_the_virtual_clock() -> None:
    async def too_long() -> None:
        async with asyncio.timeout(30):
            await asyncio.sleep(86_400)

    loop = VirtualTimeLoop()
    with pytest.raises(TimeoutError):
        loop.run_until_complete(too_long())
    assert loop.time() == pytest.approx(30)
    loop.close()


def test_something_that_waits_for_the_world_outside_is_told_instead_of_hanging() -> None:
    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    loop = VirtualTimeLoop()
    with pytest.raises(RuntimeError, match="waits for the world outside"):
        loop.run_until_complete(forever())
    loop.close()
