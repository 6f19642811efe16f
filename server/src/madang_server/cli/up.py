"""`madang up`: the whole platform on one machine, supervised, with embedded stores."""

import argparse
import fcntl
import os
import secrets
import signal
import socket
import sys
from collections.abc import Mapping
from typing import IO, Any

from madang_server.cli.supervision import Child, ChildFailed, Supervisor
from madang_server.settings import Settings, read_settings

_MODULE = ("-m", "madang_server.cli")


class CannotStart(Exception):
    """The platform cannot start here; the message says what to do."""


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    parser = subparsers.add_parser(
        "up", help="run the whole platform: server, worker, embedded store, simulated models"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    settings = read_settings(os.environ)
    try:
        lock = _prepare_home(settings)
        check_port(settings.host, settings.port)
    except CannotStart as error:
        sys.stderr.write(f"Madang cannot start: {error}\n")
        return 2
    supervisor = Supervisor(children_of(settings, os.environ), report=_report)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    try:
        supervisor.run()
    except ChildFailed as failed:
        sys.stderr.write(f"{failed.output.splitlines()[-1] if failed.output else failed}\n")
        return 2
    finally:
        lock.close()
    return 0


def children_of(settings: Settings, environ: Mapping[str, str]) -> list[Child]:
    """The processes of the platform. Without MADANG_CLICKHOUSE_URL the store is one of them, and the others get its URL."""
    shared = {**environ, "MADANG_HOME": str(settings.home)}
    children: list[Child] = []
    if settings.clickhouse_url is None:
        password = settings.store_password or secrets.token_urlsafe(24)
        port = free_port()
        store = {**shared, "MADANG_STORE_PASSWORD": password}
        children.append(_child(settings, "store", ["store", "--port", str(port)], store))
        # Only the URL goes on; it carries the password for those who need it.
        shared.pop("MADANG_STORE_PASSWORD", None)
        shared["MADANG_CLICKHOUSE_URL"] = f"http://madang:{password}@127.0.0.1:{port}/madang"
    children.append(_child(settings, "worker", ["worker"], shared))
    if settings.simulator_url is None:
        port = free_port()
        children.append(_child(settings, "simulator", ["simulate", "--port", str(port), "--sandbox"], shared))
        shared = {**shared, "MADANG_SIMULATOR_URL": f"http://127.0.0.1:{port}"}
    server = _child(settings, "server", ["server"], shared)
    server.shows_output = True
    server.first_arguments = ("--welcome",)
    return [*children, server]


def free_port() -> int:
    """A port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def check_port(host: str, port: int) -> None:
    """Says early and clearly that the port is taken, before anything is started. Raises CannotStart."""
    from madang_server.app.listen import CannotListen, listen

    try:
        listen(host, port).close()
    except CannotListen as error:
        raise CannotStart(str(error)) from None


def _child(settings: Settings, name: str, command: list[str], environment: Mapping[str, str]) -> Child:
    return Child(name, [sys.executable, *_MODULE, *command], environment, settings.logs_path / f"{name}.log")


def _prepare_home(settings: Settings) -> IO[str]:
    """Makes the home and takes its lock, which is held as long as the file is open. Raises CannotStart."""
    home = settings.home
    try:
        for folder in (home, settings.run_path, settings.logs_path):
            folder.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        lock = (settings.run_path / "up.lock").open("a+")
    except OSError as error:
        raise CannotStart(
            f"The home {str(home)!r} cannot be written: {error.strerror}. Choose another with MADANG_HOME, "
            "or give this user the right to write there."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise CannotStart(
            f"Another Madang is running on the home {str(home)!r}. Stop it, or give this one its own MADANG_HOME."
        ) from None
    return lock


def _report(message: str) -> None:
    sys.stderr.write(f"madang: {message}\n")
