"""Limits on whole platforms: over restarts, and held together by two servers with one Redis and one database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.limits.callers import LimitedProject, rush
from tests.support.redis_process import RedisProcess, redis_process
from tests.support.running_platform import Platform, running_platform, until

SECRET = "s" * 32


def saved(home: Path, limit_id: str) -> Decimal:
    """US dollars that the database knows of."""
    with sqlite3.connect(home / "madang.db") as database:
        asked = "SELECT COALESCE(SUM(nano_usd), 0) FROM limit_counts WHERE limit_id = ?"
        return Decimal(database.execute(asked, (limit_id,)).fetchone()[0]) / 10**9


def test_money_and_refusals_are_still_counted_after_a_restart_and_after_a_crash(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_platform(home) as platform:
        project = LimitedProject(platform)
        model = project.model(output_tokens=100)
        day, month = project.limit("usd_per_day", "1"), project.limit("usd_per_month", "10")
        paid = Decimal(project.chat(model).headers["x-madang-cost-usd"])
        project.until_used(day, paid)
        full = project.limit("requests_per_minute", 1, scope="user", subject="ann")
        for _ in range(3):
            project.chat(model, user="ann")
        spent = project.used(day)
        until(lambda: saved(home, day) == spent, "what was spent is saved")
        platform.kill("server")
        until(lambda: not platform.is_live() or None, "the server is gone")
        until(platform.is_live, "the server is back")
        until(lambda: project.chat(model).status == 200, "calls are served")
        project.until_used(day, spent + paid)
        last = project.used(day)
    with running_platform(home) as again:
        project.platform = again
        assert project.used(day) == project.used(month) == last
        assert project.shown(full)["refused_today"] == 2


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisProcess]:
    with redis_process() as running:
        yield running


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, redis: RedisProcess) -> Iterator[tuple[Platform, Platform]]:
    """Two platforms on one database and one Redis; models and limits are set at the first."""
    homes = tmp_path_factory.mktemp("pair")
    more: dict[str, Any] = {
        "MADANG_REDIS_URL": redis.url,
        "MADANG_DATABASE_URL": f"sqlite:///{homes / 'shared.db'}",
        "MADANG_SECRET_KEY": SECRET,
    }
    with running_platform(homes / "one", **more) as one, running_platform(homes / "other", **more) as other:
        yield one, other


def in_force(pair: tuple[Platform, Platform]) -> None:
    """Waits until the second platform knows the configuration of the first."""
    one, other = pair
    wanted = one.config_version()
    until(lambda: other.config_version() >= wanted, "the other server has the configuration")


def test_two_servers_let_in_as_many_requests_as_one(pair: tuple[Platform, Platform]) -> None:
    project = LimitedProject(pair[0])
    model = project.model(output_tokens=5)
    project.limit("requests_per_minute", 30)
    in_force(pair)
    together = asyncio.run(rush([each.url for each in pair], project.key, model, 200))
    assert 30 <= len(together.answered) <= 30 + int(together.seconds / 2) + 1


def test_two_servers_spend_one_budget(pair: tuple[Platform, Platform]) -> None:
    project = LimitedProject(pair[0])
    model = project.model(output_tokens=40)
    project.limit("usd_per_day", "0.002")
    in_force(pair)
    together = asyncio.run(rush([each.url for each in pair], project.key, model, 200, max_tokens=50))
    paid = sum(Decimal(call.headers["x-madang-cost-usd"]) for call in together.answered)
    assert together.statuses[429] > 0
    assert Decimal("0.001") < paid <= Decimal("0.002")


def test_health_tells_that_redis_is_gone_and_calls_go_on(pair: tuple[Platform, Platform], redis: RedisProcess) -> None:
    project = LimitedProject(pair[0])
    model = project.model(output_tokens=5)
    project.limit("requests_per_minute", 1_000)
    in_force(pair)
    redis.stop()
    try:
        together = asyncio.run(rush([each.url for each in pair], project.key, model, 40))
        assert together.statuses == {200: 40}
        for each in pair:
            until(lambda each=each: not each.readiness()["parts"]["redis"]["ok"], "health says so")  # type: ignore[misc]
            assert each.readiness()["status"] == "degraded"
    finally:
        redis.start()
    for each in pair:
        until(lambda each=each: each.readiness()["parts"]["redis"]["ok"], "health says so")  # type: ignore[misc]
        assert "limits are held together" in (each.home / "logs" / "server.log").read_text()
