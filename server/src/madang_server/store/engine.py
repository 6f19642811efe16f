"""The embedded engine behind one writing connection and a pool of reading ones.

A connection runs one statement at a time, so readers would wait behind each other on a single one. All calls block:
use threads. Rows are inserted by a complete statement or from a file, never by the streaming inserter, which reports
success for failed inserts.
"""

import contextlib
import os
import queue
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from madang_server.store.statements import (
    StatementKind,
    answer_format,
    error_code,
    error_text,
    insert_format,
    kind_of,
    quoted,
    quoted_name,
    settings_statement,
)

# Only a format whose rows cannot end in white space survives inline: the engine trims the end of a statement.
_INLINE_FORMATS = frozenset({"jsoneachrow"})


class EngineError(Exception):
    """The engine refused a statement. `code` is ClickHouse's error code, `text` its message."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True)
class Request:
    """One statement with the rows that follow it, its parameters and its settings."""

    statement: str
    rows: bytes = b""
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    database: str = "default"
    default_format: str = "TabSeparated"


@dataclass(frozen=True)
class Answer:
    """The bytes of an answer, its format (None when the statement has no result) and what it read or wrote."""

    body: bytes
    format: str | None
    rows: int
    read_bytes: int
    elapsed_s: float


class Engine:
    """Owns the data folder. One engine per process; `close` before another one is opened."""

    def __init__(self, data: Path, configuration: Path, readers: int) -> None:
        # Imported here: importing changes the working directory for a moment and takes half a second.
        import chdb

        self._target = f"{data}?config-file={configuration}"
        self._connect = chdb.connect
        self._files = data.parent / "store-inserts"
        self._files.mkdir(parents=True, exist_ok=True)
        self._writer = _Connection(self._open())
        self._writing = threading.Lock()
        self._readers: queue.SimpleQueue[_Connection] = queue.SimpleQueue()
        for _ in range(readers):
            self._readers.put(_Connection(self._open()))
        self._reader_count = readers

    def run(self, request: Request) -> Answer:
        """The answer to a request. Raises EngineError when the engine refuses it."""
        kind = kind_of(request.statement)
        if kind is StatementKind.SESSION:
            raise EngineError(
                36, "Code: 36. DB::Exception: SET and USE have no effect here; send settings with each request"
            )
        if kind is StatementKind.READ:
            with self._reader() as connection:
                return connection.run(
                    request, request.statement, answer_format(request.statement, request.default_format)
                )
        with self._writing:
            if kind is StatementKind.INSERT and request.rows:
                return self._insert(request)
            return self._writer.run(request, request.statement, None)

    def close(self) -> None:
        """Close every connection; waits for running statements."""
        for _ in range(self._reader_count):
            self._readers.get().close()
        with self._writing:
            self._writer.close()

    def _open(self) -> Any:
        return self._connect(self._target)

    def _insert(self, request: Request) -> Answer:
        form = insert_format(request.statement)
        if form is None or form.lower() in _INLINE_FORMATS:
            return self._writer.run(request, request.statement.encode() + b"\n" + request.rows, None)
        head = request.statement.rstrip()[: -len(form)].rstrip()[: -len("FORMAT")]
        descriptor, name = tempfile.mkstemp(dir=self._files, suffix=f".{form}")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(request.rows)
            return self._writer.run(
                request, f"{head} FROM INFILE {quoted(name)} COMPRESSION 'none' FORMAT {form}", None
            )
        finally:
            Path(name).unlink()

    @contextlib.contextmanager
    def _reader(self) -> Iterator["_Connection"]:
        connection = self._readers.get()
        try:
            yield connection
        finally:
            self._readers.put(connection)


class _Connection:
    """Remembers which settings and database are applied, so that most requests need no extra statement."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._applied: dict[str, str] = {}
        self._database = "default"

    def run(self, request: Request, statement: str | bytes, form: str | None) -> Answer:
        self._prepare(request)
        result = self._query(statement, form or "TabSeparated", dict(request.parameters))
        return Answer(
            body=result.bytes() or b"",
            format=form,
            rows=result.rows_read(),
            read_bytes=result.bytes_read(),
            elapsed_s=result.elapsed(),
        )

    def close(self) -> None:
        self._connection.close()

    def _prepare(self, request: Request) -> None:
        if request.database != self._database:
            self._query(f"USE {quoted_name(request.database)}", "TabSeparated", {})
            self._database = request.database
        try:
            change = settings_statement(self._applied, request.settings)
        except ValueError as error:
            raise EngineError(115, f"Code: 115. DB::Exception: {error}") from error
        if change is not None:
            self._query(change, "TabSeparated", {})  # all or nothing: a refused SET changes no setting
            self._applied = dict(request.settings)

    def _query(self, statement: str | bytes, form: str, parameters: dict[str, str]) -> Any:
        try:
            return self._connection.query(statement, form, params=parameters)
        except (RuntimeError, ValueError, TypeError, self._engine_errors()) as error:
            message = str(error)
            raise EngineError(error_code(message), error_text(message)) from None

    @staticmethod
    def _engine_errors() -> type[Exception]:
        from chdb import ChdbError

        return ChdbError
