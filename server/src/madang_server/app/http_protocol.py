"""The server's side of HTTP/1.1: uvicorn's, with a limit on headers, refusals in the one error shape, and a short way for
the calls of the Gateway. Whatever is unusual about a call goes the long way, which can do everything.
"""

import asyncio
import math
from typing import Any, cast

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from madang_server.app.call_exchange import CallExchange
from madang_server.gateway.endpoints import CALLS
from madang_server.gateway.errors import error_body

LARGEST_HEAD = 2**16  # bytes of the request line and all headers; generous for any client we know

_TICK_S = 0.01  # a timer may come this much too early
_CALL_URLS = frozenset(path.encode() for path in CALLS)


class HttpProtocol(HttpToolsProtocol):
    """Without the limit a client without any key could fill the memory with one endless header."""

    _head_bytes = 0  # of a head that is not complete yet
    _serving: CallExchange | None = None
    _idle_until = 0.0  # on the loop's clock; far away while something is going on

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._idle_until = self.loop.time() + self.timeout_keep_alive
        self._look_at(self._idle_until)

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(
                b"431 Request Header Fields Too Large",
                f"The request's headers are larger than {LARGEST_HEAD >> 10} KB; send fewer or shorter ones.",
                "headers_too_large",
            )

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.hang_up()

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        self._idle_until = math.inf
        if not self.parser.should_upgrade():
            self.headers = []  # what follows the body goes here: nobody looked at it when the request was let in
        if self.url in _CALL_URLS and self._is_plain_post():
            self._begin_call()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        self._refuse(b"400 Bad Request", "This is not an HTTP/1.1 request that can be read.", "invalid_http")

    # One timer for the life of a connection, which looks at a moving moment; uvicorn sets and cancels one per request.
    # The moment moves when a head is complete, not with each byte, or strangers could hold connections for nothing.

    def _unset_keepalive_if_required(self) -> None:
        pass

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_until = self.loop.time() + self.timeout_keep_alive
        if self.timeout_keep_alive_task is None:
            self._look_at(self._idle_until)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_until == math.inf:
            return  # the end of this answer sets the timer again
        if self._idle_until - self.loop.time() > _TICK_S:
            self._look_at(self._idle_until)
        else:
            super().timeout_keep_alive_handler()

    def _look_at(self, moment: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_at(moment, self.timeout_keep_alive_handler)

    def _is_plain_post(self) -> bool:
        parser = self.parser
        return bool(
            parser.get_method() == b"POST" and parser.get_http_version() == "1.1" and not parser.should_upgrade()
        )

    def _begin_call(self) -> None:
        path = self.url.decode("ascii")
        scope = cast("dict[str, Any]", self.scope)
        scope.update(method="POST", path=path, raw_path=self.url, query_string=b"")
        before = self.cycle
        exchange = CallExchange(
            scope,
            self.transport,
            self.flow,
            expects_continue=self.expect_100_continue,
            keep_alive=self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        self.cycle = cast("RequestResponseCycle", exchange)
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if isinstance(cycle, CallExchange):
            self._serving = cycle
            cycle.start(app, self.tasks, self.loop)
        else:
            self._serving = None
            super()._start_asgi_task(cycle, app)

    def _refuse(self, status: bytes, message: str, code: str) -> None:
        body = error_body(message, kind="invalid_request_error", code=code)
        head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (status, len(body)) + body)
        self.transport.close()
