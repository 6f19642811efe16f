"""The hours of projects whose totals are no longer right, remembered on disk until they are computed again."""

import json
from collections.abc import Iterable
from pathlib import Path

from madang_server.storage.spool.lane import write_durably

Hour = tuple[str, int]  # project, hours since the epoch


class DirtyHours:
    """A set that survives a crash: `add` returns when it is on disk. Not safe for threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hours: set[Hour] = set()
        if path.exists():
            self._hours = {(str(project), int(hour)) for project, hour in json.loads(path.read_bytes())}

    def add(self, hours: Iterable[Hour]) -> None:
        """Remember hours; to be called before their rows are stored."""
        new = set(hours) - self._hours
        if new:
            self._hours |= new
            self._save()

    def discard(self, hours: Iterable[Hour]) -> None:
        """Forget hours that were computed."""
        self._hours -= set(hours)
        self._save()

    def some(self, most: int) -> list[Hour]:
        """At most so many of them, oldest first."""
        return sorted(self._hours, key=lambda hour: hour[1])[:most]

    def __len__(self) -> int:
        return len(self._hours)

    def _save(self) -> None:
        write_durably(self._path, json.dumps(sorted(self._hours)).encode())
