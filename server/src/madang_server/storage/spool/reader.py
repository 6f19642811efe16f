"""The reading end of a lane: batches that come out the same after a crash, damage set aside, finished segments removed.

Before a batch is given out, its exact range is on disk as the intent. A reader that finds an intent gives out that
range again under the same token, so the store can tell that it has the batch already.
"""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from madang_server.storage.spool.lane import Lane, write_durably
from madang_server.storage.spool.record import Scan, is_torn, scan

BATCH_RECORDS = 10_000
BATCH_BYTES = 16 << 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """Payloads of one range of one segment. `token` names the range and never names another."""

    segment: int
    start: int
    end: int
    payloads: list[bytes]
    token: str


@dataclass(frozen=True)
class _Progress:
    segment: int = 0
    offset: int = 0
    intent_end: int = 0  # 0: no batch is under way


class LaneReader:
    """Reads one lane. Only one reader may exist for a lane; see `hold_drain`. Not safe for threads."""

    def __init__(self, lane: Lane, damaged: Path) -> None:
        self.lane = lane
        self._damaged = damaged
        self._path = lane.folder / "progress.json"
        self._progress = self._load()

    def next_batch(self, max_records: int = BATCH_RECORDS, max_bytes: int = BATCH_BYTES) -> Batch | None:
        """The batch under way, else the next one; None when everything complete was read. Finish each with `done`."""
        if self._progress.intent_end:
            return self._again()
        while True:
            segments = self.lane.segments()
            if not segments:
                return None
            number = self._current(segments)
            finished = number != segments[-1]  # listed before reading: nothing follows in it any more
            piece, found = self._read(number, max_records, max_bytes, finished)
            self._set_aside(number, piece, found)
            end = self._progress.offset + found.end
            if found.payloads:
                self._save(_Progress(number, self._progress.offset, end), durably=True)
                return self._batch(number, self._progress.offset, end, found.payloads)
            if found.end:
                self._save(_Progress(number, end), durably=False)
            elif finished and not piece:
                # Removed before progress moves on: a crash in between must not make it be read again.
                self.lane.segment(number).unlink(missing_ok=True)
                self._progress = _Progress()
            else:
                return None

    def done(self, batch: Batch) -> None:
        """The batch is stored; go on after it."""
        # Not synced: after a crash the same range is offered again under its token, which the store knows.
        self._save(_Progress(batch.segment, batch.end), durably=False)

    def backlog_bytes(self) -> int:
        """Bytes in the lane that are not stored yet."""
        total = self.lane.size()
        read = self._progress.offset if self._progress.segment in self.lane.segments() else 0
        return max(0, total - read)

    def _current(self, segments: list[int]) -> int:
        """The segment to read: the one in progress while it exists, else the oldest."""
        if self._progress.segment not in segments:
            self._progress = _Progress(segments[0])
        return self._progress.segment

    def _again(self) -> Batch | None:
        progress = self._progress
        try:
            piece = _pread(self.lane.segment(progress.segment), progress.offset, progress.intent_end - progress.offset)
        except FileNotFoundError:
            self._progress = _Progress()
            return self.next_batch()
        found = scan(piece, last=True)
        return self._batch(progress.segment, progress.offset, progress.intent_end, found.payloads)

    def _batch(self, segment: int, start: int, end: int, payloads: list[bytes]) -> Batch:
        return Batch(segment, start, end, payloads, f"{self.lane.id}/{segment}/{start}-{end}")

    def _read(self, number: int, max_records: int, max_bytes: int, finished: bool) -> tuple[bytes, Scan]:
        path = self.lane.segment(number)
        offset = self._progress.offset
        piece = _pread(path, offset, max_bytes)
        at_end = len(piece) < max_bytes
        found = scan(piece, limit=max_records, last=finished and at_end)
        if found.end == 0 and not at_end:  # a record, or damage, that is longer than the piece: look at all the rest
            piece = _pread(path, offset, 1 << 31)
            found = scan(piece, limit=max_records, last=finished)
        return piece, found

    def _set_aside(self, number: int, piece: bytes, found: Scan) -> None:
        for start, end in found.damaged:
            rest = piece[start:end]
            if end == len(piece) and is_torn(rest):
                continue  # its append never returned: nobody was told that it is kept
            self._damaged.mkdir(parents=True, exist_ok=True)
            at = self._progress.offset + start
            write_durably(self._damaged / f"{self.lane.name}-{number}-{at}.bin", rest)
            _log.warning(
                "Spool segment %s of %s has %d damaged bytes at %d; they are in %s and the rest goes on",
                number, self.lane.name, len(rest), at, self._damaged,
            )  # fmt: skip

    def _load(self) -> _Progress:
        try:
            read = json.loads(self._path.read_bytes())
            return _Progress(int(read["segment"]), int(read["offset"]), int(read["intent_end"]))
        except FileNotFoundError:
            return _Progress()
        except (ValueError, KeyError, TypeError):
            # Reading from the start again repeats rows with the same key and version, which the store replaces.
            _log.error("Progress of spool %s cannot be read; its segments are read from their start", self.lane.name)
            return _Progress()

    def _save(self, progress: _Progress, *, durably: bool) -> None:
        self._progress = progress
        content = json.dumps(
            {"segment": progress.segment, "offset": progress.offset, "intent_end": progress.intent_end}
        ).encode()
        if durably:
            write_durably(self._path, content)
        else:
            draft = self._path.with_name(self._path.name + ".draft")
            draft.write_bytes(content)
            draft.replace(self._path)


def _pread(path: Path, offset: int, size: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(descriptor, min(size, max(0, os.fstat(descriptor).st_size - offset)), offset)
    finally:
        os.close(descriptor)
