"""What processes cost, read from /proc: CPU time, memory; and where they run. Linux only."""

import os
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

RunTimes = dict[tuple[int, int], int]


def family(pids: Iterable[int]) -> list[int]:
    """These processes and all that descend from them, those that still run."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid for pid in pids if _stat(pid)]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, ()))
    return found


def run_times(pids: Iterable[int]) -> RunTimes:
    """Nanoseconds on a processor of each thread, by process and thread, as the scheduler has counted them."""
    times: RunTimes = {}
    for pid in family(pids):
        for task in _entries(_PROC / str(pid) / "task"):
            text = _read(task / "schedstat")
            if text:
                times[pid, int(task.name)] = int(text.split()[0])
    return times


def cpu_s_between(before: RunTimes, after: RunTimes) -> float:
    """Seconds of CPU between two readings. A thread that ended in between is missed, so measure pools that stand."""
    return sum(ns - before.get(thread, 0) for thread, ns in after.items()) / 1e9


def cpu_s_so_far(pids: Iterable[int]) -> float:
    """Seconds of CPU since the processes began, with ended threads and children; in steps of the system's tick, 10 ms."""
    ticks = 0
    for pid in family(pids):
        fields = _stat(pid)
        if fields:
            ticks += sum(int(value) for value in fields[11:15])  # utime, stime, and those of children that were reaped
    return ticks / _TICKS_PER_S


def rss_mb(pids: Iterable[int]) -> float:
    """Resident memory in MB (10^6 bytes), pages that processes share counted in each."""
    total = 0
    for pid in family(pids):
        for line in _read(_PROC / str(pid) / "status").splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total / 1e6


def pin(pids: Iterable[int], core: int) -> None:
    """Holds the processes, their threads and what they start later on one core."""
    for pid in family(pids):
        for task in _entries(_PROC / str(pid) / "task"):
            try:
                os.sched_setaffinity(int(task.name), {core})
            except ProcessLookupError:
                continue  # it ended a moment ago


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none for a process that is gone."""
    text = _read(_PROC / str(pid) / "stat")
    # The name before them may contain blanks and brackets.
    return text.rpartition(")")[2].split() if text else []


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # processes and threads may end at any moment
        return ""
