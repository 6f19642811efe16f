"""Arize Phoenix for bench/ingest.py: makes its environment in .dev/phoenix, runs its server, counts what it has stored."""

import contextlib
import hashlib
import http.client
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.targets import CannotRun, free_port

_ROOT = Path(__file__).resolve().parent.parent
_LOCK = Path(__file__).resolve().parent / "requirements-phoenix.lock"
_INSTALL_LIMIT_S = 900
_START_LIMIT_S = 180.0


@dataclass(frozen=True)
class Peer:
    """A server that takes OTLP at /v1/traces of `port`. `stored` counts the spans that its readers would find by now."""

    name: str
    port: int
    pid: int
    stored: Callable[[], int]


@contextlib.contextmanager
def phoenix(folder: Path) -> Iterator[Peer]:
    """Phoenix with its defaults (one process, SQLite) but nothing sent outside; stopped at the end. Raises CannotRun."""
    program = _prepare()
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PHOENIX_", "OTEL_"))}
    environment = {
        **kept,
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }
    with (folder / "phoenix.log").open("wb") as log:
        process = subprocess.Popen(
            [str(program), "serve"],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_ready(process, port)
        yield Peer(f"Phoenix {_version()}", port, process.pid, lambda: _spans_in(folder / "phoenix.db"))
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


PEERS: dict[str, Callable[[Path], contextlib.AbstractContextManager[Peer]]] = {"phoenix": phoenix}


def _prepare() -> Path:
    """Phoenix's program; installs it first when the lock has changed."""
    folder = _ROOT / ".dev" / "phoenix"
    program, mark = folder / "bin" / "phoenix", folder / "lock.sha256"
    digest = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    if program.exists() and mark.exists() and mark.read_text() == digest:
        return program
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    _install([sys.executable, "-m", "venv", str(folder)])
    # The lock is complete, so nothing is resolved again; pip would not find requirements with extras in it.
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    _install([*pip, "--require-hashes", "-r", str(_LOCK)])
    mark.write_text(digest)
    return program


def _install(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise CannotRun(f"installing Phoenix took over {_INSTALL_LIMIT_S} s") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        said = next((line for line in lines if line.startswith("ERROR")), lines[-1])  # details may follow it
        raise CannotRun(f"Phoenix could not be installed: {said}")


def _version() -> str:
    found = re.search(r"^arize-phoenix==([0-9.]+)", _LOCK.read_text(), re.MULTILINE)
    return found[1] if found else "of unknown version"


def _wait_ready(process: subprocess.Popen[bytes], port: int) -> None:
    """Until it answers that its database is there."""
    limit = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise CannotRun(f"Phoenix ended at its start with code {process.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise CannotRun(f"Phoenix did not answer within {_START_LIMIT_S:.0f} s of its start")


def _spans_in(database: Path) -> int:
    """Committed spans, read from its file: asking its API would cost CPU that the measurement would count as ingest."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        return int(connection.execute("SELECT count(*) FROM spans").fetchone()[0])
