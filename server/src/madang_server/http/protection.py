"""What guards every answer of the control plane: origin check, body limit, security headers. Plain ASGI, one class each."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from madang_server.http.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT_BYTES = 2 * 1024 * 1024

# The UI loads nothing from elsewhere. Styles may be inline because the component library sets sizes and colours that way;
# images may be data: and blob: because conversations carry pictures.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; media-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_SECURITY_HEADERS = {
    "content-security-policy": _CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class SecurityHeaders:
    """Adds the headers that keep a browser from being used against the person in front of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class SameOrigin:
    """Refuses a change that a browser asks for on behalf of another site's page."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._own = _host_of(base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            # Programs send no Origin and carry no cookies either; browsers send it with every change.
            if origin is not None and _host_of(origin) not in (headers.get("host", "").lower() or self._own, self._own):
                refusal = error_response(
                    403,
                    "A page of another address asked for this. When the platform is reached under this address, "
                    "set MADANG_BASE_URL to it.",
                    code="wrong_origin",
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class PlainAddress:
    """Answers 404 for an address with a null character: nothing has one in its name, and PostgreSQL refuses to look."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            await error_response(404, "There is nothing at this address.", code="not_found")(scope, receive, send)
            return
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses bodies over the limit, also those that do not say how long they are."""

    def __init__(self, app: ASGIApp, limit_bytes: int = BODY_LIMIT_BYTES) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limit_bytes:
            message = f"The body is larger than {self._limit_bytes // 1024 // 1024} MB."
            await error_response(413, message, code="body_too_large", headers={"connection": "close"})(
                scope, receive, send
            )
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit_bytes:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)


def _host_of(url: str) -> str:
    """The host and port in lower case, without the scheme's own port; "" for what is no URL, such as "null"."""
    try:
        parts = urlsplit(url.lower())
    except ValueError:
        return ""
    standard = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts.netloc.removesuffix(standard) if standard else ""
