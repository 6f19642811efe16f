"""Plays replies' steps over HTTP, for all paths but the simulator's own."""

import asyncio

from aiohttp import web

from madang_simulator.broken_connection import reset, reset_after_sending
from madang_simulator.exchange import Exchange
from madang_simulator.incoming import Incoming, incoming
from madang_simulator.outgoing import Break, Opening, Pause, Steps, Whole


class HttpFront:
    """Carries requests to an exchange and its steps back."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Reply to a request on any path."""
        steps = self._exchange.play(await _received(request))
        try:
            return await _played(steps, request)
        finally:
            # The server cancels a handler whose connection has gone; the exchange is told by closing its steps.
            steps.close()


async def _received(request: web.Request) -> Incoming:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return incoming(request.method, request.raw_path, request.headers, b"", is_too_large=True)
    return incoming(request.method, request.raw_path, request.headers, body)


async def _played(steps: Steps, request: web.Request) -> web.StreamResponse:
    response: web.StreamResponse | None = None
    missing = 0
    for step in steps:
        if isinstance(step, bytes):
            if not step:  # an empty chunk would mean the end
                continue
            assert response is not None
            missing -= len(step)
            await response.write(step)
        elif isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Opening):
            response = web.StreamResponse(status=step.status, headers=step.headers)
            response.content_length = step.length
            missing = step.length or 0
            await response.prepare(request)
        elif isinstance(step, Whole):
            return web.Response(body=step.body, status=step.status, headers=step.headers)
        elif isinstance(step, Break):
            if response is None:
                reset(request)
                return web.Response()
            await reset_after_sending(request)
            return response
    assert response is not None
    if missing > 0:
        response.force_close()
    await response.write_eof()
    return response
