"""A lane: one folder of segments with one writer at a time. Every process that writes spans holds a lane of its own.

Segment names are numbers that never come back, not even after all segments were read and removed: they are part of the
token by which the store knows a batch again.
"""

import fcntl
import os
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

SEGMENT_SUFFIX = ".seg"
_MAX_LANES = 1000


@dataclass(frozen=True)
class Lane:
    """A lane's folder and its identity, which differs from that of every other lane ever made."""

    folder: Path
    id: str

    @property
    def name(self) -> str:
        return self.folder.name

    def segments(self) -> list[int]:
        """The numbers of the segments that exist, oldest first."""
        names = (entry.name for entry in os.scandir(self.folder))
        return sorted(int(name[: -len(SEGMENT_SUFFIX)]) for name in names if name.endswith(SEGMENT_SUFFIX))

    def segment(self, number: int) -> Path:
        return self.folder / f"{number:020d}{SEGMENT_SUFFIX}"

    def size(self) -> int:
        """Bytes in all segments that exist."""
        total = 0
        for number in self.segments():
            try:
                total += self.segment(number).stat().st_size
            except FileNotFoundError:  # read to its end and removed meanwhile
                continue
        return total


@dataclass(frozen=True)
class HeldLane:
    """A lane that this process alone writes to, until the descriptor is closed or the process ends."""

    lane: Lane
    lock: int

    def release(self) -> None:
        os.close(self.lock)


def take_lane(root: Path) -> HeldLane:
    """The first lane that no living process holds, made when all are held. Raises OSError when it cannot be written."""
    root.mkdir(parents=True, exist_ok=True)
    for number in range(_MAX_LANES):
        folder = root / f"lane-{number}"
        folder.mkdir(exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return HeldLane(Lane(folder, _identity(folder)), lock)
    raise OSError(f"All {_MAX_LANES} lanes in {root} are held by running processes; stop some of them")


def lanes(root: Path) -> list[Lane]:
    """All lanes that have an identity, in order of their numbers."""
    found = []
    if root.is_dir():
        for entry in os.scandir(root):
            if re.fullmatch(r"lane-\d+", entry.name) and (Path(entry.path) / "id").exists():
                folder = Path(entry.path)
                found.append(Lane(folder, (folder / "id").read_text().strip()))
    return sorted(found, key=lambda lane: int(lane.name[5:]))


def sync_folder(folder: Path) -> None:
    """Makes names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes) -> None:
    """Replaces a file whole: after a crash it has the old content or the new."""
    draft = path.with_name(path.name + ".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    sync_folder(path.parent)


def _identity(folder: Path) -> str:
    path = folder / "id"
    if not path.exists() or not path.read_text().strip():
        write_durably(path, uuid.uuid4().hex.encode())
    return path.read_text().strip()
