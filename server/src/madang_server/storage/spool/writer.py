"""Takes payloads into a lane. `append` returns when the kernel has the bytes, so they outlive this process; a thread
makes them outlive a power cut within 50 ms, or at once for those who wait with `durable`.
"""

import asyncio
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from madang_server.storage.spool.lane import HeldLane, sync_folder, take_lane
from madang_server.storage.spool.record import MAX_PAYLOAD_BYTES, header

SEGMENT_BYTES = 64 << 20
MAX_BYTES = 4 << 30
MIN_FREE_BYTES = 128 << 20
SYNC_INTERVAL_S = 0.05
_MEASURE_INTERVAL_S = 0.5
_LITTLE_ROOM_BYTES = 64 << 20
_MAX_PARTS = 512  # of one writev; the system allows 1024, two for each record

_log = logging.getLogger(__name__)


class SpoolFull(Exception):
    """There is no room for more spans. `refused` counts the payloads turned away since the spool was opened."""

    def __init__(self, reason: str, refused: int) -> None:
        super().__init__(f"The span spool takes no more: {reason}. It empties when the trace store answers again.")
        self.refused = refused


class SpoolFailed(Exception):
    """The disk did not confirm what was written; the spans may not survive a power cut."""


class Spool:
    """The writing end, made by `open_spool`. `append` may be called from any thread, `durable` from any event loop."""

    def __init__(
        self,
        held: HeldLane,
        *,
        max_bytes: int = MAX_BYTES,
        min_free_bytes: int = MIN_FREE_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._held = held
        self._max_bytes = max_bytes
        self._min_free_bytes = min_free_bytes
        self._segment_bytes = segment_bytes
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._wake = threading.Event()  # there is something to do
        self._urgent = threading.Event()  # and somebody waits for it
        self._dirty = False
        self._closing = False
        self._appended = 0  # bytes since open; a position is a value of it
        self._synced = 0
        self._room = 0  # bytes that may be appended until the next measurement
        self._full_reason = ""
        self._refused = 0
        self._retired: list[int] = []  # descriptors of full segments that are not synced yet
        self._waiters: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._number = 0
        self._file = -1
        self._size = 0
        self._next_segment()
        self._measure()
        self._thread = threading.Thread(target=self._sync_forever, name="spool-sync", daemon=True)
        self._thread.start()

    @property
    def refused(self) -> int:
        """Payloads turned away since the spool was opened."""
        return self._refused

    def append(self, payload: bytes) -> int:
        """The position after `payload`, once the kernel has it. Raises SpoolFull; never blocks for the disk."""
        head = header(payload)
        size = len(head) + len(payload)
        with self._lock:
            if self._closing or size > self._room or size > MAX_PAYLOAD_BYTES:
                self._refuse(1)
            self._write((head, payload), size, 1)
            return self._appended

    def append_many(self, payloads: Sequence[bytes]) -> int:
        """The position after all payloads; all of them are taken, or none and SpoolFull is raised."""
        parts: list[bytes] = []
        size = 0
        for payload in payloads:
            head = header(payload)
            parts += (head, payload)
            size += len(head) + len(payload)
        with self._lock:
            if self._closing or size > self._room or any(len(part) > MAX_PAYLOAD_BYTES for part in parts):
                self._refuse(len(payloads))
            if parts:
                # One write of one piece, so that a full disk can be undone as a whole.
                self._write(parts if len(parts) <= _MAX_PARTS else (b"".join(parts),), size, len(payloads))
            return self._appended

    async def durable(self, position: int) -> None:
        """Returns when everything up to `position` would survive a power cut. Raises SpoolFailed."""
        loop = asyncio.get_running_loop()
        with self._lock:
            if position <= self._synced:
                return
            if self._closing:
                raise SpoolFailed("The span spool was closed before the spans reached the disk")
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append((position, loop, waiter))
        self._urgent.set()
        self._wake.set()
        await waiter

    async def sync(self) -> None:
        """Returns when everything appended so far would survive a power cut. Raises SpoolFailed."""
        await self.durable(self._appended)

    def close(self) -> None:
        """Sync what is left, stop the thread and give the lane back."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        self._urgent.set()
        self._wake.set()
        self._thread.join(timeout=30)
        os.close(self._file)
        self._held.release()

    def _write(self, parts: Sequence[bytes], size: int, count: int) -> None:
        try:
            written = os.writev(self._file, parts)
        except OSError as error:
            written, reason = 0, os.strerror(error.errno or 0)
        else:
            reason = "the disk is full"
        if written != size:
            # A torn record in the middle of a segment would be taken for damage.
            os.ftruncate(self._file, self._size)
            self._room, self._full_reason = 0, reason
            self._refuse(count)
        self._size += size
        self._appended += size
        self._room -= size
        if not self._dirty:
            self._dirty = True
            self._wake.set()
        if self._size >= self._segment_bytes:
            self._rotate()

    def _refuse(self, count: int) -> None:
        self._refused += count
        self._wake.set()  # measure again soon: there may be room by now
        # Once it is closed, its descriptor may be another file's.
        reason = "it was closed" if self._closing else self._full_reason or "its limit is reached"
        raise SpoolFull(reason, self._refused)

    def _rotate(self) -> None:
        old = self._file
        try:
            self._next_segment()
        except OSError:  # no room for another file: the present one goes on growing until there is, or `writev` fails
            return
        self._retired.append(old)

    def _next_segment(self) -> None:
        lane = self._held.lane
        number = max(self._clock_ns() // 1000, self._number + 1, max(lane.segments(), default=0) + 1)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(lane.segment(number), flags, 0o600)
        self._number, self._size = number, 0
        sync_folder(lane.folder)

    def _sync_forever(self) -> None:
        measured = time.monotonic()
        while True:
            # With little room left, go on measuring: what was read meanwhile makes room.
            self._wake.wait(timeout=_MEASURE_INTERVAL_S if self._room < _LITTLE_ROOM_BYTES else None)
            self._wake.clear()
            self._urgent.wait(timeout=SYNC_INTERVAL_S)  # let more arrive; someone who waits ends this at once
            self._urgent.clear()
            self._sync_once()
            if time.monotonic() - measured > _MEASURE_INTERVAL_S:
                self._measure()
                measured = time.monotonic()
            if self._closing and not self._dirty:
                return

    def _sync_once(self) -> None:
        with self._lock:
            target, current = self._appended, self._file
            retired, self._retired = self._retired, []
            self._dirty = False
        error: OSError | None = None
        for descriptor in (*retired, current):
            try:
                os.fdatasync(descriptor)
            except OSError as failure:
                error = failure
                _log.error("The disk did not confirm spooled spans: %s", os.strerror(failure.errno or 0))
        for descriptor in retired:
            os.close(descriptor)
        with self._lock:
            if error is None:
                self._synced = target
            done = [waiter for waiter in self._waiters if waiter[0] <= target]
            self._waiters = [waiter for waiter in self._waiters if waiter[0] > target]
        for _, loop, future in done:
            try:
                loop.call_soon_threadsafe(_settle, future, error)
            except RuntimeError:  # its event loop has ended; nobody waits any more
                continue

    def _measure(self) -> None:
        """How much more may be appended, from what lies in the lane and what the disk has left."""
        try:
            used = self._held.lane.size()
            spare = shutil.disk_usage(self._held.lane.folder).free - self._min_free_bytes
        except OSError:
            return  # a folder that cannot be read for a moment: keep the last measurement
        with self._lock:
            self._room = max(0, min(self._max_bytes - used, spare))
            if spare <= 0:
                self._full_reason = "the disk is nearly full"
            elif used >= self._max_bytes:
                self._full_reason = f"{used >> 20} MB wait for the trace store"
            else:
                self._full_reason = ""


def open_spool(root: Path, *, max_bytes: int = MAX_BYTES, min_free_bytes: int = MIN_FREE_BYTES) -> Spool:
    """A spool on a lane of its own under `root`. Raises OSError when the folder cannot be written."""
    return Spool(take_lane(root), max_bytes=max_bytes, min_free_bytes=min_free_bytes)


def _settle(waiter: asyncio.Future[None], error: OSError | None) -> None:
    if waiter.done():
        return
    if error is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(SpoolFailed("The disk did not confirm the spans; check its health and free space"))
