"""Plays drills in the background: one at a time in a process of its own, its minutes written down as they pass."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from madang_server.drill import store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from madang_server.storage.sql.engine import Database

_WAITING_BEAT_S = 15.0  # a waiting drill says so well before it would count as lost
_CLOSING_S = 5.0
_LONGEST_S = 900.0  # of the clock on the wall; the next one waits meanwhile
_STOPPED = "The server was stopped. Start the drill again."

_log = logging.getLogger(__name__)


class DrillRunner:
    """One per server process; `close` ends what runs."""

    def __init__(self, database: Database, now: Callable[[], datetime], longest_s: float = _LONGEST_S) -> None:
        self._database = database
        self._longest_s = longest_s
        self._now = now
        self._turn = threading.Semaphore(1)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[str]] = set()
        self._threads: set[threading.Thread] = set()

    def start(self, drill_id: str, asked: Mapping[str, Any]) -> None:
        """Plays `asked` (what `madang_server.drill` reads) in its turn. The drill's row is committed already."""
        thread = threading.Thread(target=self._run, args=(drill_id, asked), name=f"drill-{drill_id}", daemon=True)
        with self._lock:
            self._threads = {each for each in self._threads if each.is_alive()} | {thread}
        thread.start()

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            processes, threads = list(self._processes), list(self._threads)
        for process in processes:
            process.kill()
        for thread in threads:
            thread.join(_CLOSING_S)

    def _run(self, drill_id: str, asked: Mapping[str, Any]) -> None:
        try:
            while not self._turn.acquire(timeout=_WAITING_BEAT_S):
                if not self._note(drill_id):
                    return
            try:
                if self._closing.is_set():
                    self._note(drill_id, state="failed", problem=_STOPPED)
                elif self._note(drill_id, state="running"):
                    self._play(drill_id, asked)
            finally:
                self._turn.release()
        except SQLAlchemyError as error:  # without the database nobody sees the drill; it will be shown as lost
            _log.error("A drill could not be written down: %s", type(error).__name__)

    def _play(self, drill_id: str, asked: Mapping[str, Any]) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "madang_server.drill"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # The platform's settings, secrets among them, are none of its business.
            env={name: value for name, value in os.environ.items() if not name.startswith("MADANG_")},
        )
        with self._lock:
            self._processes.add(process)
            if self._closing.is_set():  # `close` has looked for processes already
                process.kill()
        limit = threading.Timer(self._longest_s, process.kill)
        limit.daemon = True
        limit.start()
        try:
            assert process.stdin is not None and process.stdout is not None
            with process.stdin as sent:
                json.dump(asked, sent)
            if not self._follow(drill_id, process.stdout):
                process.kill()
            code = process.wait()
            if self._closing.is_set():
                self._note(drill_id, state="failed", problem=_STOPPED)
            if code == -signal.SIGKILL:
                problem = "The drill took too long or too much memory. Make it smaller."
                self._note(drill_id, state="failed", problem=problem)
            self._note(drill_id, state="failed", problem=f"The drill ended with code {code} and without a report.")
        except BrokenPipeError:
            problem = _STOPPED if self._closing.is_set() else "The drill ended before it began."
            self._note(drill_id, state="failed", problem=problem)
        finally:
            limit.cancel()
            process.kill()
            process.wait()
            with self._lock:
                self._processes.discard(process)

    def _follow(self, drill_id: str, lines: Any) -> bool:
        """Writes down each line; False when somebody stopped the drill."""
        for line in lines:
            told = json.loads(line)
            if "report" in told:
                return self._note(drill_id, state="done", report=told["report"], minutes=told["report"]["minutes"])
            if "problem" in told:
                return self._note(drill_id, state="failed", problem=told["problem"])
            if not self._note(drill_id, minutes=told["minutes"]):
                return False
        return True

    def _note(self, drill_id: str, **changes: Any) -> bool:
        with self._database.transaction() as connection:
            return store.note(connection, drill_id, now=self._now(), **changes)
