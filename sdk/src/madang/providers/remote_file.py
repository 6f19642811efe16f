"""Fetches a file that a request names by its URL, for vendors that take bytes only.

The URL comes from whoever asks, so it must not reach into our own network. Whatever it says and wherever it redirects to,
the address is judged when the socket for that very address is made, so no spelling and no second look-up gets around it.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from madang.errors import CallFailed

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

LARGEST_FILE = 20 * 2**20  # bytes
LARGEST_TOTAL = 60 * 2**20  # of one request
MOST_FILES = 50
TIMEOUT_S = 10.0  # in all, redirects included
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KINDS = ("image/", "audio/", "text/")
_DOCUMENT = "application/pdf"
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Tunnels, whose other end nobody has judged: 6to4, Teredo, and IPv4-compatible addresses, which nobody should use.
_TUNNELS = tuple(map(ipaddress.IPv6Network, ("2002::/16", "2001::/32", "::/96")))


class RemoteFile(NamedTuple):
    """`content_type` is lower case and without parameters, such as "image/png"."""

    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FileFetcher:
    """What may be fetched: files on the open Internet, and those at `allowed_hosts` (lower case), wherever that is."""

    allowed_hosts: frozenset[str] = frozenset()


async def fetch_files(urls: Iterable[str], fetcher: FileFetcher) -> dict[str, RemoteFile]:
    """All files of one request by URL, fetched side by side. Raises CallFailed when one of them fails."""
    wanted = list(dict.fromkeys(urls))
    if len(wanted) > MOST_FILES:
        raise _refused(None, f"a request may name {MOST_FILES} files by URL, and this one names {len(wanted)}")
    room = _Room(LARGEST_TOTAL)
    tasks = [asyncio.create_task(fetch_file(url, fetcher, room)) for url in wanted]
    try:
        return dict(zip(wanted, await asyncio.gather(*tasks), strict=True))
    finally:
        for task in tasks:
            task.cancel()


class _Room:
    """Bytes that may still come."""

    def __init__(self, left: int) -> None:
        self.left = left


async def fetch_file(url: str, fetcher: FileFetcher, room: _Room | None = None) -> RemoteFile:
    """The file at `url`. Raises CallFailed(invalid_request, "file_not_fetched") when it cannot or must not be had."""
    address = _usable(url)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await _followed(address, fetcher, room or _Room(LARGEST_FILE))
    except TimeoutError:
        raise _refused(address.host, f"it did not come within {TIMEOUT_S:g} seconds") from None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet's. Raises ValueError when it is none at all."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if ip.is_site_local or any(ip in tunnel for tunnel in _TUNNELS):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_link_local)


def _usable(url: str) -> "URL":
    from yarl import URL

    try:
        address = URL(url)
        host = address.host
    except ValueError:
        raise _refused(None, "its URL cannot be read") from None
    if address.scheme not in ("http", "https") or not host:
        raise _refused(host, "its URL has to begin with https:// or http:// and name a host")
    if address.user or address.password:
        raise _refused(host, "its URL must not carry a name or password")
    return address


async def _followed(address: "URL", fetcher: FileFetcher, room: _Room) -> RemoteFile:
    for _ in range(MOST_REDIRECTS + 1):
        found = await _asked(address, fetcher, room)
        if isinstance(found, RemoteFile):
            return found
        address = found
    raise _refused(address.host, f"it redirects more than {MOST_REDIRECTS} times")


async def _asked(address: "URL", fetcher: FileFetcher, room: _Room) -> "RemoteFile | URL":
    """The file, or where it is instead."""
    import aiohttp

    gate = _Gate(is_open=(address.host or "").lower() in fetcher.allowed_hosts)
    connector = aiohttp.TCPConnector(socket_factory=gate.socket_to, force_close=True)
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,  # a small packed file could fill the memory
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # a proxy would connect to addresses that the gate never sees
                headers={"accept-encoding": "identity", "user-agent": "madang"},
            ) as session,
            session.get(address, allow_redirects=False) as response,
        ):
            if response.status in _REDIRECTS:
                return _usable(str(address.join(type(address)(response.headers.get("location", "")))))
            return await _file(response, address, room)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if gate.has_refused:
            raise _refused(address.host, "its address is not a public one") from None
        raise _refused(address.host, f"it cannot be reached ({type(error).__name__})") from None


class _Gate:
    """Makes sockets, for public addresses only unless it is open."""

    def __init__(self, *, is_open: bool) -> None:
        self._is_open = is_open
        self.has_refused = False

    def socket_to(self, address: tuple[Any, ...]) -> socket.socket:
        """`address` is one of getaddrinfo's answers. Raises PermissionError for one that must not be connected to."""
        family, kind, protocol, _, (host, *_) = address
        if not self._is_open and not is_public(host):
            self.has_refused = True
            raise PermissionError("not a public address")
        return socket.socket(family, kind, protocol)


async def _file(response: "aiohttp.ClientResponse", address: "URL", room: _Room) -> RemoteFile:
    if response.status != 200:
        raise _refused(address.host, f"the host answered {response.status}")
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not content_type.startswith(_KINDS) and content_type != _DOCUMENT:
        raise _refused(address.host, "its content type is neither an image, audio, text nor a PDF")
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise _refused(address.host, "it came compressed, which it was asked not to")
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        room.left -= len(piece)
        if len(content) > LARGEST_FILE:
            raise _refused(address.host, f"it is larger than {LARGEST_FILE >> 20} MB")
        if room.left < 0:
            raise _refused(address.host, f"the request's files are larger than {LARGEST_TOTAL >> 20} MB together")
    return RemoteFile(content_type, bytes(content))


def _refused(host: str | None, why: str) -> CallFailed:
    where = f" at {host[:200]!r}" if host else ""
    return CallFailed(
        f"The file{where} was not fetched: {why}. Its content can be sent as base64 in the request instead.",
        reason="invalid_request",
        status=400,
        code="file_not_fetched",
        param="messages",
    )
