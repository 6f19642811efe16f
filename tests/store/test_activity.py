"""What models and their deployments did: counted from calls and attempts in the store, by hour."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.store.store_process import a_span

from madang_server.spans.deployments import Activity, activity_of
from madang_server.spans.models import calls_of
from madang_server.spans.row import encode_row
from madang_server.storage.clickhouse.client import Store

LATEST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # of some hour; spans older than 90 days go


def attempt(number: int, at: datetime, took_ms: int = 100, **more: Any) -> Any:
    start_us = int(at.timestamp() * 1_000_000)
    given = {"kind": "attempt", "is_root": False, "deployment": "east", "end_us": start_us + took_ms * 1000}
    return a_span(number, start_us=start_us, **{**given, **more})


def failed(number: int, at: datetime, error_type: str, **more: Any) -> Any:
    return attempt(number, at, status="error", error_type=error_type, **more)


def keep(store: Store, project: str, *spans: Any) -> None:
    store.insert_json("spans", b"\n".join(encode_row(project, span, version=1) for span in spans))


def of_gpt(store: Store, project: str, *names: str) -> list[Activity]:
    return activity_of(store, project, "gpt-4o", names or ("east",), LATEST - timedelta(hours=2), LATEST)


def test_calls_answers_and_failures_are_counted_by_deployment(store: Store, project: str) -> None:
    hour_ago = LATEST - timedelta(hours=1)
    keep(
        store,
        project,
        attempt(1, hour_ago),
        failed(2, hour_ago, "timeout"),
        failed(3, hour_ago, "rate_limited"),
        failed(4, hour_ago, "timeout"),
        failed(5, hour_ago, "cancelled"),
        attempt(6, hour_ago, deployment="west"),
        a_span(7, start_us=int(hour_ago.timestamp()) * 1_000_000, deployment="east"),  # the call itself
    )
    east, west, idle = of_gpt(store, project, "east", "west", "idle")
    assert (east.calls, east.answered, east.cancelled) == (5, 1, 1)
    assert list(east.errors.items()) == [("timeout", 2), ("rate_limited", 1)]
    assert (west.calls, west.answered, dict(west.errors)) == (1, 1, {})
    assert (idle.calls, idle.p50_ms, idle.first_token_p50_ms) == (0, None, None)


def test_latency_is_of_answered_requests_and_the_first_token_of_streams(store: Store, project: str) -> None:
    at = LATEST - timedelta(minutes=30)
    keep(
        store,
        project,
        attempt(1, at, 100),
        attempt(2, at, 300, first_token_ms=40),
        failed(3, at, "timeout", took_ms=60_000),
    )
    east = of_gpt(store, project)[0]
    assert east.p50_ms is not None and 100 <= east.p50_ms <= 300
    assert east.p99_ms is not None and east.p99_ms <= 300
    assert (east.first_token_p50_ms, east.first_token_p95_ms) == (40, 40)


def test_every_hour_of_the_range_is_there(store: Store, project: str) -> None:
    keep(
        store,
        project,
        attempt(1, LATEST - timedelta(minutes=90)),
        failed(2, LATEST - timedelta(minutes=80), "connection"),
    )
    hours = of_gpt(store, project)[0].hours
    assert [(hour.time, hour.calls, hour.failures) for hour in hours] == [
        (LATEST - timedelta(hours=2), 2, 1),
        (LATEST - timedelta(hours=1), 0, 0),
    ]


def test_other_models_times_and_projects_are_left_out(store: Store, project: str) -> None:
    at = LATEST - timedelta(minutes=5)
    keep(
        store,
        project,
        attempt(1, at, model="other"),
        attempt(2, LATEST - timedelta(hours=3)),
        attempt(3, LATEST),
    )
    keep(store, f"{project}-of-others", attempt(4, at))
    assert of_gpt(store, project)[0].calls == 0


def call(number: int, at: datetime, took_ms: int = 100, **more: Any) -> Any:
    start_us = int(at.timestamp() * 1_000_000)
    return a_span(number, start_us=start_us, **{"end_us": start_us + took_ms * 1000, **more})


def test_a_call_counts_once_for_its_model_whatever_its_attempts(store: Store, project: str) -> None:
    at = LATEST - timedelta(minutes=30)
    keep(
        store,
        project,
        call(1, at, 100),
        failed(2, at, "timeout"),
        attempt(3, at),
        call(4, at, status="error", error_type="timeout"),
        call(5, at, status="error", error_type="cancelled"),
        call(6, at, 300, model="other"),
    )
    gpt, other, idle = calls_of(store, project, ["gpt-4o", "other", "idle"], LATEST - timedelta(hours=2), LATEST)
    assert (gpt.calls, gpt.failures, gpt.p50_ms) == (3, 1, 100)
    assert [(hour.calls, hour.failures) for hour in gpt.hours] == [(0, 0), (3, 1)]
    assert (other.calls, other.p95_ms) == (1, 300)
    assert (idle.calls, idle.p50_ms, len(idle.hours)) == (0, None, 2)
