"""Arize Phoenix for bench/ingest.py: makes its environment in .dev/phoenix, runs its server, counts what it has stored."""

import contextlib
import http.client
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.peer_environment import CannotInstall, lock_of, prepare
from bench.targets import CannotRun, free_port

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
    try:
        program = prepare("phoenix")
    except CannotInstall as error:
        raise CannotRun(str(error)) from None
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


def _version() -> str:
    found = re.search(r"^arize-phoenix==([0-9.]+)", lock_of("phoenix").read_text(), re.MULTILINE)
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
