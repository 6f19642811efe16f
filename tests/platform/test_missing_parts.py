"""Parts of the platform that are away or damaged: calls go on, readiness says what is wrong, and spans arrive later."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.running_platform import Platform, running_platform, until


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform of these tests' own, as they break it."""
    with running_platform(tmp_path_factory.mktemp("missing") / "home") as running:
        yield running


@contextlib.contextmanager
def store_away(platform: Platform) -> Iterator[None]:
    """Kills the store and keeps it from coming back until the end of the block."""
    lock = os.open(platform.home / "run" / "store.lock", os.O_RDWR)
    try:
        platform.kill("store")
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def test_without_the_store_calls_go_on_and_their_spans_arrive_later(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    with store_away(platform):
        answers = [platform.chat(alias), platform.chat(alias, stream=True)]
        assert [answer.status for answer in answers] == [200, 200]
        told = until(lambda: _not_ok(platform, "store"), "readiness tells of the store")
        assert "Nothing is lost" in told["reason"]
        shown = platform.browser().get(f"/api/projects/{platform.project_id()}/traces")
        assert shown.status == 503 and shown.error["message"]
    for answer in answers:
        assert platform.trace_of(answer)["trace"]["status"] == "ok"
    until(lambda: platform.readiness()["status"] == "ok", "all is well again")


def test_without_the_worker_spans_wait(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    platform.kill("worker")
    answer = platform.chat(alias)
    assert answer.status == 200
    assert platform.trace_of(answer)["trace"]["status"] == "ok"


@contextlib.contextmanager
def database_damaged(platform: Platform) -> Iterator[None]:
    """Overwrites the database, and at the end puts it back as it was and starts the server anew with it."""
    kept = {path: path.read_bytes() for path in platform.home.glob("madang.db*") if path.suffix != ".db-shm"}
    try:
        for path in platform.home.glob("madang.db*"):
            path.write_bytes(b"nothing of a database " * 4000)
        yield
    finally:
        for path in platform.home.glob("madang.db*"):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
        if platform.pid_of("server") is not None:
            platform.kill("server")
        until(platform.is_live, "the server is back")


def test_without_the_database_calls_go_on_and_readiness_tells(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    with database_damaged(platform):
        told = until(lambda: _not_ok(platform, "database"), "readiness tells of the database")
        assert "calls go on" in told["reason"]
        answer = platform.chat(alias)
        assert answer.status == 200
        assert platform.chat("gpt-nowhere").status == 404
    assert platform.trace_of(answer)["trace"]["status"] == "ok"


def test_a_server_that_finds_its_database_damaged_is_started_until_it_is_mended(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    with database_damaged(platform):
        platform.kill("server")
        until(lambda: "server ended with code 2" in platform.output.read_text(), "the server finds the damage")
        assert platform.process.poll() is None
    assert platform.chat(alias).status == 200


def test_a_damaged_spool_file_is_set_aside_and_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_platform(home) as first:
        alias = first.model(first.deployment())
        with store_away(first):
            answer = first.chat(alias)
            first.kill("worker")
            first.stop()
    segment = max((home / "spool").glob("lane-*/*.seg"), key=lambda path: path.stat().st_size)
    whole = segment.read_bytes()
    assert whole
    segment.write_bytes(b"\x00damaged\xf9" * 50 + whole)
    with running_platform(home, ready="any") as second:
        trace = second.trace_of(answer)["trace"]
        assert trace["status"] == "ok"
        told = until(lambda: _not_ok(second, "spool"), "readiness tells of the damage")
        assert told["damaged_files"] == 1


def test_a_wrong_secret_key_stops_only_the_deployments_that_need_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_platform(home, MADANG_SECRET_KEY="the first key of this test") as first:
        sealed = first.model(first.deployment())
        open_to_all = first.model(first.deployment(credential=None))
        first.stop()
    with running_platform(home, ready="any", MADANG_SECRET_KEY="another key of this test") as second:
        told = _not_ok(second, "credentials")
        assert told and "MADANG_SECRET_KEY" in told["reason"]
        assert second.chat(sealed).status == 503
        # The simulator of the first run is gone, but the vendor is asked.
        assert second.chat(open_to_all, stream=True).error["code"] == "connection_failed"
        second.apply({"credentials": [{"name": "vendor", "vendor": "openai", "api_key": "sk-entered-again"}]})
        assert second.readiness()["parts"]["credentials"]["ok"]


def _not_ok(platform: Platform, part: str) -> dict[str, Any] | None:
    """What readiness says about a part that is not well, and None when it is well."""
    report = platform.readiness()
    told: dict[str, Any] = report["parts"][part]
    if told["ok"]:
        return None
    assert report["status"] == "degraded"
    return told
