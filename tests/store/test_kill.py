"""kill -9 of the store and of the worker while spans come in: every span that was taken is stored, and once."""

import random
import threading
import time
from pathlib import Path

import pytest
from tests.store.store_process import StoreProcess, a_span, start_worker, until

from madang_server.spans.row import encode_row
from madang_server.storage.clickhouse.client import Store
from madang_server.storage.spool.writer import open_spool

KILLS = 20


class Ingest:
    """Appends spans without a pause longer than 2 ms until it is stopped."""

    def __init__(self, home: Path) -> None:
        self.taken = 0
        self._spool = open_spool(home / "spool")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        first_us = int(time.time() - 3600) * 1_000_000
        while not self._stop.is_set():
            rows = [
                encode_row("p", a_span(self.taken + n, start_us=first_us + self.taken + n), version=1) for n in range(5)
            ]
            self._spool.append_many(rows)
            self.taken += len(rows)
            time.sleep(0.002)

    def stop(self) -> int:
        self._stop.set()
        self._thread.join(30)
        self._spool.close()
        return self.taken


def counts(store: Store) -> tuple[int, int]:
    """Rows as they lie in the table, and different spans among them."""
    row = store.rows("SELECT count() AS rows, uniqExact(span_id) AS spans FROM spans")[0]
    return row["rows"], row["spans"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["store", "worker"])
def test_nothing_taken_is_lost_or_doubled_when_killed_again_and_again(tmp_path: Path, victim: str) -> None:
    randomness = random.Random(11)
    process = StoreProcess(tmp_path)
    process.start()
    worker = start_worker(tmp_path, process.url)
    ingest = Ingest(tmp_path)
    store = Store(process.url)
    try:
        until(lambda: _stored(store) > 0, "the first spans are stored")
        for _ in range(KILLS):
            time.sleep(randomness.uniform(0.05, 0.4))
            if victim == "store":
                process.kill()
                process.start()
            else:
                before = _stored(store)
                worker.kill()
                worker.wait(30)
                worker = start_worker(tmp_path, process.url)
                if randomness.random() < 0.5:  # else it is killed again while it starts
                    until(lambda before=before: _stored(store) > before, "the new worker stores")  # type: ignore[misc]  # mypy: lambda default
        taken = ingest.stop()
        until(lambda: _stored(store) >= taken, "all that was taken is stored")
        assert counts(store) == (taken, taken)
    finally:
        ingest.stop()
        worker.kill()
        worker.wait(30)
        process.kill()


def _stored(store: Store) -> int:
    return counts(store)[0] if store.answers() and _has_table(store) else 0


def _has_table(store: Store) -> bool:
    found = store.rows(
        "SELECT count() AS n FROM system.tables WHERE database = 'madang' AND name = 'spans'", database="system"
    )
    return bool(found[0]["n"])
