"""Asks a vendor whether a credential opens anything, by listing its models: free, and sends nothing of users."""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from madang_server.accounts.vendor_url import is_forbidden_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from madang_server.credentials.store import OpenedCredential

CHECK_TIMEOUT_S = 10.0

_OPENAI_URL = "https://api.openai.com/v1"
_AZURE_API_VERSION = "2024-10-21"


@dataclass(frozen=True)
class CheckResult:
    """What came of it. `latency_ms` is None when no answer came."""

    ok: bool
    latency_ms: int | None
    message: str


class ForbiddenAddress(OSError):
    """The vendor's name leads to an address that we do not call."""


def check_credential(
    credential: OpenedCredential, *, seconds: Callable[[], float], timeout_s: float = CHECK_TIMEOUT_S
) -> CheckResult:
    """Calls the vendor once. Whatever it answers becomes a sentence; neither its words nor the key are repeated."""
    if credential.vendor == "fake":
        return CheckResult(True, 0, "The built-in fake vendor needs no key.")
    request = urllib.request.Request(_models_url(credential), headers=_headers(credential))
    opener = urllib.request.build_opener(_StayOnHost(), _GuardedHttp(), _GuardedHttps(), urllib.request.ProxyHandler())
    began = seconds()
    try:
        with opener.open(request, timeout=timeout_s) as response:
            status: int = response.status
            body: bytes = response.read(65_536)
    except urllib.error.HTTPError as error:
        error.close()
        return CheckResult(False, _ms(seconds() - began), _refusal(error.code))
    except (OSError, http.client.HTTPException) as error:
        return CheckResult(False, None, _no_answer(error, credential, timeout_s))
    if not body.lstrip().startswith(b"{"):
        message = "Something answers there, but it does not speak this vendor's protocol. Check the address."
        return CheckResult(False, _ms(seconds() - began), message)
    assert 200 <= status < 300
    return CheckResult(True, _ms(seconds() - began), "The vendor accepts this key.")


def _models_url(credential: OpenedCredential) -> str:
    base_url = (credential.base_url or _OPENAI_URL).rstrip("/")
    if credential.vendor == "openai" or base_url.endswith("/v1"):
        return f"{base_url}/models"
    query = urlencode({"api-version": credential.api_version or _AZURE_API_VERSION})
    return f"{base_url.removesuffix('/openai')}/openai/models?{query}"


def _headers(credential: OpenedCredential) -> dict[str, str]:
    headers = {"accept": "application/json", "user-agent": "madang"}
    if credential.api_key is not None:
        if credential.vendor == "azure":
            headers["api-key"] = credential.api_key
        else:
            headers["authorization"] = f"Bearer {credential.api_key}"
    return headers


def _refusal(status: int) -> str:
    if status in (401, 403):
        return f"The vendor refuses this key ({status}). Check that it is complete and not revoked."
    if status == 404:
        return "The vendor does not know this address (404). Check the base URL and the API version."
    if status == 429:
        return "The vendor knows this key but its limit or quota is used up (429)."
    if 300 <= status < 400:
        return f"The address leads elsewhere ({status}), where the key is not sent. Enter the final address."
    return f"The vendor answers with an error ({status}). Try again later."


def _no_answer(error: OSError | http.client.HTTPException, credential: OpenedCredential, timeout_s: float) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    host = urlsplit(_models_url(credential)).hostname
    if isinstance(reason, ForbiddenAddress):
        return f"{host} leads to a link-local address, which is not called."
    if isinstance(reason, TimeoutError):
        return f"{host} did not answer within {timeout_s:g} seconds."
    if isinstance(reason, ssl.SSLError):
        return f"The certificate of {host} is not trusted here."
    if isinstance(reason, socket.gaierror):
        return f"The name {host} is not known. Check the address and this server's DNS."
    return f"{host} cannot be reached from this server."


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


class _HttpConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _refuse_forbidden_peer(self.sock)


class _HttpsConnection(http.client.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _refuse_forbidden_peer(self.sock)


class _GuardedHttp(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpConnection, request)


class _GuardedHttps(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpsConnection, request)
