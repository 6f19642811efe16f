"""A vendor's own API behind a project's key: bytes pass as they are, both ways; limits, cost and trace hold all the same.

No retries, no fallback, no translation: who speaks a vendor's words means this vendor. A body is read whole before it goes
out, as limits and signatures need that; an answer goes on piece by piece as it comes.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import msgspec

from madang.calls.clock import Clock
from madang.calls.event import Event
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Attempt, Request
from madang.calls.target import Price, Route, Target
from madang.calls.transport import Response, Transport
from madang.errors import CallFailed
from madang.layers.cost import with_cost
from madang.providers.http_call import keyless
from madang.providers.native_door import NativeAsk, NativeDoors, OpenDoor
from madang.providers.native_meaning import NativeMeaning, failure_meaning, meaning_of
from madang.providers.openai_wire import without_keys
from madang.providers.unreachable import unreachable
from madang_server.credentials.store import OpenedCredential
from madang_server.gateway.admit import admitted, caller_of
from madang_server.gateway.asgi import CANCELS, Receive, Scope, Send, answer, read_body
from madang_server.gateway.calls import LARGEST_BODY, until_gone
from madang_server.gateway.errors import failure_answer
from madang_server.gateway.limits import LimitGuard, with_limits
from madang_server.gateway.limits_answers import LimitReached
from madang_server.gateway.passthrough_request import (
    Place,
    credential_for,
    headers_for_caller,
    headers_for_vendor,
    place_of,
    region_for,
)
from madang_server.gateway.passthrough_trace import Listener, SpanKeeper, with_one_span
from madang_server.gateway.snapshot import KeyHolder, Project, Snapshot
from madang_server.limits.limit import Limits

TIMEOUT_S = 600.0  # until the head of an answer
IDLE_TIMEOUT_S = 300.0  # between two pieces of it


class Passthrough:
    """Serves every path below `/passthrough/`. `on_key` learns which key was used."""

    def __init__(
        self,
        transport: Transport,
        *,
        snapshot: Callable[[], Snapshot],
        on_key: Callable[[KeyHolder], None],
        keep: SpanKeeper,
        guard: LimitGuard,
        limits_of: Callable[[str], Limits],
        clock: Clock,
        new_span_id: Callable[[], str],
    ) -> None:
        self._transport = transport
        self._snapshot = snapshot
        self._on_key = on_key
        self._keep = keep
        self._guard = guard
        self._limits_of = limits_of
        self._clock = clock
        self._new_span_id = new_span_id
        self._doors = NativeDoors(transport, lambda: clock.now_us() / 1_000_000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Refused, BodyTooLarge and ClientGone, which the Gateway answers for all its paths."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        holder = admitted(self._snapshot(), _with_googles_key(headers))
        place = place_of(scope)
        credential = credential_for(holder.project, place.vendor, _header(headers, b"x-madang-credential"))
        raw = await read_body(headers, receive, LARGEST_BODY)
        self._on_key(holder)
        body = _object(raw)
        meaning = meaning_of(place.vendor, scope["method"], place.path, body)
        request = self._request(holder, headers, place, credential, meaning, body, raw)
        ask = NativeAsk(
            place.vendor,
            scope["method"],
            place.path,
            place.query,
            raw,
            credential.base_url or "",
            credential.api_version or "",
            credential.api_key or "",
            region_for(holder.project, credential, _header(headers, b"x-madang-region")),
        )
        serving = self._serve(request, ask, meaning, headers, send)
        if CANCELS in scope.get("extensions", ()):
            await serving
        else:
            await until_gone(serving, receive)

    def _request(
        self,
        holder: KeyHolder,
        headers: dict[bytes, bytes],
        place: Place,
        credential: OpenedCredential,
        meaning: NativeMeaning,
        body: dict[str, Any],
        raw: bytes,
    ) -> Request:
        known = _known_target(holder.project, credential, meaning.model)
        name = meaning.model or f"passthrough/{place.vendor}"
        price = known.price if known is not None else _listed_price(holder.project, credential, meaning.model)
        target = Target(
            name=known.name if known is not None else credential.name,
            vendor=credential.vendor,
            vendor_model=meaning.model,
            price=price,
            is_simulated=known is not None and known.is_simulated,
            alias=known.alias if known is not None else "",
            credential_id=credential.id,
        )
        # The limits of a model hold for the alias that it has here, and else for its own name.
        route = Route(known.alias if known is not None else name, (target,), retries=0, timeout_s=TIMEOUT_S)
        is_stream = body.get("stream") is True or ":stream" in place.path or place.path.endswith("-stream")
        request = Request(
            operation=meaning.operation,
            route=route,
            body=body,
            raw=raw,
            deadline=self._clock.monotonic() + TIMEOUT_S,
            caller=caller_of(holder, headers, body),
            is_stream=is_stream,
            target=target,
        )
        request.journal.attributes["madang.passthrough"] = place.vendor
        request.journal.attributes["madang.passthrough.path"] = place.path[:1_000]
        return request

    async def _serve(
        self, request: Request, ask: NativeAsk, meaning: NativeMeaning, headers: dict[bytes, bytes], send: Send
    ) -> None:
        listener = Listener(meaning.form, f"{ask.vendor}/{ask.path[:200]}")
        secrets: list[str] = []

        async def vendor(request: Request) -> Reply:
            door = await self._doors.open(ask)
            secrets.extend(door.secrets)
            return await self._sent(request, ask, door, headers, listener)

        call: Call = with_limits(
            with_one_span(
                _attempted(with_cost(vendor), self._clock, self._new_span_id),
                listener,
                keep=self._keep,
                clock=self._clock,
                new_span_id=self._new_span_id,
            ),
            guard=self._guard,
            limits_of=self._limits_of,
        )
        try:
            reply = await call(request)
        except LimitReached as reached:
            await answer(send, *reached.answer())
            return
        except CallFailed as failure:
            await answer(send, *failure_answer(failure))
            return
        reply = reply.watched()
        async with contextlib.aclosing(reply.events):
            await _write(request, reply, secrets, send)

    async def _sent(
        self, request: Request, ask: NativeAsk, door: OpenDoor, headers: dict[bytes, bytes], listener: Listener
    ) -> Reply:
        target, attempt = request.target, request.attempt
        assert target is not None
        assert attempt is not None
        sent = headers_for_vendor(headers, door.headers)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                response = await self._transport.send(ask.method, door.url, sent, ask.body)
        except ConnectionError as error:
            raise unreachable(target, door.url, error) from error
        except TimeoutError:
            raise CallFailed(
                f"The vendor did not answer within {TIMEOUT_S:.0f} seconds.",
                reason="timeout",
                status=504,
                code="timeout",
            ) from None
        content_type = response.headers.get("content-type", "")
        if response.status >= 400:
            events = _explained(response, ask, door, listener)
        else:
            listener.begins(request, response.headers)
            events = _passed_on(response, listener)
        return Reply(response.status, response.headers, content_type, events, target)


def _attempted(call: Call, clock: Clock, new_span_id: Callable[[], str]) -> Call:
    """The one request to the vendor, in the journal as limits and costs read it."""

    async def attempted(request: Request) -> Reply:
        assert request.target is not None
        attempt = Attempt(new_span_id(), request.target, "passed through", clock.now_us())
        request.journal.attempts.append(attempt)
        return await call(msgspec.structs.replace(request, attempt=attempt))

    return attempted


async def _explained(response: Response, ask: NativeAsk, door: OpenDoor, listener: Listener) -> Events:
    """The vendor's own error, without any key in it. Raises what it means behind it, for trace and limits to see."""
    try:
        raw = await response.read()
    except ConnectionError as error:
        raise _broken() from error
    finally:
        response.close()
    failure = keyless(failure_meaning(ask.vendor, response.status, response.headers, raw), door.secrets)
    shown = raw
    for secret in door.secrets:
        shown = shown.replace(secret.encode(), b"(key)") if secret else shown
    if response.status in (401, 403):  # some repeat a part of the key
        shown = without_keys(shown.decode("utf-8", errors="replace")).encode()
    listener.hears(shown, response.headers.get("content-type", ""))
    yield Event(shown)
    raise failure


async def _passed_on(response: Response, listener: Listener) -> Events:
    try:
        chunks = response.chunks()
        while True:
            async with asyncio.timeout(IDLE_TIMEOUT_S):
                data = await anext(chunks, None)
            if data is None:
                break
            yield Event(data, listener.feed(data))
        parts = listener.end()
        if parts:
            yield Event(b"", parts)
    except ConnectionError as error:
        raise _broken() from error
    except TimeoutError:
        raise CallFailed(
            f"The vendor said nothing for {IDLE_TIMEOUT_S:.0f} seconds.", reason="timeout", status=504, code="timeout"
        ) from None
    finally:
        response.close()


def _broken() -> CallFailed:
    return CallFailed(
        "The connection to the vendor broke in the middle of the answer.",
        reason="stream_cut",
        status=502,
        code="stream_cut",
    )


async def _write(request: Request, reply: Reply, secrets: list[str], send: Send) -> None:
    """The answer as it comes. One that breaks off ends with its connection, as there is no other word for it."""
    is_error = reply.status >= 400
    headers = headers_for_caller(reply.headers, secrets, has_length=not is_error)
    headers.append((b"x-madang-trace-id", request.caller.trace_id.encode()))
    headers.extend((name.encode("latin-1"), value.encode("latin-1")) for name, value in request.journal.headers.items())
    has_begun = False
    try:
        async for event in reply.events:
            if not has_begun:
                await send({"type": "http.response.start", "status": reply.status, "headers": headers})
                has_begun = True
            if event.raw:
                await send({"type": "http.response.body", "body": event.raw, "more_body": True})
    except CallFailed as failure:
        if not has_begun:
            await answer(send, *failure_answer(failure))
            return
        if not is_error:
            raise ConnectionAbortedError("the vendor's answer broke off") from None
    if not has_begun:
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _known_target(project: Project, credential: OpenedCredential, model: str) -> Target | None:
    """A deployment of this model at this vendor, best one with the same credential."""
    if not model:
        return None
    targets = [
        target
        for alias in project.aliases
        for target in project.routes[alias].targets
        if target.vendor == credential.vendor and target.vendor_model == model
    ]
    return next((each for each in targets if each.credential_id == credential.id), targets[0] if targets else None)


def _listed_price(project: Project, credential: OpenedCredential, model: str) -> Price | None:
    if not model or project.prices is None:
        return None
    return project.prices.price_of(Price(), credential.vendor, model, base_url=credential.base_url or "")


def _object(raw: bytes) -> dict[str, Any]:
    """The body's fields; none where it is not a JSON object, which is for the vendor to judge."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _with_googles_key(headers: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Google's clients have a header of their own for the key."""
    key = headers.get(b"x-goog-api-key")
    return headers if key is None else {**headers, b"x-api-key": key}


def _header(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1").strip()
