"""One call over HTTP: admit it, run the pipeline, write the answer as it comes. Streamed or not, the path is the same.

The answer's last byte leaves after its spans were handed to the spool: whoever got a whole answer finds its trace.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from decimal import Decimal

from madang.calls.clock import Clock
from madang.calls.operation import WITH_FILES, Operation
from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.errors import CallFailed
from madang_server.gateway.admit import admitted, read_request
from madang_server.gateway.asgi import (
    CANCELS,
    Headers,
    Receive,
    Scope,
    Send,
    answer,
    read_body,
)
from madang_server.gateway.duplicates import Duplicates, mark_of
from madang_server.gateway.errors import Refused, failure_answer, failure_body, refusal_answer
from madang_server.gateway.forms import is_form, read_form
from madang_server.gateway.limits_answers import LimitReached
from madang_server.gateway.snapshot import KeyHolder, Snapshot

LARGEST_BODY = 32 * 2**20  # bytes; OpenAI's own limit for images in a request is of this size

_WATCH_AFTER_S = 0.05

Write = Callable[[Request, Reply, Send], Awaitable[None]]


class CallEndpoint:
    """Serves one operation. `on_key` learns which key was used, for its "last used"."""

    def __init__(
        self,
        operation: Operation,
        *,
        call: Call,
        snapshot: Callable[[], Snapshot],
        on_key: Callable[[KeyHolder], None],
        clock: Clock,
        duplicates: Duplicates,
    ) -> None:
        self._operation = operation
        self._call = call
        self._snapshot = snapshot
        self._on_key = on_key
        self._clock = clock
        self._duplicates = duplicates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Refused, BodyTooLarge and ClientGone, which the Gateway answers for all its paths."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        holder = admitted(self._snapshot(), headers)
        raw = await read_body(headers, receive, LARGEST_BODY)
        content_type = headers.get(b"content-type", b"")
        form = await read_form(content_type, raw) if self._operation in WITH_FILES and is_form(content_type) else None
        request = read_request(self._operation, holder, headers, raw, self._clock.monotonic(), form)
        self._on_key(holder)
        # HTTP/1.0 knows no chunks, so its clients get a stream in one piece.
        knows_chunks = scope["http_version"] != "1.0"
        mark = mark_of(holder, headers, scope["path"], raw, form)
        if mark is None:
            serving = self._serve(request, send, _stream if knows_chunks else _whole)
        else:
            serving = self._duplicates.serve(
                mark, request, lambda out: self._serve(request, out, _stream), send, knows_chunks=knows_chunks
            )
        if CANCELS in scope.get("extensions", ()):
            await serving
        else:
            await until_gone(serving, receive)

    async def _serve(self, request: Request, send: Send, write_stream: Write) -> None:
        try:
            reply = await self._call(request)
        except LimitReached as reached:
            await answer(send, *reached.answer())
            return
        except CallFailed as failure:
            await answer(send, *_failed(request, failure))
            return
        except RecursionError:  # it could just be read, but not be written again deeper in the stack
            await answer(
                send, *refusal_answer(Refused(400, "The request's JSON is nested too deeply.", code="invalid_json"))
            )
            return
        # Closed here, so that the vendor's call stops at once when this one is cancelled.
        async with contextlib.aclosing(reply.events):
            if reply.content_type.startswith("text/event-stream"):
                await write_stream(request, reply, send)
            else:
                await _whole(request, reply, send)


async def until_gone(serving: Awaitable[None], receive: Receive) -> None:
    """Runs the call, and cancels it when the client hangs up, so that the vendor's call stops too. For servers that
    do not do that themselves.

    The watch begins a moment later: most short calls are over by then, and need no second task.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    is_gone = False
    watcher: asyncio.Task[None] | None = None

    async def watch() -> None:
        nonlocal is_gone
        while (await receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        task.cancel()

    def begin() -> None:
        nonlocal watcher
        watcher = loop.create_task(watch())

    timer = loop.call_later(_WATCH_AFTER_S, begin)
    try:
        await serving
    except asyncio.CancelledError:
        if not is_gone:
            raise  # the server is stopping
        task.uncancel()
    finally:
        timer.cancel()
        if watcher is not None:
            watcher.cancel()


async def _whole(request: Request, reply: Reply, send: Send) -> None:
    pieces: list[bytes] = []
    try:
        async for event in reply.events:
            pieces.append(event.raw)
    except CallFailed as failure:
        await answer(send, *_failed(request, failure))
        return
    headers = _headers(request, reply)
    attempt = request.journal.last
    costs = [attempt.cost.total_usd for attempt in request.journal.attempts if attempt.cost is not None]
    if attempt is not None and costs:
        headers.append((b"x-madang-cost-usd", format(sum(costs, Decimal(0)), "f").encode()))
    await answer(send, reply.status, headers, b"".join(pieces))


async def _stream(request: Request, reply: Reply, send: Send) -> None:
    has_begun = False
    held = b""
    try:
        async for event in reply.events:
            if not has_begun:
                headers = _headers(request, reply)
                await send({"type": "http.response.start", "status": reply.status, "headers": headers})
                has_begun = True
            raw = held + event.raw if held else event.raw
            # Clients stop reading at [DONE], so it waits until the spans are in the spool.
            held = raw if b"[DONE]" in raw[-12:] else b""
            if raw and not held:
                await send({"type": "http.response.body", "body": raw, "more_body": True})
    except CallFailed as failure:
        if not has_begun:
            await answer(send, *_failed(request, failure))
            return
        failure.trace_id = request.caller.trace_id
        # The status has left already; the error is the stream's last event, and no [DONE] follows it.
        await send(
            {"type": "http.response.body", "body": b"data: " + failure_body(failure) + b"\n\n", "more_body": True}
        )
    if not has_begun:
        headers = _headers(request, reply)
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": held})


def _headers(request: Request, reply: Reply) -> Headers:
    headers: Headers = [
        (b"content-type", reply.content_type.encode("latin-1", errors="replace")),
        (b"x-madang-trace-id", request.caller.trace_id.encode()),
        (b"x-madang-deployment", reply.target.name.encode()),
        (b"x-madang-attempts", b"%d" % len(request.journal.attempts)),
    ]
    if reply.target.is_simulated:
        headers.append((b"x-madang-simulated", b"true"))
    headers.extend(
        (name.encode("latin-1"), value.encode("latin-1", errors="replace")) for name, value in reply.headers.items()
    )
    headers.extend(_of_layers(request))
    return headers


def _failed(request: Request, failure: CallFailed) -> tuple[int, Headers, bytes]:
    status, headers, body = failure_answer(failure)
    headers.extend(_of_layers(request))
    return status, headers, body


def _of_layers(request: Request) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.journal.headers.items()]
