"""LiteLLM's way out: one aiohttp session per event loop, closed with it, that follows no redirects.

LiteLLM by itself would send the request and the key on to wherever an answer points, and once more when that fails.
"""

import asyncio
from collections.abc import AsyncGenerator
from weakref import WeakKeyDictionary

import aiohttp

_KEEP_ALIVE_S = 45.0  # vendors drop idle connections after about a minute; we let go of them first
_CONNECT_TIMEOUT_S = 10.0


class Redirected(aiohttp.ClientPayloadError):
    """The vendor's address points elsewhere."""


class Sessions:
    """Gives the session of the running loop."""

    def __init__(self) -> None:
        self._by_loop: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[aiohttp.ClientSession, AsyncGenerator[None, None]]
        ] = WeakKeyDictionary()

    async def session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        known = self._by_loop.get(loop)
        if known is not None and not known[0].closed:
            return known[0]
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT_S),
            middlewares=(_refuse_redirects,),
            trust_env=True,  # proxies, as LiteLLM's own sessions do
        )
        until_end = _open_until_the_loop_ends(session)
        self._by_loop[loop] = (session, until_end)
        await anext(until_end)
        return session


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise Redirected("the answer is a redirect")
    return response


async def _open_until_the_loop_ends(session: aiohttp.ClientSession) -> AsyncGenerator[None, None]:
    """Closes the session when it is closed itself, which `asyncio.run` does for generators still open at its end."""
    try:
        yield
    finally:
        await session.close()
