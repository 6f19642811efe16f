"""Asks a vendor whether a credential opens anything, by one request of `credentials.check_request`."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread

from madang_server.accounts.vendor_url import is_forbidden_address
from madang_server.credentials.check_request import CheckRequest, NotAskable, check_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from madang_server.credentials.store import OpenedCredential

CHECK_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class CheckResult:
    """What came of it. `latency_ms` is None when no answer came."""

    ok: bool
    latency_ms: int | None
    message: str


class ForbiddenAddress(OSError):
    """The vendor's name leads to an address that we do not call."""


async def check_credential(
    credential: OpenedCredential,
    *,
    region: str,
    now_s: float,
    seconds: Callable[[], float],
    timeout_s: float = CHECK_TIMEOUT_S,
) -> CheckResult:
    """Calls the vendor once, for `timeout_s` seconds at most in all. Whatever it answers becomes a sentence; neither its
    words nor the key are repeated. `region`: where Bedrock is asked; `now_s`: seconds since the epoch.
    """
    if credential.vendor == "fake":
        return CheckResult(True, 0, "The built-in fake vendor needs no key.")
    line = _Line()

    def ask() -> CheckResult:
        try:
            request = check_request(credential, region=region, now_s=now_s)
        except NotAskable as reason:
            return CheckResult(False, None, str(reason))
        line.host = request.host
        return _asked(request, line, seconds, timeout_s)

    try:
        async with asyncio.timeout(timeout_s):
            # With a limiter of its own: a vendor that hangs takes no thread away from other requests.
            return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1))
    except TimeoutError:
        return CheckResult(False, None, _too_late(line.host, timeout_s))
    finally:
        line.cut()


def _asked(request: CheckRequest, line: _Line, seconds: Callable[[], float], timeout_s: float) -> CheckResult:
    opener = urllib.request.build_opener(
        _StayOnHost(), _GuardedHttp(line), _GuardedHttps(line), urllib.request.ProxyHandler()
    )
    sent = urllib.request.Request(request.url, data=request.body, headers=dict(request.headers))
    began = seconds()
    try:
        with opener.open(sent, timeout=timeout_s) as response:
            body: bytes = response.read(65_536)
    except urllib.error.HTTPError as error:
        error.close()
        took = _ms(seconds() - began)
        if error.code in request.proves:
            return CheckResult(True, took, "The vendor accepts this key.")
        return CheckResult(False, took, _refusal(error.code, request))
    except (OSError, http.client.HTTPException) as error:
        return CheckResult(False, None, _no_answer(error, request, timeout_s))
    took = _ms(seconds() - began)
    if not body.lstrip().startswith(b"{"):
        message = "Something answers there, but it does not speak this vendor's protocol. Check the address."
        return CheckResult(False, took, message)
    return CheckResult(True, took, "The vendor accepts this key.")


def _refusal(status: int, request: CheckRequest) -> str:
    if status in request.refuses:
        return f"The vendor refuses this key ({status}). Check that it is complete and not revoked."
    if status == 404:
        return "The vendor does not know this address (404). Check the base URL and the API version."
    if status == 429:
        return "The vendor knows this key but its limit or quota is used up (429)."
    if 300 <= status < 400:
        return f"The address leads elsewhere ({status}), where the key is not sent. Enter the final address."
    return f"The vendor answers with an error ({status}). Try again later."


def _no_answer(error: OSError | http.client.HTTPException, request: CheckRequest, timeout_s: float) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    host = request.host
    if isinstance(reason, ForbiddenAddress):
        return f"{host} leads to a link-local address, which is not called."
    if isinstance(reason, TimeoutError):
        return _too_late(host, timeout_s)
    if isinstance(reason, ssl.SSLError):
        return f"The certificate of {host} is not trusted here."
    if isinstance(reason, socket.gaierror):
        return f"The name {host} is not known. Check the address and this server's DNS."
    return f"{host} cannot be reached from this server."


def _too_late(host: str, timeout_s: float) -> str:
    return f"{host or 'The vendor'} did not answer within {timeout_s:g} seconds."


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


class _StayOnHost(urllib.request.HTTPRedirectHandler):
    """Lets no redirect through: it would carry the key to wherever it points."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


def _refuse_forbidden_peer(connected: socket.socket) -> None:
    # Judged after connecting, when a name can no longer be answered differently.
    if is_forbidden_address(str(connected.getpeername()[0])):
        connected.close()
        raise ForbiddenAddress("link-local address")


class _Line:
    """The socket of one check, so that who no longer waits can end the waiting of the thread behind it too."""

    def __init__(self) -> None:
        self.host = ""
        self._socket: socket.socket | None = None

    def is_open_on(self, connected: socket.socket) -> None:
        self._socket = connected

    def cut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it has ended already
                self._socket.shutdown(socket.SHUT_RDWR)


class _HttpConnection(http.client.HTTPConnection):
    def __init__(self, line: _Line, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._line = line

    def connect(self) -> None:
        super().connect()
        _refuse_forbidden_peer(self.sock)
        self._line.is_open_on(self.sock)


class _HttpsConnection(http.client.HTTPSConnection):
    def __init__(self, line: _Line, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._line = line

    def connect(self) -> None:
        super().connect()
        _refuse_forbidden_peer(self.sock)
        self._line.is_open_on(self.sock)


class _GuardedHttp(urllib.request.HTTPHandler):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._connection = functools.partial(_HttpConnection, line)

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, request)


class _GuardedHttps(urllib.request.HTTPSHandler):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._connection = functools.partial(_HttpsConnection, line)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, request)
