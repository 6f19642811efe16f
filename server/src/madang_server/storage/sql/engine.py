"""A database opened for use: one engine, and the two ways to hold a connection.

`reading` sees one consistent moment; `transaction` may write and commits when its block ends without an exception.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import Connection, Engine, create_engine, event, make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY_TIMEOUT_S = 15
_WRITES = "madang_writes"


class DatabaseUnavailable(Exception):
    """The database cannot be opened; the message says what to do and carries no password."""


class Database:
    """The control plane's database. Threads may share it; close it when the process ends."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection that may write; committed at the end of the block, rolled back when it raises."""
        with self.engine.connect() as connection:
            writing = connection.execution_options(**{_WRITES: True})
            with writing.begin():
                yield writing

    @contextmanager
    def lazy_transaction(self) -> Iterator[Connection]:
        """Like `transaction`, but nothing is locked before the first statement: fit for a request that may wait first."""
        with self.engine.connect() as connection:
            writing = connection.execution_options(**{_WRITES: True})
            yield writing
            writing.commit()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for questions only; what is written on it is lost."""
        with self.engine.connect() as connection:
            yield connection

    def answers(self) -> bool:
        """Whether a trivial question is answered; for the health page and `madang doctor`."""
        try:
            with self.reading() as connection:
                return connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
        except sqlalchemy.exc.SQLAlchemyError:
            return False

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str) -> Database:
    """A `Database` for `url` (sqlite:///PATH or postgresql://…). Raises `DatabaseUnavailable` when it cannot be reached."""
    engine = _sqlite_engine(url) if url.startswith("sqlite:") else _postgresql_engine(url)
    database = Database(engine)
    try:
        with database.reading() as connection:
            connection.execute(sqlalchemy.text("SELECT 1"))
    except sqlalchemy.exc.SQLAlchemyError as error:
        engine.dispose()
        raise DatabaseUnavailable(_advice(engine, error)) from None
    return database


def _sqlite_engine(url: str) -> Engine:
    path = make_url(url).database
    if not path or path == ":memory:":
        raise DatabaseUnavailable("MADANG_DATABASE_URL names no file; give sqlite:///PATH.")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=10, max_overflow=40, connect_args={"timeout": _BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(dbapi_connection: object, _record: object) -> None:
    # The driver's own BEGIN comes too late (before the first write) and would let a read turn into a write half-way,
    # which SQLite refuses under load. We begin ourselves, see `_begin_sqlite`.
    dbapi_connection.isolation_level = None  # type: ignore[attr-defined]  # the event's argument is untyped
    cursor = dbapi_connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_TIMEOUT_S * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _postgresql_engine(url: str) -> Engine:
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise DatabaseUnavailable(f"MADANG_DATABASE_URL begins with {scheme!r}; give sqlite:///… or postgresql://….")
    return create_engine(
        f"postgresql+psycopg://{rest}",
        pool_size=10,
        max_overflow=40,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "options": "-c timezone=UTC -c lock_timeout=15000"},
    )


def _advice(engine: Engine, error: sqlalchemy.exc.SQLAlchemyError) -> str:
    if engine.dialect.name == "sqlite":
        reason = str(getattr(error, "orig", "") or "unknown reason")
        return f"The database file {engine.url.database!r} cannot be opened: {reason}. Check MADANG_HOME and its permissions."
    where = f"{engine.url.host or 'localhost'}:{engine.url.port or 5432}/{engine.url.database or ''}"
    return f"PostgreSQL at {where} does not answer or refuses us. Check MADANG_DATABASE_URL, the server and its pg_hba.conf."
