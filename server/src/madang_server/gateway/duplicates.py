"""Calls that come twice: the second reads the first one's answer, and leaves a trace of its own that costs nothing.

Two calls are the same by their Idempotency-Key, or by key and body where the project allows it.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from madang.calls.clock import Clock
from madang.calls.request import Replay, Request
from madang.calls.target import Target
from madang.errors import CallFailed
from madang.layers.interruption import failure_of
from madang.layers.trace import SpanSink
from madang.tracing.call_spans import Outcome, spans_of_call, total_cost
from madang_server.gateway.asgi import Headers, Message, Send
from madang_server.gateway.errors import Refused
from madang_server.gateway.flights import Flight, FlightBook, Landing, ReusedKey, Serve
from madang_server.gateway.snapshot import KeyHolder

IDEMPOTENCY_WINDOW_S = 600.0

_KEY_HEADER = b"idempotency-key"
# What tells two people, or two ways of asking, apart who send the same body with the same key.
_TELLING = (b"x-madang-user-id", b"x-madang-session-id")
_SHAPING = (b"x-madang-routing", b"x-madang-cache", b"x-madang-no-cache", b"anthropic-version", b"anthropic-beta")
_OF_THE_FIRST = (b"x-ratelimit-", b"x-madang-limit")
_encode_fields = msgspec.json.Encoder(order="deterministic").encode

_UNKNOWN = Target(name="", vendor="", vendor_model="")
_REPLACED = frozenset({b"x-madang-trace-id", b"x-madang-attempts", b"x-madang-cost-usd", b"x-madang-cache", b"age"})

_log = logging.getLogger(__name__)


class Mark(NamedTuple):
    """By what a call is known again. Another `fingerprint` under the same `key` is a mistake of the client."""

    key: str
    fingerprint: str
    window_s: float


def mark_of(
    holder: KeyHolder, headers: Mapping[bytes, bytes], path: str, raw: bytes, form: dict[str, Any] | None
) -> Mark | None:
    """The call's mark; None for a call that stands for itself."""
    rules = holder.project.duplicates
    given = headers.get(_KEY_HEADER)
    if not given and not rules.joins_duplicates:
        return None
    # A form is sent with other boundaries each time, so its fields count.
    body = hashlib.sha256(raw if form is None else _encode_fields(form)).digest()
    shape = _digest(path.encode(), body, *(headers.get(name, b"") for name in _SHAPING))
    if given:
        key = _digest(b"idempotency-key", holder.project.project_id.encode(), holder.key_id.encode(), given)
        return Mark(key, shape, IDEMPOTENCY_WINDOW_S)
    told = [headers.get(name, b"") for name in _TELLING]
    key = _digest(b"same", holder.project.project_id.encode(), holder.key_id.encode(), shape.encode(), *told)
    return Mark(key, shape, rules.window_s)


class Duplicates:
    """Serves marked calls: each either makes the call or joins it."""

    def __init__(self, flights: FlightBook, *, sink: SpanSink, clock: Clock, new_span_id: Callable[[], str]) -> None:
        self._flights = flights
        self._sink = sink
        self._clock = clock
        self._new_span_id = new_span_id

    async def serve(
        self, mark: Mark, request: Request, call: Callable[[Send], Awaitable[None]], send: Send, *, knows_chunks: bool
    ) -> None:
        """The answer, live. `call` makes the call and writes its answer. Raises Refused for a key that another body has."""
        try:
            flight = self._flights.find(mark.key, mark.fingerprint)
            is_first = flight is None
            if flight is None:
                flight = self._flights.start(
                    mark.key,
                    mark.fingerprint,
                    _landing(request, call),
                    trace_id=request.caller.trace_id,
                    window_s=mark.window_s,
                    deadline=request.deadline,
                )
            out = send if knows_chunks else _InOnePiece(send)
            await self._read(flight, request, out, is_first=is_first)
        except ReusedKey:
            raise Refused(
                409,
                "This Idempotency-Key was used for another request. Give every request a key of its own, and repeat a "
                "request unchanged.",
                code="idempotency_key_reused",
            ) from None

    async def _read(self, flight: Flight, request: Request, send: Send, *, is_first: bool) -> None:
        began_us = self._clock.now_us()
        is_joined = not is_first
        held: Message | None = None
        messages = flight.read()
        try:
            async for message in messages:
                if message["type"] == "http.response.start":
                    is_joined = is_joined or not flight.is_paid_here  # another process may have had the answer
                    if is_joined:
                        message = {**message, "headers": _joined_headers(message["headers"], flight, request)}
                if not is_joined:
                    await send(message)
                    continue
                if held is not None:
                    await send(held)
                held = message
        except ReusedKey:
            raise
        except BaseException as error:
            if is_joined:
                self._trace(flight, request, began_us, error if isinstance(error, CallFailed) else failure_of(error))
            raise
        finally:
            await messages.aclose()
        if is_joined:
            self._trace(flight, request, began_us, flight.landing.failure if flight.landing else None)
        if held is not None:  # an answer's end leaves when its trace is kept, here as everywhere
            await send(held)

    def _trace(self, flight: Flight, request: Request, began_us: int, failure: CallFailed | None) -> None:
        landing = flight.landing
        request.journal.replay = landing.replay if landing else Replay("joined", flight.trace_id, _UNKNOWN, None)
        outcome = Outcome(began_us, self._clock.now_us(), failure, (), b"")
        try:
            self._sink(request.caller.project_id, spans_of_call(request, self._new_span_id(), outcome))
        except Exception as fault:  # noqa: BLE001 - the edge of tracing: the call goes on without its trace
            _log.error("A trace was lost: %s", type(fault).__name__)


class _InOnePiece:
    """For clients that know no chunks: an answer whose length is not known yet leaves when all of it is there."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._pieces: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._pieces.append(message.get("body", b""))
        if message.get("more_body", False) or self._start is None:
            return
        body = b"".join(self._pieces)
        headers = [each for each in self._start["headers"] if each[0] != b"content-length"]
        await self._send({**self._start, "headers": [*headers, (b"content-length", b"%d" % len(body))]})
        await self._send({"type": "http.response.body", "body": body})


def _landing(request: Request, call: Callable[[Send], Awaitable[None]]) -> Serve:
    async def serve(send: Send) -> Landing:
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await call(noted)
        return Landing(_replay_of(request), _failure_of(request, status))

    return serve


def _replay_of(request: Request) -> Replay:
    """What those who joined this call are told of it: what it cost is what they saved."""
    journal = request.journal
    last = journal.last
    before = journal.replay
    target = last.target if last else before.target if before else _UNKNOWN
    cost = total_cost(journal.attempts)
    paid = Decimal(0) if before is not None else None if cost is None else cost.total_usd
    # A reader's trace names the deployment; its key and address are nobody's business there.
    shown = Target(
        name=target.name, vendor=target.vendor, vendor_model=target.vendor_model, is_simulated=target.is_simulated
    )
    return Replay("joined", request.caller.trace_id, shown, paid)


def _failure_of(request: Request, status: int) -> CallFailed | None:
    last = request.journal.last
    if last is not None and last.failure is not None:
        return last.failure
    if status < 400:
        return None
    return CallFailed("The call that this one joined was refused.", reason="invalid_request", status=status)


def _joined_headers(headers: Headers, flight: Flight, request: Request) -> Headers:
    kept = [each for each in headers if each[0] not in _REPLACED and not each[0].startswith(_OF_THE_FIRST)]
    return [
        *kept,
        (b"x-madang-trace-id", request.caller.trace_id.encode()),
        (b"x-madang-joined", flight.trace_id.encode()),
        (b"x-madang-attempts", b"0"),
        (b"x-madang-cost-usd", b"0"),
    ]


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:" % len(part))
        whole.update(part)
    return whole.hexdigest()
