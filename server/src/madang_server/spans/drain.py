"""Moves rows from the spool into the store: exactly once, a month at a time, with rows the store cannot read set aside.

Blocking; run it in a thread. An exception leaves the batch under way, to be sent again under the same token.
"""

import base64
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from time import gmtime

from madang_server.spans.dirty_hours import DirtyHours
from madang_server.spans.row import RowHead, row_head
from madang_server.storage.clickhouse.client import Store
from madang_server.storage.clickhouse.errors import StoreRefused
from madang_server.storage.spool.lane import lanes, write_durably
from madang_server.storage.spool.reader import Batch, LaneReader

TABLE = "spans"
_log = logging.getLogger(__name__)


class Drain:
    """Drains every lane under `root`, also those of processes that ended. The caller holds the right to drain."""

    def __init__(self, store: Store, root: Path) -> None:
        self._store = store
        self._root = root
        self._damaged = root / "damaged"
        self._readers: dict[str, LaneReader] = {}
        self.dirty_hours = DirtyHours(root / "dirty-hours.json")
        self.stored = 0  # rows since this object was made
        self.stored_bytes = 0
        self.refused = 0

    def step(self) -> int:
        """Stores at most one batch of each lane and gives back how many rows that were. Raises StoreError."""
        return sum(self._step(reader) for reader in self._current_readers())

    def backlog_bytes(self) -> int:
        """Bytes that wait in all lanes."""
        return sum(reader.backlog_bytes() for reader in self._current_readers())

    def damaged_files(self) -> int:
        """Files with what could not be stored, for a person to look at."""
        return sum(1 for _ in self._damaged.iterdir()) if self._damaged.is_dir() else 0

    def _current_readers(self) -> list[LaneReader]:
        for lane in lanes(self._root):
            if lane.name not in self._readers:
                self._readers[lane.name] = LaneReader(lane, self._damaged)
        return list(self._readers.values())

    def _step(self, reader: LaneReader) -> int:
        batch = reader.next_batch()
        if batch is None:
            return 0
        months, refused = _by_month(batch.payloads)
        for month, placed in months.items():
            self.dirty_hours.add({(head.project_id, head.start_s // 3600) for head, _ in placed})
            refused += self._insert([row for _, row in placed], f"{batch.token}/{month}")
        if refused:
            self._set_aside(reader, batch, refused)
        reader.done(batch)
        self.stored += len(batch.payloads) - len(refused)
        self.stored_bytes += sum(map(len, batch.payloads))
        return len(batch.payloads)

    def _insert(self, rows: Sequence[bytes], token: str) -> list[tuple[str, bytes]]:
        """Stores the rows and gives back those that the store cannot read, with the reason."""
        try:
            self._store.insert_json(TABLE, b"\n".join(rows) + b"\n", token=token)
        except StoreRefused as error:
            if not error.bad_rows:
                raise
            if len(rows) == 1:
                return [(str(error), rows[0])]
            # Halves have tokens of their own, the same after a crash: a half that was stored is not stored twice.
            middle = len(rows) // 2
            return self._insert(rows[:middle], f"{token}/0") + self._insert(rows[middle:], f"{token}/1")
        return []

    def _set_aside(self, reader: LaneReader, batch: Batch, refused: Sequence[tuple[str, bytes]]) -> None:
        self.refused += len(refused)
        self._damaged.mkdir(parents=True, exist_ok=True)
        path = self._damaged / f"refused-{reader.lane.name}-{batch.segment}-{batch.start}.jsonl"
        lines = [
            json.dumps({"reason": reason, "row_base64": base64.b64encode(row).decode()}) for reason, row in refused
        ]
        write_durably(path, "\n".join(lines).encode() + b"\n")
        _log.error("The trace store refused %d of %d spans; they are in %s", len(refused), len(batch.payloads), path)


def _by_month(rows: Sequence[bytes]) -> tuple[dict[str, list[tuple[RowHead, bytes]]], list[tuple[str, bytes]]]:
    """Rows by the month they start in, since one insert is atomic within one month only; and what are not rows."""
    months: dict[str, list[tuple[RowHead, bytes]]] = {}
    strange: list[tuple[str, bytes]] = []
    month_of_day: dict[int, str] = {}
    for row in rows:
        try:
            head = row_head(row)
        except ValueError as error:
            strange.append((str(error), row))
            continue
        day = head.start_s // 86_400
        month = month_of_day.get(day)
        if month is None:
            moment = gmtime(day * 86_400)
            month = month_of_day[day] = f"{moment.tm_year}-{moment.tm_mon:02d}"
        months.setdefault(month, []).append((head, row))
    return months, strange
