"""ClickHouse's HTTP protocol as a plain ASGI application: what clickhouse-connect sends, answered in full.

Answers are buffered, sessions are ignored, external data is refused. Everything but GET /ping needs the password.
"""

import asyncio
import base64
import binascii
import hmac
import json
import re
import shutil
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from madang_server.store.bodies import MAX_INFLATED_BYTES, BodyError, form_fields, inflated
from madang_server.store.engine import Answer, Engine, EngineError, Request
from madang_server.store.statements import StatementKind, error_status, kind_of

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Consumed by the transport of a ClickHouse server; the engine does not know them as settings.
_TRANSPORT = frozenset(
    {
        "query", "database", "default_format", "query_id", "session_id", "session_timeout", "session_check",
        "quota_key", "buffer_size", "wait_end_of_query", "compress", "decompress", "client_protocol_version", "role",
        "user", "password", "enable_http_compression", "http_zlib_compression_level", "send_progress_in_http_headers",
        "http_headers_progress_interval_ms", "cancel_http_readonly_queries_on_client_close", "stacktrace",
    }
)  # fmt: skip
_PLAIN_TEXT = "text/plain; charset=UTF-8"
_JSON_FORMATS = ("json",)


class _Refused(Exception):
    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = f"Code: {code}. DB::Exception: {text}"


class StoreApp:
    """The application. `threads` must be at least the number of the engine's connections."""

    def __init__(self, engine: Engine, data: Path, user: str, password: str, threads: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._data = data
        self._credentials = f"{user}:{password}".encode()
        self._threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        try:
            if path == "/ping":
                await _send(send, 200, b"Ok.\n", {})
                return
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            url = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
            self._authenticate(headers, url)
            if path == "/health":
                health = await self._in_thread(self._health)
                await _send(send, 200, health, {"content-type": "application/json"})
                return
            if path != "/" or method not in ("GET", "POST"):
                raise _Refused(404, 1001, f"There is no {method} {path} here; send statements to /")
            body = await _read(receive, headers)
            request = _request(url, headers, body, method)
            answer = await self._in_thread(lambda: self._engine.run(request))
            await _send(send, 200, answer.body, _answer_headers(answer, url))
        except _Refused as refused:
            await _send_error(send, refused.status, refused.code, refused.text)
        except BodyError as error:
            await _send_error(send, 400, 1001, f"Code: 1001. DB::Exception: {error}")
        except EngineError as error:
            await _send_error(send, error_status(error.code), error.code, error.text)

    def _authenticate(self, headers: Mapping[str, str], url: Mapping[str, str]) -> None:
        given = f"{url.get('user', '')}:{url.get('password', '')}".encode()
        if "x-clickhouse-user" in headers:
            given = f"{headers['x-clickhouse-user']}:{headers.get('x-clickhouse-key', '')}".encode()
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(token, validate=True)
            except binascii.Error:
                given = b""
        if not hmac.compare_digest(given, self._credentials):
            raise _Refused(401, 516, "Authentication failed: user or password is wrong. (AUTHENTICATION_FAILED)")

    def _health(self) -> bytes:
        """Free disk, parts the engine set aside as damaged, and whether it answers."""
        detached = self._engine.run(
            Request(
                "SELECT database, table, reason, count() AS parts FROM system.detached_parts "
                "GROUP BY database, table, reason FORMAT JSONEachRow"
            )
        )
        return json.dumps(
            {
                "status": "ok",
                "free_disk_bytes": shutil.disk_usage(self._data).free,
                "detached_parts": [json.loads(line) for line in detached.body.splitlines()],
            }
        ).encode()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _request(url: dict[str, str], headers: Mapping[str, str], body: bytes, method: str) -> Request:
    given = dict(url)
    if headers.get("content-type", "").startswith("multipart/form-data"):
        given.update(form_fields(body, headers["content-type"]))
        body = b""
    else:
        body = inflated(body, headers.get("content-encoding", ""))
    statement, rows = _statement_and_rows(given.get("query", ""), body)
    if not statement.strip():
        raise _Refused(400, 62, "The query is empty; send it in the body or as the parameter query")
    settings = {
        name: value for name, value in given.items() if name not in _TRANSPORT and not name.startswith("param_")
    }
    # Not for the engine: a connection that was once set to read only cannot be set back.
    read_only = settings.pop("readonly", "0") != "0" or method == "GET"
    if read_only and kind_of(statement) is not StatementKind.READ:
        raise _Refused(403, 164, "Only reading is allowed by GET or with readonly; use POST to write. (READONLY)")
    return Request(
        statement=statement,
        rows=rows,
        parameters={name[6:]: value for name, value in given.items() if name.startswith("param_")},
        settings=settings,
        database=given.get("database") or headers.get("x-clickhouse-database") or "default",
        default_format=given.get("default_format") or headers.get("x-clickhouse-format") or "TabSeparated",
    )


_INSERT_HEAD = re.compile(
    rb"\A\s*INSERT\s+INTO\b.{0,16000}?\bFORMAT\s+([A-Za-z][A-Za-z0-9_]*)[ \t]*\r?\n", re.IGNORECASE | re.DOTALL
)


def _statement_and_rows(query: str, body: bytes) -> tuple[str, bytes]:
    """The statement apart from the rows of an insert, whichever of URL and body carries which."""
    if query:
        if query.lstrip()[:6].upper() == "INSERT":
            return query, body
        return (f"{query}\n{body.decode()}" if body else query), b""
    head = _INSERT_HEAD.match(body)
    if head and head.group(1).lower() != b"values":
        return body[: head.end(1)].decode(), body[head.end() :]
    return body.decode(), b""


async def _read(receive: Receive, headers: Mapping[str, str]) -> bytes:
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Refused(400, 210, "The client went away")
        piece = message.get("body", b"")
        size += len(piece)
        if size > MAX_INFLATED_BYTES:
            raise _Refused(413, 1001, f"The body is larger than {MAX_INFLATED_BYTES} bytes; send smaller batches")
        pieces.append(piece)
        if not message.get("more_body"):
            return b"".join(pieces)


def _answer_headers(answer: Answer, url: Mapping[str, str]) -> dict[str, str]:
    counted = "read" if answer.format else "written"
    summary = {
        "read_rows": "0",
        "read_bytes": "0",
        "written_rows": "0",
        "written_bytes": "0",
        f"{counted}_rows": str(answer.rows),
        f"{counted}_bytes": str(answer.read_bytes),
        "elapsed_ns": str(int(answer.elapsed_s * 1e9)),
    }
    headers = {
        "x-clickhouse-summary": json.dumps(summary),
        "x-clickhouse-timezone": "UTC",
        "x-clickhouse-query-id": url.get("query_id", ""),
        "content-type": "application/octet-stream",
    }
    if answer.format:
        headers["x-clickhouse-format"] = answer.format
        headers["content-type"] = "application/json" if answer.format.lower() in _JSON_FORMATS else _PLAIN_TEXT
    return headers


async def _send(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    given = {"content-type": _PLAIN_TEXT, **headers, "content-length": str(len(body))}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _send_error(send: Send, status: int, code: int, text: str) -> None:
    await _send(
        send, status, text.encode(), {"x-clickhouse-exception-code": str(code), "x-clickhouse-format": "TabSeparated"}
    )
