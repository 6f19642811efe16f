"""`madang doctor`: looks at everything an installation needs and says, in words, how to mend what is wrong."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import secrets
import shutil
import stat
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from madang_server.settings import Settings

_GB = 1024**3
_TIGHT_DISK_BYTES = 5 * _GB
_FULL_DISK_BYTES = 1 * _GB
# When this was written. A clock before it is certainly wrong.
_NOT_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
_CLOCK_MAY_DIFFER_S = 5.0


class Finding(NamedTuple):
    """What was looked at and how it is. `fix` says what to do; empty when all is well."""

    state: Literal["ok", "look", "bad"]
    what: str
    fix: str = ""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser("doctor", help="check this installation and say how to mend what is wrong")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    from madang_server.settings import SettingsError, read_settings

    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        findings = [Finding("bad", "Settings cannot be used", problem) for problem in error.problems]
    else:
        findings = [Finding("ok", "Settings are all known and usable"), *examine(settings)]
    print("\n".join(_line(finding) for finding in findings))
    bad = sum(finding.state == "bad" for finding in findings)
    print("\nEverything needed is in order." if not bad else f"\n{bad} thing{'s' if bad > 1 else ''} to mend.")
    return 1 if bad else 0


def examine(settings: Settings) -> Iterator[Finding]:
    """Looks at one thing after the other; each look stands for itself, so that one failure hides nothing."""
    for look in _LOOKS:
        yield from look(settings)


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home, prefix=".doctor-"):
            pass
    except OSError as error:
        fix = "Give its owner the right to write there, or choose another directory with MADANG_HOME."
        yield Finding("bad", f"The home {home} cannot be written: {error.strerror}", fix)
        return
    yield Finding("ok", f"The home {home} can be written")
    if stat.S_IMODE(home.stat().st_mode) & 0o077:
        yield Finding("look", f"Others on this machine may look into {home}", f"chmod 700 {home}")


def _disk(settings: Settings) -> Iterator[Finding]:
    existing = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    what = f"{free / _GB:.1f} GB are free for traces"
    if free < _FULL_DISK_BYTES:
        yield Finding("bad", what, "Free some space or move MADANG_HOME: below 1 GB the store refuses new spans.")
    elif free < _TIGHT_DISK_BYTES:
        yield Finding("look", what, "Free some space or move MADANG_HOME before it becomes tight.")
    else:
        yield Finding("ok", what)


def _clock(settings: Settings) -> Iterator[Finding]:
    now = datetime.now(UTC)
    newest = max((path.stat().st_mtime for path in settings.home.glob("*")), default=0.0)
    if now < _NOT_BEFORE:
        yield Finding("bad", f"The clock says {now:%Y-%m-%d %H:%M} UTC", "Set the clock; traces are filed by time.")
    elif newest > now.timestamp() + _CLOCK_MAY_DIFFER_S:
        yield Finding("bad", "Files in the home are from the future", "Set the clock, or wait until it has caught up.")
    else:
        yield Finding("ok", f"The clock says {now:%Y-%m-%d %H:%M} UTC")


def _port(settings: Settings) -> Iterator[Finding]:
    import socket

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        if _madang_answers(settings):
            yield Finding("ok", f"Madang is running on port {settings.port}")
            return
        fix = "Stop what uses it, or choose another with MADANG_PORT (and MADANG_HOST)."
        yield Finding("bad", f"{settings.host}:{settings.port} cannot be used: {error.strerror}", fix)
        return
    yield Finding("ok", f"Port {settings.port} is free")


def _database(settings: Settings) -> Iterator[Finding]:
    from madang_server.credentials.cipher import Cipher
    from madang_server.credentials.secret_key import SecretKeyUnavailable, secret_key
    from madang_server.credentials.store import all_opened
    from madang_server.storage.sql.engine import DatabaseUnavailable, open_database
    from madang_server.storage.sql.migrate import current_revision, newest_revision

    if (
        settings.database_url == f"sqlite:///{settings.home / 'madang.db'}"
        and not (settings.home / "madang.db").exists()
    ):
        yield Finding("ok", "There is no database yet; the first start makes it")
        return
    try:
        database = open_database(settings.database_url)
    except (DatabaseUnavailable, OSError) as error:
        yield Finding("bad", "The database cannot be opened", str(error))
        return
    try:
        with database.reading() as connection:
            revision = current_revision(connection)
            if revision != newest_revision():
                fix = "Run `madang migrate`, or start with `madang up`, which does it."
                yield Finding("look", f"The database is at revision {revision}, not {newest_revision()}", fix)
                return
            yield Finding("ok", f"The database answers, at revision {revision}")
            opened, closed = all_opened(connection, Cipher(secret_key(settings, secrets.token_bytes)))
            if closed:
                fix = "Start with the MADANG_SECRET_KEY (or secret.key) they were saved under, or enter the keys again."
                yield Finding("bad", f"{len(closed)} vendor credentials do not open with the secret key in force", fix)
            else:
                yield Finding("ok", f"All {len(opened)} vendor credentials open with the secret key")
    except SecretKeyUnavailable as error:
        yield Finding("bad", "Vendor credentials cannot be opened", str(error))
    finally:
        database.close()


def _secret_key(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key is not None:
        yield Finding("ok", "The secret key is given by MADANG_SECRET_KEY")
        return
    for path in (settings.secret_key_path, settings.run_path / "sandbox.key"):
        yield from _private(path)
    if settings.secret_key_path.exists():
        yield Finding(
            "look",
            f"The secret key lies in {settings.secret_key_path}",
            "Keep a copy elsewhere: without it, stored vendor credentials are lost.",
        )


def _private(path: Path) -> Iterator[Finding]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return
    if mode & 0o077:
        yield Finding("bad", f"{path} can be read by others (mode {mode:o})", f"chmod 600 {path}")
    else:
        yield Finding("ok", f"{path} is for its owner only")


def _trace_store(settings: Settings) -> Iterator[Finding]:
    from madang_server.storage.clickhouse.client import Store

    if settings.clickhouse_url is not None:
        if Store(settings.clickhouse_url, timeout_s=5).answers():
            yield Finding("ok", "ClickHouse answers")
        else:
            fix = "Check MADANG_CLICKHOUSE_URL (user, password, port 8123) and that the server runs."
            yield Finding("bad", "ClickHouse does not answer or refuses us", fix)
    elif importlib.util.find_spec("chdb") is None:
        fix = 'Install it with: pip install "madang-server[embedded]", or set MADANG_CLICKHOUSE_URL.'
        yield Finding("bad", "The embedded trace store is not installed", fix)
    else:
        yield Finding("ok", "The embedded trace store is installed")


def _ui(_settings: Settings) -> Iterator[Finding]:
    from madang_server.http.static_ui import is_built

    if is_built():
        yield Finding("ok", "The UI is built")
    else:
        yield Finding("look", "The UI is not built", "In a checkout, run: python3 dev.py ui")


def _madang_answers(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"{settings.base_url}/health/live", timeout=3) as response:
            return bool(json.loads(response.read())["status"] == "ok")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _line(finding: Finding) -> str:
    sign = {"ok": "ok  ", "look": "look", "bad": "BAD "}[finding.state]
    return f"{sign}  {finding.what}" + (f"\n        → {finding.fix}" if finding.fix else "")


_LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _home,
    _disk,
    _clock,
    _port,
    _database,
    _secret_key,
    _trace_store,
    _ui,
)
