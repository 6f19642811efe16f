"""The store and the worker as processes of their own, which tests may kill and start again."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from madang.calls.span import Span
from madang_server.storage.clickhouse.client import Store

PASSWORD = "of-the-tests"
_WORKER = "import asyncio, os; from madang_server.settings import read_settings; "
_WORKER += "from madang_server.worker import run_worker; "
_WORKER += "asyncio.run(run_worker(read_settings(os.environ), asyncio.Event()))"


def until(condition: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
    """Wait for a condition; fail with `what` when it does not come true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"Not within {within_s:g} s: {what}"
        time.sleep(0.02)


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process of ours, without settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    return {**kept, "MADANG_HOME": str(home), "MADANG_STORE_PASSWORD": PASSWORD, **more}


class StoreProcess:
    """A store on a home, always on the same port once it has one."""

    def __init__(self, home: Path, port: int = 0) -> None:
        self.home = home
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://madang:{PASSWORD}@127.0.0.1:{self.port}/madang"

    def start(self) -> None:
        status = self.home / "run" / "store.json"
        status.unlink(missing_ok=True)
        command = [sys.executable, "-m", "madang_server.store", "--home", str(self.home), "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=environment(self.home))
        until(lambda: self.ended() or (status.exists() and bool(status.read_text())), "the store writes its status")
        assert not self.ended(), "the store ended at its start"
        self.port = json.loads(status.read_text())["port"]
        store = Store(self.url)
        until(store.answers, "the store answers")
        store.close()

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def kill(self) -> None:
        """As if the power of this one process were cut."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)

    def stop(self) -> int:
        """Ask it to end and give back its exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        return self.process.wait(60)


def start_worker(home: Path, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _WORKER], env=environment(home, MADANG_CLICKHOUSE_URL=url))


def a_span(number: int, *, start_us: int, **more: Any) -> Span:
    """A root span whose ids are made of a number."""
    given: dict[str, Any] = {
        "trace_id": f"{number + 1:032x}", "span_id": f"{number + 1:016x}", "is_root": True, "kind": "generation",
        "name": "chat", "end_us": start_us + 1_000_000, "status": "ok", "model": "gpt-4o",
        "input": '{"messages":[{"role":"user","content":"hello"}]}',
    }  # fmt: skip
    return Span(start_us=start_us, **{**given, **more})
