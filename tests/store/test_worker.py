"""Spans go from the spool into the store once, soon, and past whatever stands in their way."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.store.store_process import StoreProcess, a_span, until

from madang_server.settings import SettingsError, read_settings
from madang_server.spans.row import encode_row
from madang_server.storage.clickhouse.client import Store
from madang_server.storage.spool.writer import open_spool
from madang_server.worker import run_worker

NOW = int(time.time()) * 1_000_000


@contextmanager
def worker(home: Path, url: str) -> Iterator[None]:
    """A worker in a thread, stopped at the end."""
    settings = read_settings({"MADANG_HOME": str(home), "MADANG_CLICKHOUSE_URL": url})
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run_worker(settings, stop)))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def append(home: Path, rows: list[bytes]) -> None:
    spool = open_spool(home / "spool")
    spool.append_many(rows)
    spool.close()


def spans_of(store: Store, project: str) -> list[dict[str, Any]]:
    return store.rows("SELECT * FROM spans WHERE project_id = {p:String} ORDER BY start_time", {"p": project})


def status(home: Path) -> dict[str, Any]:
    path = home / "run" / "worker.json"
    read: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return read


def test_a_span_arrives_with_all_its_fields(
    tmp_path: Path, store: Store, store_process: StoreProcess, project: str
) -> None:
    span = a_span(
        1, start_us=NOW + 123_456, cost_usd=Decimal("0.000000123"), cost_details={"input": Decimal("1E-7")},
        tags=("a", "b"), attributes={"k": "v;'\n"}, cached_tokens=0, input='{"messages":[{"role":"user","content":"마당"}]}',
        output='{"choices":[{"message":{"content":"네"}}]}',
    )  # fmt: skip
    append(tmp_path, [encode_row(project, span, version=1)])
    with worker(tmp_path, store_process.url):
        until(lambda: len(spans_of(store, project)) == 1, "the span is stored")
    row = store.rows(
        "SELECT *, input_preview, output_preview FROM spans WHERE project_id = {p:String}", {"p": project}
    )[0]
    assert (row["trace_id"], row["cost_usd"], row["cost_details"]) == (
        span.trace_id, span.cost_usd, {"input": Decimal("1E-7")},
    )  # fmt: skip
    assert (row["tags"], row["attributes"], row["input_tokens"], row["cached_tokens"]) == (
        ["a", "b"],
        {"k": "v;'\n"},
        None,
        0,
    )
    assert row["start_time"].timestamp() == pytest.approx(span.start_us / 1e6, abs=1e-6)
    assert (row["input_preview"], row["output_preview"]) == ("마당", "네")


def test_spans_of_several_months_and_lanes_all_arrive(
    tmp_path: Path, store: Store, store_process: StoreProcess, project: str
) -> None:
    month_us = 31 * 86_400 * 1_000_000
    first, second = open_spool(tmp_path / "spool"), open_spool(tmp_path / "spool")
    for number in range(60):
        row = encode_row(project, a_span(number, start_us=NOW - (number % 3) * month_us), version=1)
        (first if number % 2 else second).append(row)
    with worker(tmp_path, store_process.url):
        until(lambda: len(spans_of(store, project)) == 60, "all spans are stored")
    first.close()
    second.close()


def test_a_row_the_store_cannot_read_is_set_aside_and_the_rest_is_stored(
    tmp_path: Path, store: Store, store_process: StoreProcess, project: str
) -> None:
    rows = [encode_row(project, a_span(number, start_us=NOW + number), version=1) for number in range(20)]
    rows[7] = rows[7][:-1] + b',"attempts":"secret words"}'
    rows[13] = b"not a row"
    append(tmp_path, rows)
    with worker(tmp_path, store_process.url):
        until(lambda: status(tmp_path).get("refused_records") == 2, "two rows are set aside")
        until(lambda: len(spans_of(store, project)) == 18, "the rest is stored")
    kept = list((tmp_path / "spool" / "damaged").glob("refused-*.jsonl"))
    assert len(kept[0].read_text().splitlines()) == 2
    assert "secret" not in json.dumps(status(tmp_path))


def test_spans_wait_while_the_store_is_away_and_arrive_when_it_is_back(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    process.start()
    with worker(tmp_path, process.url):
        until(lambda: status(tmp_path).get("state") == "running", "the worker runs")
        process.kill()
        append(tmp_path, [encode_row("p", a_span(1, start_us=NOW), version=1)])
        until(lambda: status(tmp_path).get("state") == "store_down", "the worker says that the store is down")
        assert status(tmp_path)["backlog_bytes"] > 0
        process.start()
        store = Store(process.url)
        until(lambda: len(spans_of(store, "p")) == 1, "the span is stored")
        until(lambda: status(tmp_path).get("backlog_bytes") == 0, "nothing waits")
    process.stop()


def test_a_second_worker_waits_until_the_first_is_gone(
    tmp_path: Path, store: Store, store_process: StoreProcess, project: str
) -> None:
    with worker(tmp_path, store_process.url):
        until(lambda: status(tmp_path).get("state") == "running", "the first runs")
        with worker(tmp_path, store_process.url):
            append(tmp_path, [encode_row(project, a_span(1, start_us=NOW), version=1)])
            until(lambda: len(spans_of(store, project)) == 1, "the span is stored")
    assert len(spans_of(store, project)) == 1


def hourly(store: Store, project: str) -> list[tuple[str, int, int, Decimal]]:
    rows = store.rows(
        "SELECT model, spans, errors, cost_usd FROM spans_hourly FINAL WHERE project_id = {p:String} ORDER BY model",
        {"p": project},
    )
    return [(row["model"], row["spans"], row["errors"], row["cost_usd"]) for row in rows]


def test_hourly_totals_count_a_span_once_whatever_became_of_it(
    tmp_path: Path, store: Store, store_process: StoreProcess, project: str
) -> None:
    span = a_span(1, start_us=NOW, cost_usd=Decimal("0.5"), model="first")
    other = a_span(2, start_us=NOW, cost_usd=Decimal("0.25"), model="second", status="error")
    append(tmp_path, [encode_row(project, span, version=1), encode_row(project, other, version=1)] * 2)
    with worker(tmp_path, store_process.url):
        until(lambda: len(hourly(store, project)) == 2, "the hour is computed")
    assert hourly(store, project) == [("first", 1, 0, Decimal("0.5")), ("second", 1, 1, Decimal("0.25"))]

    # The same span again with another model: its old group has nothing any more.
    append(tmp_path, [encode_row(project, a_span(1, start_us=NOW, cost_usd=Decimal("0.5"), model="second"), version=2)])
    with worker(tmp_path, store_process.url):
        until(lambda: hourly(store, project)[-1][1] == 2, "the hour is computed again")
    assert hourly(store, project) == [("first", 0, 0, Decimal(0)), ("second", 2, 1, Decimal("0.75"))]


def test_a_worker_without_a_store_says_which_setting_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MADANG_CLICKHOUSE_URL"):
        asyncio.run(run_worker(read_settings({"MADANG_HOME": str(tmp_path)}), asyncio.Event()))
