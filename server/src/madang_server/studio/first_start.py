"""Prepares an installation at each start of the server: on the first one everything, on later ones the sandbox's key.

The sandbox's secret key is kept readable in the home, so that every start can print a call that works as pasted. That is
acceptable for this key alone: behind it are only simulated models, which cost nothing, reach no vendor and know no data.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from madang_server.accounts import keys, links, organisations
from madang_server.accounts.first_start import first_owner_without_password, found_installation
from madang_server.accounts.randomness import new_id
from madang_server.models.sandbox import sandbox_models
from madang_server.models.store import write_models

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from madang_server.accounts.organisations import Project
    from madang_server.accounts.passwords import Passwords
    from madang_server.http.database import Transaction
    from madang_server.http.surroundings import Database, Settings

_SANDBOX_KEY_NAME = "Sandbox, printed at start"


@dataclass(frozen=True, kw_only=True)
class Greeting:
    """What the terminal has to print. `sign_in_link` is there until the first owner has set a password."""

    is_first_start: bool
    sign_in_link: str | None = field(repr=False)
    sandbox_secret_key: str | None = field(repr=False)


def prepare(
    database: Database,
    settings: Settings,
    *,
    now: datetime,
    random_bytes: Callable[[int], bytes],
    passwords: Passwords,
) -> Greeting:
    """Makes what is missing, in one transaction, and tells what to print. The database must be migrated.

    Raises `Invalid` for an unusable MADANG_INIT_* value, OSError when the home cannot be written.
    """
    with database.transaction() as connection:
        founded = found_installation(connection, settings, now=now, random_bytes=random_bytes, passwords=passwords)
        if founded is not None:
            made = {new_id(random_bytes): model for model in sandbox_models()}
            write_models(connection, founded.sandbox.id, changed=(), added=made, removed=(), now=now)
        owner = first_owner_without_password(connection)
        link = None
        if owner is not None:
            link = links.make_link(connection, owner.id, settings.base_url, now=now, random_bytes=random_bytes)
        sandboxes = organisations.sandbox_projects(connection)
        secret = _sandbox_secret(connection, sandboxes[0], settings, now, random_bytes) if sandboxes else None
    return Greeting(is_first_start=founded is not None, sign_in_link=link, sandbox_secret_key=secret)


def _sandbox_secret(
    connection: Transaction, sandbox: Project, settings: Settings, now: datetime, random_bytes: Callable[[int], bytes]
) -> str:
    """The sandbox's secret key from its file, or a new one when the file is gone or its key was revoked."""
    path = settings.run_path / "sandbox.key"
    kept = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    active = keys.active_key_of_secret(connection, kept) if kept else None
    if active is not None and active.project_id == sandbox.id:
        return kept
    for key in keys.keys_of(connection, sandbox.id):
        if key.name == _SANDBOX_KEY_NAME and key.created_by is None:
            keys.revoke_key(connection, sandbox.id, key.id, now=now)
    pair = keys.new_key_pair(random_bytes)
    key_id = new_id(random_bytes)
    keys.add_key(connection, sandbox.id, pair, key_id=key_id, name=_SANDBOX_KEY_NAME, created_by=None, now=now)
    _write_private(path, pair.secret_key, random_bytes(6).hex())
    return pair.secret_key


def _write_private(path: Path, content: str, suffix: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{suffix}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content + "\n")
    draft.replace(path)
