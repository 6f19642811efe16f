"""Sends replies, whole or as a stream, and plays the faults that strike while a reply is on its way."""

import asyncio
from collections.abc import Callable, Iterator

from aiohttp import web

from madang_simulator.behaviour import Fault
from madang_simulator.broken_connection import reset_after_sending
from madang_simulator.journal import Entry
from madang_simulator.pace import Pace
from madang_simulator.wires.wire import Event, Reply, Wire

_HALVING = frozenset({"cut", "cut_clean", "stall"})
_IN_STREAM = frozenset({"cut", "cut_clean", "stall", "malformed_event", "error_event"})


class Delivery:
    """Sends the reply to one request and keeps its journal entry up to date."""

    def __init__(self, request: web.Request, entry: Entry, headers: Callable[[], dict[str, str]]) -> None:
        self._request = request
        self._entry = entry
        self._headers = headers

    async def whole(self, reply: Reply, fault: Fault | None = None) -> web.StreamResponse:
        """Sends a reply in one piece; a fault that would strike a stream in its middle strikes this one half way."""
        self._entry.status = reply.status
        headers = {"Content-Type": "application/json", **self._headers(), **reply.headers}
        if fault is not None and fault.kind == "malformed_event":
            return web.Response(body=reply.body[: len(reply.body) // 2], status=reply.status, headers=headers)
        if fault is None or fault.kind not in _HALVING:
            return web.Response(body=reply.body, status=reply.status, headers=headers)
        return await self._in_halves(reply, fault, headers)

    async def stream(self, events: Iterator[Event], pace: Pace, fault: Fault | None, wire: Wire) -> web.StreamResponse:
        """Sends server-sent events at the deployment's speed; `fault` strikes after its number of content events."""
        self._entry.status = 200
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache", **self._headers()}
        )
        await response.prepare(self._request)
        pending = fault if fault is not None and fault.kind in _IN_STREAM else None
        for event in events:
            if pending is not None and self._is_due(pending, event):
                if not await self._strike(pending, response, wire):
                    return response
                pending = None
            if event.tokens and self._entry.chunks:  # the first token's wait is over already
                await pace.before(event.tokens)
            await response.write(event.raw)
            if event.part == "content":
                self._entry.chunks += 1
        await response.write_eof()
        return response

    def _is_due(self, fault: Fault, event: Event) -> bool:
        reached = self._entry.chunks >= fault.after_chunks and event.part != "opening"
        return reached or event.part == "closing"

    async def _strike(self, fault: Fault, response: web.StreamResponse, wire: Wire) -> bool:
        """Plays a fault in the middle of a stream; whether the stream goes on after it."""
        if fault.kind == "stall":
            await asyncio.sleep(fault.duration_s)
            return True
        if fault.kind == "malformed_event":
            await response.write(wire.malformed_event())
            return True
        if fault.kind == "cut":
            await self._cut()
            return False
        if fault.kind == "error_event":
            await response.write(wire.error_event())
        await response.write_eof()
        return False

    async def _cut(self) -> None:
        self._entry.broken_by_us = True
        await reset_after_sending(self._request)

    async def _in_halves(self, reply: Reply, fault: Fault, headers: dict[str, str]) -> web.StreamResponse:
        response = web.StreamResponse(status=reply.status, headers=headers)
        if fault.kind != "cut_clean":  # without a length, an early end looks like a proper one
            response.content_length = len(reply.body)
        await response.prepare(self._request)
        middle = len(reply.body) // 2
        await response.write(reply.body[:middle])
        if fault.kind == "cut":
            await self._cut()
            return response
        if fault.kind == "stall":
            await asyncio.sleep(fault.duration_s)
            await response.write(reply.body[middle:])
        await response.write_eof()
        return response
