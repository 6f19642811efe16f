"""One model call on a connection: the request's body in, the answer out, with as little as possible in between.

Takes the place of uvicorn's own request-response cycle for the Gateway's calls. An answer that is whole leaves with its
head in one write, and each event of a stream in one more. When the client hangs up, the task that serves it is cancelled.
"""

import asyncio
import logging
from collections.abc import Callable, MutableSet
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from madang_server.gateway.asgi import CANCELS, Headers, Message, Receive, Scope, Send
from madang_server.gateway.errors import our_fault

App = Callable[[Scope, Receive, Send], Any]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"
_IN_NO_HEADER = bytes({*range(32), 127} - {9, 10, 13})  # line ends are counted
_EXTENSIONS: dict[str, dict[str, Any]] = {CANCELS: {}}

_log = logging.getLogger(__name__)


class CallExchange:
    """What uvicorn's protocol needs of a cycle has uvicorn's names; it sets `body`, `more_body` and `disconnected`."""

    def __init__(
        self,
        scope: Scope,
        transport: asyncio.Transport,
        flow: FlowControl,
        *,
        expects_continue: bool,
        keep_alive: bool,
        on_response: Callable[[], None],
    ) -> None:
        scope["extensions"] = _EXTENSIONS
        self.scope = scope
        self.transport = transport
        self.flow = flow
        self.keep_alive = keep_alive
        self.on_response = on_response
        self.waiting_for_100_continue = expects_continue
        self.body = b""  # what has come and was not received yet
        self.more_body = True
        self.disconnected = False
        self.response_complete = False
        self._is_received = False  # the whole body
        self._head = b""  # not written yet
        self._rest = -1  # bytes of the body still to be written; -1 while chunked
        self._has_begun = False
        self._waiter: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, app: App, tasks: MutableSet[asyncio.Task[None]], loop: asyncio.AbstractEventLoop) -> None:
        """Serves the call in a task of its own, which is in `tasks` until it has ended."""
        task = self._task = loop.create_task(self._run(app, tasks))
        tasks.add(task)

    @property
    def message_event(self) -> "CallExchange":
        """uvicorn calls its `set` when more of the body has come."""
        return self

    def set(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def hang_up(self) -> None:
        """The client has gone: nobody waits for the answer, so nobody has to work on it."""
        if self.response_complete:
            return
        self.disconnected = True
        if self._task is not None:
            self._task.cancel()

    async def receive(self) -> Message:
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.waiting_for_100_continue = False
            self.transport.write(_CONTINUE)
        while not (self.disconnected or self.response_complete):
            if not self._is_received and (self.body or not self.more_body):
                body, self.body = self.body, b""
                self._is_received = not self.more_body
                return {"type": "http.request", "body": body, "more_body": self.more_body}
            self.flow.resume_reading()
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Raises RuntimeError for a header that cannot be, and for what comes out of turn; nothing is written then."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            if self._has_begun:
                raise RuntimeError("the answer has begun")
            self._head, self._rest = self._head_of(message["status"], message["headers"])
            return
        body: bytes = message.get("body", b"")
        is_last = not message.get("more_body", False)
        if self.response_complete or not (self._has_begun or self._head):
            raise RuntimeError("a body out of turn")
        if self._rest < 0:
            wire = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if is_last:
                wire += _LAST_CHUNK
        else:
            if len(body) > self._rest or (is_last and len(body) < self._rest):
                raise RuntimeError("a body of another length than announced")
            self._rest -= len(body)
            wire = body
        if not self._has_begun:
            self._has_begun = True
            self.waiting_for_100_continue = False
            wire = self._head + wire
        self.transport.write(wire)
        if is_last:
            self._finish()

    async def _run(self, app: App, tasks: MutableSet[asyncio.Task[None]]) -> None:
        try:
            await app(self.scope, self.receive, self.send)
            if not (self.response_complete or self.disconnected):
                self._give_up()
        except asyncio.CancelledError:
            # The client has gone, or the server ends and has waited long enough; this task ends here either way.
            self._give_up()
        except Exception as error:  # noqa: BLE001 - the edge of the connection: told without its values, and cut or answered
            if not isinstance(error, ConnectionAbortedError):  # whoever raises that has reported what was wrong
                _log.error("A call failed: %s", type(error).__name__)
            self._give_up()
        finally:
            self.on_response = _nothing  # it holds the protocol, which holds this
            if self._task is not None:
                tasks.discard(self._task)

    def _give_up(self) -> None:
        """An answer that has begun is cut, which shows that it is not whole; else it is our fault, and is said so."""
        if self.disconnected or self.response_complete:
            return
        if self._has_begun:
            self.transport.close()
            return
        refused = our_fault()
        self.keep_alive = False
        length = (b"content-length", b"%d" % len(refused.body))
        head, _ = self._head_of(refused.status, [(b"content-type", b"application/json"), length])
        self.transport.write(head + refused.body)
        self._has_begun = True
        self._finish()

    def _finish(self) -> None:
        self.response_complete = True
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _head_of(self, status: int, headers: Headers) -> tuple[bytes, int]:
        """The head as it goes out, and the length of the body that it announces, or -1."""
        length = -1
        lines = [STATUS_LINE.get(status) or b"HTTP/1.1 %d \r\n" % status]
        for name, value in headers:
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"content-length":
                length = int(value)
        if length < 0:
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        # A value with a line end in it would be a header, or an answer, that somebody else wrote.
        is_whole = head.count(b"\n") == head.count(b"\r") == head.count(b"\r\n") == len(lines)
        if not is_whole or len(head.translate(None, _IN_NO_HEADER)) != len(head):
            raise RuntimeError("a header with a control character")
        return head + b"\r\n", length


def _nothing() -> None:
    pass
