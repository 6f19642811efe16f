"""Killing parts of the platform outright while it is used: nothing that was acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Iterator, Sequence

import pytest
from tests.support.load import SPANS_PER_BATCH, Acknowledged, load_on
from tests.support.running_platform import Part, Platform, running_platform, until

KILLS = 20
BACK_S = 5.0


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform of these tests' own, as they break it."""
    with running_platform(tmp_path_factory.mktemp("survival") / "home") as running:
        yield running


@pytest.fixture
def alias(platform: Platform) -> str:
    """A model whose answers take long enough to be hit in their middle."""
    return platform.model(platform.deployment(first_token_ms=5, per_token_ms=2, output_tokens=[10, 40]))


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed_twenty_times(
    platform: Platform, alias: str
) -> None:
    back_after_s: list[float] = []

    async def run() -> Acknowledged:
        async with load_on(platform, alias) as seen:
            for _ in range(KILLS):
                await _more(seen, 40)
                await asyncio.sleep(random.uniform(0, 0.1))
                back_after_s.append(await asyncio.to_thread(_kill_server, platform))
            await _more(seen, 40)
        return seen

    seen = asyncio.run(run())
    assert min(len(seen.whole), len(seen.streamed), len(seen.batches)) > KILLS
    _assert_stored_once(platform, seen)
    # The median, as a busy machine may delay one of them.
    assert statistics.median(back_after_s) < BACK_S, back_after_s


@pytest.mark.parametrize("part", ["worker", "store"])
def test_calls_go_on_and_spans_arrive_once_while_a_part_is_killed(platform: Platform, alias: str, part: Part) -> None:
    async def run() -> Acknowledged:
        async with load_on(platform, alias) as seen:
            for _ in range(3):
                await _more(seen, 60)
                before = platform.pid_of(part)
                await asyncio.to_thread(platform.kill, part)
                await asyncio.to_thread(until, lambda: platform.pid_of(part) not in (None, before), f"{part} is back")  # noqa: B023
            await _more(seen, 60)
        return seen

    seen = asyncio.run(run())
    assert seen.failed == []
    _assert_stored_once(platform, seen)


async def _more(seen: Acknowledged, count: int) -> None:
    """Returns when so many more requests were acknowledged."""
    wanted = len(seen) + count
    deadline = time.monotonic() + 60
    while len(seen) < wanted:
        assert time.monotonic() < deadline, f"no traffic gets through: {seen.failed[-3:]}"
        await asyncio.sleep(0.01)


def _kill_server(platform: Platform) -> float:
    """Kills the server and gives back after how many seconds it answered again."""
    platform.kill("server")
    began = time.monotonic()
    until(platform.is_live, "the server answers again", within_s=60)
    return time.monotonic() - began


def _assert_stored_once(platform: Platform, seen: Acknowledged) -> None:
    acknowledged = set(seen.calls) | set(seen.batches)
    stored: dict[str, dict[str, int]] = {}

    def all_there() -> bool:
        stored.clear()
        stored.update(_stored(platform))
        return acknowledged <= stored.keys()

    try:
        until(all_there, "all spans are in the store", within_s=60)
    except AssertionError:
        missing = acknowledged - stored.keys()
        kinds = {name: len(missing & set(ids)) for name, ids in vars(seen).items()}
        pytest.fail(f"{len(missing)} of {len(acknowledged)} acknowledged traces are not stored: {kinds}")
    twice = [trace_id for trace_id, row in stored.items() if row["rows"] != row["spans"]]
    assert twice == []
    assert _wrong(seen.calls, stored, roots=1) == []
    assert [trace_id for trace_id in seen.batches if stored[trace_id]["rows"] != SPANS_PER_BATCH] == []


def _wrong(trace_ids: Sequence[str], stored: dict[str, dict[str, int]], *, roots: int) -> list[str]:
    """Calls that are not one root with one span for each attempt."""
    rows = ((trace_id, stored[trace_id]) for trace_id in trace_ids)
    return [trace_id for trace_id, row in rows if (row["roots"], row["rows"]) != (roots, roots + row["attempts"])]


def _stored(platform: Platform) -> dict[str, dict[str, int]]:
    """By trace, the rows as they lie in the store, before anything that merging would hide."""
    rows = platform.rows(
        "SELECT trace_id, toUInt32(count()) AS rows, toUInt32(uniqExact(span_id)) AS spans, "
        "toUInt32(countIf(is_root AND kind = 'generation')) AS roots, toUInt32(max(attempts)) AS attempts "
        "FROM spans GROUP BY trace_id"
    )
    return {row["trace_id"]: row for row in rows}
