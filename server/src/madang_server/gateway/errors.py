"""Errors as OpenAI's clients expect them. `x-should-retry: false` says that retrying has been done here already."""

from typing import Any

import msgspec

from madang.errors import CallFailed, FailureReason
from madang_server.gateway.asgi import JSON, Headers

_encode = msgspec.json.Encoder().encode

_TYPES: dict[FailureReason, str] = {
    "invalid_request": "invalid_request_error",
    "context_overflow": "invalid_request_error",
    "content_filter": "invalid_request_error",
    "rate_limited": "rate_limit_error",
    "quota_exhausted": "insufficient_quota",
    "timeout": "timeout_error",
}


class Refused(Exception):
    """A request that never reached a vendor, with what is wrong with it."""

    def __init__(
        self, status: int, message: str, *, code: str, param: str | None = None, kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, kind=kind, code=code, param=param)


def error_body(message: str, *, kind: str, code: str | None, param: str | None = None, **more: Any) -> bytes:
    return _encode({"error": {"message": message, "type": kind, "param": param, "code": code, **more}})


def failure_answer(failure: CallFailed) -> tuple[int, Headers, bytes]:
    """Status, headers and body for a call that got no answer. The vendor's own error goes through where it explained."""
    headers: Headers = [JSON, (b"x-should-retry", b"false")]
    if failure.trace_id:
        headers.append((b"x-madang-trace-id", failure.trace_id.encode()))
    if failure.request_id and failure.request_id.isprintable():  # some vendors give it in the body
        headers.append((b"x-request-id", failure.request_id.encode("latin-1", errors="replace")))
    if failure.retry_after_s is not None and failure.reason in ("rate_limited", "overloaded", "quota_exhausted"):
        headers.append((b"retry-after", b"%d" % max(1, round(failure.retry_after_s))))
    return failure.status, headers, failure.body or failure_body(failure)


def failure_body(failure: CallFailed) -> bytes:
    kind = _TYPES.get(failure.reason, "upstream_error")
    more = {"reason": failure.reason, **({"trace_id": failure.trace_id} if failure.trace_id else {})}
    return error_body(failure.message, kind=kind, code=failure.code or failure.reason, param=failure.param, **more)


def refusal_answer(refused: Refused) -> tuple[int, Headers, bytes]:
    return refused.status, [JSON, (b"x-should-retry", b"false")], refused.body


def our_fault() -> Refused:
    """For what nobody foresaw; the log says what it was."""
    message = "Something went wrong on our side; the server's log says what. Nothing is wrong with your request."
    return Refused(500, message, code="internal_error", kind="server_error")


def too_large(limit: int) -> Refused:
    """For a body of more than `limit` bytes."""
    size = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit >> 10} KB"
    return Refused(413, f"The request's body is larger than {size}; send less at once.", code="body_too_large")
