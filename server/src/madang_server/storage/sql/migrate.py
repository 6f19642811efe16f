"""Brings a database to the shape this version of the program expects, or back.

A migration's file name begins with its revision, and the order of the names is their order. So a database that is up to
date is known as such without Alembic, whose import would cost every start a third of a second.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

    from madang_server.storage.sql.engine import Database

# Any number will do, as long as nobody else in the same PostgreSQL database uses it.
_MIGRATION_LOCK = 7_600_001
_MIGRATIONS = Path(__file__).parent / "migrations"


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
            from alembic import command

            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return pending


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to `revision` ("base" empties it)."""
    from alembic import command

    with database.transaction() as connection:
        _lock(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return revision


def newest_revision() -> str:
    """The revision this program expects."""
    return _revisions()[-1]


def _revisions() -> list[str]:
    """All that this program knows, oldest first."""
    return sorted(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _revisions_after(revision: str | None) -> tuple[str, ...]:
    ordered = _revisions()
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
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
