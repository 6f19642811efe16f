"""How bytes get out: the one promise that providers and exporters need from an HTTP client."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol


class Response(Protocol):
    """An answer whose body has not been read yet. Exactly one of `read` and `chunks` may be used."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names."""

    async def read(self) -> bytes:
        """The whole body. Raises ConnectionError when it breaks off."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises ConnectionError when it breaks off."""

    def close(self) -> None:
        """Gives up on what has not been read; the peer sees the connection end."""


class Transport(Protocol):
    """An HTTP client. It never retries, never follows redirects, and raises ConnectionError or TimeoutError only."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, connect_timeout_s: float | None = None
    ) -> Response:
        """The answer's head. `connect_timeout_s` is in place of the client's own limit for making a connection."""

    async def close(self) -> None: ...
