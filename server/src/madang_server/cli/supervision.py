"""Keeps child processes running: starts them, restarts what ends, and stops all of them in order.

Children die with their parent even when it is killed outright (on Linux), so nothing is left holding ports and locks.
"""

import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SETTLED_S = 3.0  # a child that ran this long got somewhere, so its next restart is quick again
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0  # so that with its start a part is back within five seconds, however often it ends
STOP_S = 20.0
LONGEST_LOG = 10 * 2**20
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """One process to keep."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    shows_output: bool = False
    first_arguments: Sequence[str] = ()  # for the first start only
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    starts: int = 0
    pause_s: float = FIRST_PAUSE_S
    due_at: float = 0.0


class ChildFailed(Exception):
    """A child ended in a way that a restart cannot mend; `output` is the end of its log."""

    def __init__(self, name: str, code: int, output: str) -> None:
        super().__init__(f"{name} ended with code {code}")
        self.code = code
        self.output = output


class Supervisor:
    """Runs the children until `stop` or until one of them fails for good. Children stop in reverse order."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        report: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._children = children
        self._report = report
        self._monotonic = monotonic
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Asks `run` to end; may be called from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Blocks. Raises ChildFailed when a child's first start shows that it cannot run here (exit code 2)."""
        try:
            for child in self._children:
                self._start(child)
            while not self._stopping.wait(0.1):
                for child in self._children:
                    self._look_after(child)
        finally:
            self._stop_all()

    def _look_after(self, child: Child) -> None:
        now = self._monotonic()
        if child.process is None:
            if now >= child.due_at:
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        # Later on the same code may mean a database that is away for a while; giving up would take down all the rest.
        if code == 2 and child.starts == 1:
            raise ChildFailed(child.name, code, _end_of(child.log))
        if now - child.started_at > SETTLED_S:
            child.pause_s = FIRST_PAUSE_S
        self._report(f"{child.name} ended with code {code}; starting it again (log: {child.log})")
        child.process = None
        child.due_at = now + child.pause_s
        child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)

    def _start(self, child: Child) -> None:
        _keep_short(child.log)
        command = [*child.command, *(child.first_arguments if child.starts == 0 else ())]
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(
                command,
                env=dict(child.environment),
                stdin=subprocess.DEVNULL,
                stdout=None if child.shows_output else log,
                stderr=log,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                start_new_session=True,  # Ctrl-C reaches us only, and we stop them in order
            )
        child.started_at = self._monotonic()
        child.starts += 1

    def _stop_all(self) -> None:
        for child in reversed(self._children):
            process = child.process
            if process is None or process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._report(f"{child.name} did not stop within {STOP_S:g} s and was killed")
                process.kill()
                process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _keep_short(log: Path) -> None:
    """A log that has grown large makes way for a new one; one old one is kept."""
    if log.is_file() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_suffix(".log.1"))


def _end_of(log: Path) -> str:
    try:
        return log.read_bytes()[-4000:].decode("utf-8", errors="replace").strip()
    except OSError:
        return ""
