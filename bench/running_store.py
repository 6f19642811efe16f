"""Starts the embedded store as a process of its own in a folder, for benchmarks."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from madang_server.storage.clickhouse.client import Store


@dataclass(frozen=True)
class RunningStore:
    """The process and the address of its database."""

    process: subprocess.Popen[bytes]
    url: str


@contextmanager
def running_store(home: Path, memory_mb: int = 1500) -> Iterator[RunningStore]:
    """A store that answers, stopped at the end."""
    password = secrets.token_hex(16)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    environment = {**kept, "MADANG_STORE_PASSWORD": password, "MADANG_STORE_MEMORY_MB": str(memory_mb)}
    (home / "run" / "store.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "madang_server.store", "--home", str(home), "--port", "0"]
    process = subprocess.Popen(command, env=environment)
    try:
        port = _port(home / "run" / "store.json", process)
        url = f"http://madang:{password}@127.0.0.1:{port}/madang"
        store = Store(url)
        while not store.answers():
            time.sleep(0.05)
        store.close()
        yield RunningStore(process, url)
    finally:
        process.terminate()
        process.wait(30)


def _port(path: Path, process: subprocess.Popen[bytes]) -> int:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"The store ended with code {process.returncode}")
        if path.exists() and (text := path.read_text()):
            return int(json.loads(text)["port"])
        time.sleep(0.05)
    raise RuntimeError("The store did not start within 30 s")
