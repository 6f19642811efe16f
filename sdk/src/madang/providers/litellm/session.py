"""LiteLLM's way out: connections of ours, one pool per event loop, that follow no redirects.

LiteLLM by itself would send the request and the key on to wherever an answer points, and once more when that fails.
"""

import asyncio
import importlib
import ipaddress
import socket
from collections.abc import AsyncGenerator
from contextvars import ContextVar
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import aiohttp

_KEEP_ALIVE_S = 45.0  # vendors drop idle connections after about a minute; we let go of them first
_CONNECT_TIMEOUT_S = 10.0

# Vendors whose part of LiteLLM does not look at a session, at least not for streams, but takes a whole client.
_TAKE_A_CLIENT = frozenset(
    (
        *(
            "anthropic",
            "azure_ai",
            "bedrock",
            "cohere_chat",
            "cometapi",
            "databricks",
            "deepseek",
            "edenai",
            "fireworks_ai",
        ),
        *("gemini", "groq", "hosted_vllm", "huggingface", "mistral", "ollama_chat", "opencode_go", "openrouter"),
        *("together_ai", "vertex_ai", "xai"),
    )
)


class Sending:
    """Whether a request of one call has gone out on a connection of ours."""

    __slots__ = ("has_begun",)

    def __init__(self) -> None:
        self.has_begun = False


_sending: ContextVar[Sending | None] = ContextVar("_sending", default=None)


class Redirected(aiohttp.ClientPayloadError):
    """The vendor's address points elsewhere."""


class _OfLoop(NamedTuple):
    connector: aiohttp.TCPConnector
    session: aiohttp.ClientSession
    client: Any
    until_end: AsyncGenerator[None, None]


class Sessions:
    """Gives LiteLLM's arguments for our connections of the running loop."""

    def __init__(self) -> None:
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _OfLoop] = WeakKeyDictionary()

    def watch(self, vendor: str, *, is_chat: bool) -> Sending:
        """Sees from now on, in this task, whether a request goes out. Where LiteLLM may take connections of its own it is
        taken for granted.
        """
        sending = Sending()
        sending.has_begun = not (is_chat and vendor in _TAKE_A_CLIENT)
        _sending.set(sending)
        return sending

    async def arguments(self, vendor: str, *, is_chat: bool) -> dict[str, Any]:
        made = await self._made()
        return {"client": made.client} if is_chat and vendor in _TAKE_A_CLIENT else {"shared_session": made.session}

    async def _made(self) -> _OfLoop:
        loop = asyncio.get_running_loop()
        known = self._by_loop.get(loop)
        if known is None or known.connector.closed:
            connector = aiohttp.TCPConnector(
                limit=0, keepalive_timeout=_KEEP_ALIVE_S, ttl_dns_cache=60, socket_factory=socket_to
            )
            until_end = _open_until_the_loop_ends(connector)
            await anext(until_end)
            handler = importlib.import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler
            client = handler(shared_session=_session(connector), follow_redirects=False)
            known = self._by_loop[loop] = _OfLoop(connector, _session(connector), client, until_end)
        elif known.session.closed:  # LiteLLM closes sessions that it was lent, with clients that it drops
            known = self._by_loop[loop] = known._replace(session=_session(connector=known.connector))
        return known


def socket_to(address: tuple[Any, ...]) -> socket.socket:
    """`address` is one of getaddrinfo's answers. Raises PermissionError for a link-local one, where clouds keep their
    metadata; a name is judged here, when it has been looked up.
    """
    family, kind, protocol, _, (host, *_) = address
    ip = ipaddress.ip_address(str(host).partition("%")[0])
    if (getattr(ip, "ipv4_mapped", None) or ip).is_link_local:
        raise PermissionError("a link-local address")
    return socket.socket(family, kind, protocol)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT_S),
        middlewares=(_note_sending, _refuse_redirects),
        trust_env=True,  # proxies, as LiteLLM's own sessions do
    )


async def _note_sending(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    sending = _sending.get()
    if sending is not None:
        sending.has_begun = True
    return await handler(request)


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise Redirected("the answer is a redirect")
    return response


async def _open_until_the_loop_ends(connector: aiohttp.TCPConnector) -> AsyncGenerator[None, None]:
    """Closes all connections when it is closed itself, which `asyncio.run` does for generators still open at its end."""
    try:
        yield
    finally:
        await connector.close()
