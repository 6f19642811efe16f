"""The trace store's client: clickhouse-connect from many threads, connected at first use, errors in our two classes.

The library is imported at the first use too: a server's start and its calls do without it.
"""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from madang_server.storage.clickhouse.errors import StoreError, StoreUnavailable, refusal

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Row = dict[str, Any]

_UNAVAILABLE = (
    "The trace store does not answer. Nothing is lost: spans wait in the spool until it does. "
    "See its log, or MADANG_CLICKHOUSE_URL when you run your own."
)
# async_insert would acknowledge rows before they are stored; the other keeps a retried insert from storing them twice.
# A field that the table does not have yet is left out: a newer gateway must not lose whole spans to an older store.
_INSERT_SETTINGS = {"async_insert": "0", "insert_deduplicate": "1", "input_format_skip_unknown_fields": "1"}


class Store:
    """One database of a ClickHouse server. Safe for threads; connects at the first use and again after an outage."""

    def __init__(self, url: str, *, timeout_s: int = 60) -> None:
        parts = urlsplit(url)
        self.url = url
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (8443 if parts.scheme == "https" else 8123)
        self._secure = parts.scheme == "https"
        self._user = unquote(parts.username or "default")
        self._password = unquote(parts.password or "")
        self.database = unquote(parts.path.strip("/")) or "madang"
        self._timeout_s = timeout_s
        self._connecting = threading.Lock()
        self._client: Client | None = None
        # It logs every failure with a traceback; ours are raised, and reported once by whoever catches them.
        logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)

    def rows(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        database: str | None = None,
    ) -> list[Row]:
        """The rows of an answer, by column name. Raises StoreUnavailable or StoreRefused."""
        with self._mapped() as client:
            given = {"database": database or self.database, **(settings or {})}
            result = client.query(statement, parameters=dict(parameters or {}), settings=given, tz_mode="aware")
            names = result.column_names
            return [dict(zip(names, row, strict=True)) for row in result.result_rows]

    def run(self, statement: str, parameters: Mapping[str, Any] | None = None, *, database: str | None = None) -> None:
        """Run a statement that has no rows to give. Raises StoreUnavailable or StoreRefused."""
        with self._mapped() as client:
            given = {"database": database or self.database}
            client.command(statement, parameters=dict(parameters or {}), settings=given)

    def insert_json(self, table: str, rows: bytes, columns: Sequence[str] | None = None, *, token: str = "") -> None:
        """Insert JSON objects, one per line; returns when they are stored. Rows sent again with the same `token` are
        stored once. Raises StoreUnavailable or StoreRefused."""
        settings: dict[str, Any] = {**_INSERT_SETTINGS, "database": self.database}
        if token:
            settings["insert_deduplication_token"] = token
        with self._mapped() as client:
            client.raw_insert(table, columns, insert_block=rows, fmt="JSONEachRow", settings=settings)

    def answers(self) -> bool:
        """Whether the store answers now; short, for health pages."""
        try:
            self.rows("SELECT 1 AS one", database="system")
        except StoreError:
            return False
        return True

    def close(self) -> None:
        with self._connecting:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    @contextmanager
    def _mapped(self) -> "Iterator[Client]":
        from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, Error

        try:
            yield self._connected()
        except (DatabaseError, ClickHouseError) as error:
            code = getattr(error, "code", None)
            if not code:
                raise StoreUnavailable(_UNAVAILABLE) from None
            raise refusal(code, str(error)) from None
        except (Error, OSError):
            raise StoreUnavailable(_UNAVAILABLE) from None

    def _connected(self) -> "Client":
        import clickhouse_connect

        with self._connecting:
            if self._client is None:
                self._client = clickhouse_connect.get_client(
                    host=self._host,
                    port=self._port,
                    username=self._user,
                    password=self._password,
                    secure=self._secure,
                    compress=False,
                    connect_timeout=5,
                    send_receive_timeout=self._timeout_s,
                    autogenerate_session_id=False,
                    query_retries=1,
                )
            return self._client
