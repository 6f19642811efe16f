"""The Gateway's own HTTP/1.1 client: asyncio protocols over httptools, one pool of kept-alive connections.

It does what a call to a vendor needs and nothing else, at a third of a general client's CPU: no redirects, cookies,
proxies or retries. A request that met a connection its peer had just dropped fails like any other; the retry layer
decides, and the trace shows it.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from time import monotonic
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools

from madang.providers.unreachable import cause_of
from madang_server.accounts.vendor_url import is_forbidden_address

CONNECT_TIMEOUT_S = 10.0
KEEP_ALIVE_S = 45.0  # vendors drop idle connections after about a minute; we let go of them first
IDLE_PER_ORIGIN = 512
LARGEST_ANSWER = 2**28  # bytes, unpacked; far above any real one, so that one vendor cannot take all the memory
_READ_AHEAD = 2**18  # bytes held for a slow reader before the socket is paused
_FORBIDDEN = "its address is link-local, which is not called"


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int


class HttpClient:
    """Keeps the Transport promise of `madang.calls.transport`. Use and close it inside one event loop."""

    def __init__(self, *, connect_timeout_s: float = CONNECT_TIMEOUT_S, tls: ssl.SSLContext | None = None) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._idle: dict[_Origin, list[_Connection]] = {}
        self._addresses: dict[str, tuple[_Origin, str]] = {}
        self._tls = tls  # made at the first https address when not given
        self._is_closed = False

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, connect_timeout_s: float | None = None
    ) -> "Response":
        """The answer's head. Raises ConnectionError when there is none."""
        # Calls to models are all POST, to few addresses; what is passed through may go to any number of others.
        known = self._addresses.get(url) if method == "POST" else None
        origin, start = known if known is not None else self._address(method, url)
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        head = f"{start}{''.join(lines)}content-length: {len(body)}\r\n\r\n".encode("latin-1")
        connection = self._take(origin) or await self._connect(origin, connect_timeout_s)
        response = Response(self, connection)
        try:
            await connection.ask(head + body, response)
        except BaseException:  # a connection with half an answer on it can serve nobody else; the error goes on
            connection.abort()
            raise
        return response

    async def close(self) -> None:
        self._is_closed = True
        for connections in self._idle.values():
            for connection in connections:
                connection.abort()
        self._idle.clear()

    def give_back(self, connection: "_Connection") -> None:
        """Takes a connection whose answer is complete, for the next request to the same origin."""
        idle = self._idle.setdefault(connection.origin, [])
        if self._is_closed or len(idle) >= IDLE_PER_ORIGIN:
            connection.abort()
            return
        connection.idle_since = monotonic()
        idle.append(connection)

    def _address(self, method: str, url: str) -> tuple[_Origin, str]:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ConnectionError("the address cannot be read") from error
        if parts.scheme not in ("http", "https") or not host or not url.isascii() or any(c in url for c in " \r\n"):
            raise ConnectionError("the address cannot be used")
        origin = _Origin(parts.scheme, host, port or (443 if parts.scheme == "https" else 80))
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        name = parts.netloc.rpartition("@")[2]
        start = f"{method} {path} HTTP/1.1\r\nhost: {name}\r\n"
        if method == "POST" and len(self._addresses) < 10_000:
            self._addresses[url] = (origin, start)
        return origin, start

    def _take(self, origin: _Origin) -> "_Connection | None":
        idle = self._idle.get(origin)
        oldest = monotonic() - KEEP_ALIVE_S
        while idle:
            connection = idle.pop()
            if connection.is_usable and connection.idle_since >= oldest:
                return connection
            connection.abort()
        return None

    async def _connect(self, origin: _Origin, timeout_s: float | None) -> "_Connection":
        if origin.scheme == "https" and self._tls is None:
            self._tls = ssl.create_default_context()
        loop = asyncio.get_running_loop()
        if is_forbidden_address(origin.host):
            raise ConnectionError(_FORBIDDEN)
        try:
            async with asyncio.timeout(self._connect_timeout_s if timeout_s is None else timeout_s):
                transport, connection = await loop.create_connection(
                    lambda: _Connection(origin, loop),
                    origin.host,
                    origin.port,
                    ssl=self._tls if origin.scheme == "https" else None,
                )
        except (OSError, UnicodeError) as error:
            raise ConnectionError(cause_of(error)) from error
        # Judged again after connecting, when a name can no longer be answered differently; nothing was sent yet.
        peer = transport.get_extra_info("peername")
        if peer and is_forbidden_address(str(peer[0])):
            connection.abort()
            raise ConnectionError(_FORBIDDEN)
        return connection


class Response:
    """An answer whose head has come. See the Transport promise."""

    __slots__ = ("_client", "_connection", "_inflate", "_size", "headers", "status")

    def __init__(self, client: HttpClient, connection: "_Connection") -> None:
        self._client = client
        self._connection: _Connection | None = connection
        self.status = 0
        self.headers: dict[str, str] = {}
        self._inflate: zlib._Decompress | None = None
        self._size = 0

    async def read(self) -> bytes:
        connection = self._connection
        if connection is not None and connection.is_complete and "content-encoding" not in self.headers:
            data = connection.take()  # it came together with its head, as most answers of one piece do
            self._release(connection)
            return data
        return b"".join([data async for data in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        connection = self._connection
        if connection is None:
            return
        if "content-encoding" in self.headers:
            self._inflate = _inflater(self.headers["content-encoding"])
        while True:
            data = connection.take()
            if data:
                if self._inflate is not None:
                    data = self._inflated(data)
                self._size += len(data)
                if self._size > LARGEST_ANSWER:
                    raise ConnectionError(f"the answer is larger than {LARGEST_ANSWER >> 20} MB")
                yield data
            elif connection.is_complete:
                break
            else:
                await connection.more()
        self._release(connection)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if connection.is_complete and connection.is_usable and not connection.take():
            self._client.give_back(connection)
        else:
            connection.abort()

    def _release(self, connection: "_Connection") -> None:
        self._connection = None
        if connection.is_usable:
            self._client.give_back(connection)
        else:
            connection.abort()

    def _inflated(self, data: bytes) -> bytes:
        assert self._inflate is not None
        try:
            return self._inflate.decompress(data, LARGEST_ANSWER + 1 - self._size)
        except zlib.error as error:
            raise ConnectionError("the answer's compression is damaged") from error


class _Connection(asyncio.Protocol):
    """One connection, one answer at a time. httptools calls the `on_…` methods while data arrives."""

    __slots__ = (
        "_buffer",
        "_buffered",
        "_is_lost",
        "_is_paused",
        "_loop",
        "_parser",
        "_reads_to_end",
        "_response",
        "_transport",
        "_waiter",
        "idle_since",
        "is_complete",
        "is_usable",
        "origin",
    )

    def __init__(self, origin: _Origin, loop: asyncio.AbstractEventLoop) -> None:
        self.origin = origin
        self._loop = loop
        self.idle_since = 0.0
        self.is_usable = True
        self.is_complete = True  # no answer is due
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._response: Response | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._is_paused = False
        self._is_lost = False
        self._reads_to_end = False

    async def ask(self, request: bytes, response: Response) -> None:
        """Sends the request and returns when the answer's head is in `response`."""
        self._response = response
        self.is_complete = False
        self._reads_to_end = True
        assert self._transport is not None
        self._transport.write(request)
        while response.status == 0 or self._response is not None:
            await self.more()

    def take(self) -> bytes:
        """What has arrived since the last time."""
        if not self._buffer:
            return b""
        data = self._buffer[0] if len(self._buffer) == 1 else b"".join(self._buffer)
        self._buffer.clear()
        self._buffered = 0
        if self._is_paused:
            self._is_paused = False
            assert self._transport is not None
            self._transport.resume_reading()
        return data

    async def more(self) -> None:
        """Returns when something happened. Raises ConnectionError when nothing more can come."""
        if self._is_lost:
            raise ConnectionError("the connection was closed")
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def abort(self) -> None:
        self.is_usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.is_complete:  # bytes that nobody asked for
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._is_lost = True
            self.abort()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_usable = False
        self._is_lost = True
        if self._response is None and self._reads_to_end and not self.is_complete and error is None:
            self.is_complete = True  # an answer without a length ends with its connection
        self._wake()

    def on_header(self, name: bytes, value: bytes) -> None:
        response = self._response
        if response is not None:
            key = name.decode("latin-1").lower()
            response.headers[key] = value.decode("latin-1")
            if key in ("content-length", "transfer-encoding"):
                self._reads_to_end = False

    def on_headers_complete(self) -> None:
        response = self._response
        status = self._parser.get_status_code()
        if response is None or status < 200:  # an interim answer: the real one follows
            if response is not None:
                response.headers.clear()
            return
        response.status = status
        self._response = None

    def on_message_begin(self) -> None:
        if self.is_complete:
            self.is_usable = False  # a second answer to one request: nothing after this can be trusted

    def on_body(self, data: bytes) -> None:
        if self.is_complete:
            return
        self._buffer.append(data)
        self._buffered += len(data)
        if self._buffered > _READ_AHEAD and not self._is_paused:
            self._is_paused = True
            assert self._transport is not None
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._response is not None:
            return  # only an interim answer is complete
        self.is_complete = True
        if not self._parser.should_keep_alive():
            self.is_usable = False

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def _inflater(encoding: str) -> "zlib._Decompress | None":
    """For servers that compress although we ask them not to."""
    if encoding in ("gzip", "x-gzip"):
        return zlib.decompressobj(wbits=31)
    if encoding == "deflate":
        return zlib.decompressobj()
    if encoding in ("identity", ""):
        return None
    raise ConnectionError(f"the answer has the unknown content-encoding {encoding[:40]!r}")
