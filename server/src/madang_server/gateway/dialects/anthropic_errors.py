"""Errors as Anthropic's clients expect them, whoever raised them.

Source: Anthropic's document "Errors"; the types `ErrorResponse` and `ErrorObject` of its Python client 2.8. Everything
inside the Gateway refuses in OpenAI's shape; here, at the door, that is told in the caller's.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from madang_server.gateway.asgi import JSON, Headers, Message, Scope, Send

_OVERLOADED = 529
_BY_STATUS: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    _OVERLOADED: "overloaded_error",
}
_IN_STREAM = b'data: {"error":'

_encode = msgspec.json.Encoder().encode


def speaks_anthropic(scope: Scope) -> bool:
    """Whether the request comes from a client of Anthropic's."""
    path: str = scope["path"]
    if path.startswith("/v1/messages"):
        return True
    return path.startswith("/v1/models") and any(name == b"anthropic-version" for name, _ in scope["headers"])


def telling_anthropic(send: Send) -> Send:
    """`send`, with errors in Anthropic's shape. An answer gets the id under which Anthropic's clients look for one."""
    held: Message | None = None  # the start of an error, until its body is there

    async def told(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start":
            if message["status"] >= 400:
                held = message
                return
            headers: Headers = message["headers"]
            headers.append((b"request-id", _trace_id(headers)))
        elif held is not None:
            start, held = held, None
            status, body = error_of(start["status"], message.get("body", b""), _trace_id(start["headers"]).decode())
            kept = [pair for pair in start["headers"] if pair[0] not in (b"content-length", b"content-type")]
            if kept and (trace_id := _trace_id(kept)):
                kept.append((b"request-id", trace_id))
            headers = [*kept, JSON, (b"content-length", b"%d" % len(body))]
            await send({**start, "status": status, "headers": headers})
            message = {**message, "body": body}
        elif message.get("body", b"").startswith(_IN_STREAM):
            _, body = error_of(500, message["body"].removeprefix(b"data: ").strip(), "")
            message = {**message, "body": b"event: error\ndata: " + body + b"\n\n"}
        await send(message)

    return told


def error_of(status: int, body: bytes, trace_id: str) -> tuple[int, bytes]:
    """Status and body in Anthropic's words, of an error in OpenAI's. A body that is none keeps its status only."""
    try:
        error: Any = msgspec.json.decode(body)["error"]
    except (msgspec.DecodeError, KeyError, TypeError):
        error = None
    fields: Mapping[str, Any] = error if isinstance(error, dict) else {}
    words = str(fields.get("message") or "The request failed without an explanation.")
    reason = fields.get("reason") or fields.get("code")
    if reason == "overloaded":
        status = _OVERLOADED
    kind = _BY_STATUS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    kind = _BY_REASON.get(str(reason), kind)
    told: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": words}}
    found = fields.get("trace_id") or trace_id
    return status, _encode({**told, "request_id": found or None})


_BY_REASON: Mapping[str, str] = {
    "rate_limited": "rate_limit_error",
    "quota_exhausted": "rate_limit_error",
    "timeout": "timeout_error",
    "overloaded": "overloaded_error",
}


def _trace_id(headers: Headers) -> bytes:
    return next((value for name, value in headers if name == b"x-madang-trace-id"), b"")
