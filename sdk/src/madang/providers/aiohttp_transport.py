"""The HTTP client for everything that leaves: aiohttp with one connection pool, behind the Transport promise."""

from collections.abc import AsyncIterator, Mapping

import aiohttp
from yarl import URL

from madang.providers.unreachable import cause_of

# Vendors drop idle connections after about a minute; we let go of them first.
_KEEP_ALIVE_S = 45.0
_CONNECT_TIMEOUT_S = 10.0


class AiohttpTransport:
    """Must be made and closed inside the event loop that uses it. `reads_proxy_environment` honours HTTPS_PROXY."""

    def __init__(self, *, connect_timeout_s: float = _CONNECT_TIMEOUT_S, reads_proxy_environment: bool = False) -> None:
        self._timeout = _timeout(connect_timeout_s)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S, ttl_dns_cache=60),
            auto_decompress=True,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=reads_proxy_environment,
            skip_auto_headers=("User-Agent", "Accept"),
            read_bufsize=2**18,
        )

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, connect_timeout_s: float | None = None
    ) -> "_AiohttpResponse":
        limit = self._timeout if connect_timeout_s is None else _timeout(connect_timeout_s)
        try:
            response = await self._session.request(
                method, _as_written(url), data=body, headers=headers, allow_redirects=False, timeout=limit
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:  # aiohttp's own timeouts are only about connecting
            raise ConnectionError(cause_of(error)) from error
        return _AiohttpResponse(response)

    async def close(self) -> None:
        await self._session.close()


def _as_written(url: str) -> str | URL:
    """The address itself. One that is percent-encoded stays as it is: aiohttp would write some of it out again, such as a
    colon in a model's name, and a signature is made over what was written.
    """
    return URL(url, encoded=True) if "%" in url else url


def _timeout(connect_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=connect_s)


class _AiohttpResponse:
    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    async def read(self) -> bytes:
        try:
            return await self._response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionError(cause_of(error)) from error

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for data in self._response.content.iter_any():
                yield data
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionError(cause_of(error)) from error

    def close(self) -> None:
        # After the body was read whole the connection is already back in the pool and this does nothing.
        self._response.close()
