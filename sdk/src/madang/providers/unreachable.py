"""Why a vendor could not be reached, in words a person can act on; never an exception's own text, which may hold secrets."""

import errno
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from madang.calls.target import Target
from madang.errors import CallFailed

_BY_KIND: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "its name does not resolve"),
    (ConnectionRefusedError, "nobody listens there"),
    (ConnectionResetError, "the connection was closed"),
    (BrokenPipeError, "the connection was closed"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "it does not speak TLS as it should"),
    (TimeoutError, "connecting took too long"),
    (UnicodeError, "its name cannot be one"),
)
_BY_ERRNO = {
    errno.ECONNRESET: "the connection was closed",
    errno.EPIPE: "the connection was closed",
    errno.ECONNREFUSED: "nobody listens there",
    errno.ENETUNREACH: "there is no way to its network",
    errno.EHOSTUNREACH: "there is no way to its network",
    errno.ETIMEDOUT: "connecting took too long",
}


def cause_of(error: BaseException) -> str:
    """Why connecting failed, or who ended the connection; the class's name where nothing better is known."""
    for each in _chain(error):
        for kind, words in _BY_KIND:
            if isinstance(each, kind):
                return words
        if isinstance(each, OSError) and each.errno in _BY_ERRNO:
            return _BY_ERRNO[each.errno]
    # By name, so that aiohttp need not be loaded for it.
    return "the connection was closed" if "Disconnected" in type(error).__name__ else type(error).__name__


def unreachable(target: Target, url: str, error: ConnectionError) -> CallFailed:
    """The failure of a target whose vendor at `url` gave no answer; a Transport's errors carry the cause in words."""
    host = urlsplit(url).hostname or ""
    region = f" (region {target.region!r})" if target.region else ""
    return CallFailed(
        f"Deployment {target.name!r} could not be reached at {host!r}{region}: {error}.",
        reason="connection",
        status=502,
        code="connection_failed",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from. aiohttp keeps that in `os_error`, and a certificate's fault apart from it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error.__cause__
