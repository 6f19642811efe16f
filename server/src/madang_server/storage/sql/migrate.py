"""Brings a database to the shape this version of the program expects, or back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from madang_server.storage.sql.engine import Database

# Any number will do, as long as nobody else in the same PostgreSQL database uses it.
_MIGRATION_LOCK = 7_600_001


class DatabaseTooNew(Exception):
    """The database was migrated by a newer version of the program than this one."""


def upgrade(database: Database) -> tuple[str, ...]:
    """The revisions that were applied, oldest first; none when the database was up to date.

    Two processes may start together: the second waits for the first and finds nothing left to do.
    Raises `DatabaseTooNew` when the database is ahead of this program.
    """
    with database.transaction() as connection:
        _lock(connection)
        before = current_revision(connection)
        pending = _revisions_after(before)
        if pending:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return pending


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to `revision` ("base" empties it)."""
    with database.transaction() as connection:
        _lock(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The revision this program expects."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _revisions_after(revision: str | None) -> tuple[str, ...]:
    ordered = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]
    if revision is None:
        return tuple(ordered)
    if revision not in ordered:
        raise DatabaseTooNew(
            f"The database is at revision {revision!r}, which this version of Madang does not know. "
            "Start the newer version that migrated it, or restore a backup."
        )
    return tuple(ordered[ordered.index(revision) + 1 :])


def _lock(connection: Connection) -> None:
    # SQLite's writing transaction is already exclusive.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATION_LOCK})


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
