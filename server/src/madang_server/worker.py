"""The worker: brings the trace store's tables up to date, then moves spans from the spool into it until told to stop.

It waits out every absence of the store; what it is doing, and what is wrong, is in run/worker.json.
"""

import asyncio
import json
import logging
import os
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from madang_server.settings import Settings, SettingsError
from madang_server.spans.drain import Drain
from madang_server.spans.hourly import recompute_hours
from madang_server.storage.clickhouse.client import Store
from madang_server.storage.clickhouse.errors import StoreError, StoreRefused
from madang_server.storage.clickhouse.migrate import migrate
from madang_server.storage.spool.drain_lock import SpoolDrained, hold_drain

LINGER_S = 0.5  # between rounds, so that small batches gather; a span is readable within a second
BIG_ROUND = 4_000  # rows; after such a round there is more, so go on at once
ROLL_UP_S = 20.0
STATUS_S = 2.0
LONGEST_PAUSE_S = 3.0
_HOURS_AT_ONCE = 200
_NO_TABLE = (60, 81)
_GUESSED_ROW_BYTES = 2000

_log = logging.getLogger(__name__)


@dataclass
class WorkerStatus:
    """What run/worker.json says. `backlog_records` is estimated from the average size of a row."""

    pid: int = field(default_factory=os.getpid)
    at: str = ""
    state: str = "starting"  # starting, waiting (for another worker), running, store_down
    migrations_applied: list[str] = field(default_factory=list)
    backlog_bytes: int = 0
    backlog_records: int = 0
    stored_records: int = 0
    refused_records: int = 0
    damaged_files: int = 0
    dirty_hours: int = 0
    last_error: str = ""
    last_error_at: str = ""


class Worker:
    """One worker's state; `run` until the event is set. Blocking work is done in threads, one piece at a time."""

    def __init__(self, store: Store, home: Path) -> None:
        self._store = store
        self._spool = home / "spool"
        self._status_path = home / "run" / "worker.json"
        self._status_path.parent.mkdir(parents=True, exist_ok=True)
        self._status = WorkerStatus()
        self._status_due = 0.0
        self._roll_up_due = 0.0
        self._pause_s = LINGER_S

    async def run(self, stop: asyncio.Event) -> None:
        lock = await self._take_over(stop)
        if lock is None:
            return
        try:
            drain = await asyncio.to_thread(Drain, self._store, self._spool)
            migrated = False
            while not stop.is_set():
                rounds = 0
                try:
                    if not migrated:
                        self._status.migrations_applied += await asyncio.to_thread(migrate, self._store)
                        migrated = True
                    rounds = await asyncio.to_thread(drain.step)
                    await self._roll_up(drain)
                    self._recovered()
                except (StoreError, OSError) as error:  # OSError: the disk is full or failing; it may recover
                    migrated = migrated and not (isinstance(error, StoreRefused) and error.code in _NO_TABLE)
                    self._failed(error)
                await self._report(drain)
                if rounds < BIG_ROUND:
                    await _wait(stop, self._pause_s)
            await self._report(drain, now=True)
        finally:
            os.close(lock)

    async def _take_over(self, stop: asyncio.Event) -> int | None:
        """The lock, once the worker that has it is gone; None when told to stop before."""
        while not stop.is_set():
            try:
                return hold_drain(self._spool)
            except SpoolDrained as error:
                self._status.state = "waiting"
                if self._status.last_error != str(error):
                    _log.warning("%s", error)
                    self._status.last_error = str(error)
                await _wait(stop, 1.0)
        return None

    async def _roll_up(self, drain: Drain) -> None:
        now = time.monotonic()
        if now < self._roll_up_due or not len(drain.dirty_hours):
            return
        self._roll_up_due = now + ROLL_UP_S
        hours = drain.dirty_hours.some(_HOURS_AT_ONCE)
        await asyncio.to_thread(recompute_hours, self._store, hours, time.time_ns())
        # Nothing was drained meanwhile: both are done by this task, one after the other.
        await asyncio.to_thread(drain.dirty_hours.discard, hours)

    def _failed(self, error: StoreError | OSError) -> None:
        self._pause_s = min(LONGEST_PAUSE_S, max(LINGER_S, self._pause_s * 2))
        if self._status.state != "store_down":
            _log.warning("Spans wait in the spool: %s", error)
        self._status.state = "store_down"
        self._status.last_error, self._status.last_error_at = str(error), _now()

    def _recovered(self) -> None:
        if self._status.state == "store_down":
            _log.warning("The trace store answers again; the spool is being emptied")
            self._status_due = 0.0
        self._status.state = "running"
        self._pause_s = LINGER_S

    async def _report(self, drain: Drain, *, now: bool = False) -> None:
        if time.monotonic() < self._status_due and not now:
            return
        self._status_due = time.monotonic() + STATUS_S
        await asyncio.to_thread(self._write_status, drain)

    def _write_status(self, drain: Drain) -> None:
        status = self._status
        status.at = _now()
        status.backlog_bytes = drain.backlog_bytes()
        average = drain.stored_bytes / drain.stored if drain.stored else _GUESSED_ROW_BYTES
        status.backlog_records = round(status.backlog_bytes / average)
        status.stored_records, status.refused_records = drain.stored, drain.refused
        status.damaged_files, status.dirty_hours = drain.damaged_files(), len(drain.dirty_hours)
        draft = self._status_path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(status)))
        draft.replace(self._status_path)


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Runs until `stop` is set. Raises SettingsError when there is no store to move spans to."""
    if settings.clickhouse_url is None:
        raise SettingsError(
            (
                "MADANG_CLICKHOUSE_URL is not set; the worker needs the trace store's address. `madang up` sets it itself.",
            )
        )
    store = Store(settings.clickhouse_url)
    try:
        await Worker(store, settings.home).run(stop)
    finally:
        store.close()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
