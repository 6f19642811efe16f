"""What Anthropic's refusals mean, whether they come with a status, inside a stream, or before anything was asked.

Source: Anthropic's document "Errors", and the types `ErrorObject` and `ErrorDetails` of its Python client 2.8.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from madang.errors import CallFailed, FailureReason
from madang.providers.openai_wire import without_keys
from madang.providers.retry_after import retry_after

_BY_TYPE: Mapping[str, tuple[FailureReason, int]] = {
    "invalid_request_error": ("invalid_request", 400),
    "authentication_error": ("authentication", 401),
    "billing_error": ("quota_exhausted", 402),
    "permission_error": ("permission", 403),
    "not_found_error": ("not_found", 404),
    "request_too_large": ("invalid_request", 413),
    "rate_limit_error": ("rate_limited", 429),
    "timeout_error": ("timeout", 504),
    "api_error": ("server_error", 502),
    "overloaded_error": ("overloaded", 503),
}
"""By the error's type: the reason, and the status where none came with it."""

_BY_STATUS: Mapping[int, FailureReason] = {
    401: "authentication",
    402: "quota_exhausted",
    403: "permission",
    404: "not_found",
    408: "timeout",
    429: "rate_limited",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_BY_CODE: Mapping[str, FailureReason] = {
    "enforced_spend_limit_reached": "quota_exhausted",
    "organization_on_hold": "permission",
}
# Said in words only, with type invalid_request_error or rate_limit_error.
_BY_WORDS: tuple[tuple[re.Pattern[str], FailureReason], ...] = (
    (
        re.compile(r"prompt is too long|exceeds? (?:the )?(?:model's )?context (?:limit|window)", re.I),
        "context_overflow",
    ),
    (re.compile(r"credit balance is too low|specified API usage limits|spend limit", re.I), "quota_exhausted"),
    (re.compile(r"blocked by content filtering policy", re.I), "content_filter"),
)
_OVERLOADED = 529


def decode_failure(status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
    """What an answer with an error status means. The vendor's words are kept, without keys."""
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        body = None
    fields = body if isinstance(body, dict) else {}
    failure = failure_in(fields.get("error"), status)
    failure.retry_after_s = retry_after(headers)
    failure.request_id = str(fields.get("request_id") or "")
    return failure


def failure_in(error: Any, status: int | None = None) -> CallFailed:
    """What an error object means; `status` is None inside an answer that began with 200."""
    fields: dict[str, Any] = error if isinstance(error, dict) else {}
    kind = str(fields.get("type") or "")
    details = fields.get("details")
    code = str((details.get("error_code") if isinstance(details, dict) else None) or kind)
    words = str(fields.get("message") or "")
    by_type = _BY_TYPE.get(kind)
    seen = status if status is not None else by_type[1] if by_type else 502
    message = without_keys(words) or f"The vendor answered {seen} without an explanation."
    reason = _reason_of(code, words, by_type[0] if by_type else None, seen)
    return CallFailed(message, reason=reason, status=503 if seen == _OVERLOADED else seen, code=code or None)


def refused_to_answer(details: Any) -> CallFailed:
    """The failure for a refusal before anything was said; `details` are the answer's `stop_details`."""
    fields: dict[str, Any] = details if isinstance(details, dict) else {}
    category, explanation = fields.get("category"), fields.get("explanation")
    words = f"Anthropic refused to answer (category: {category or 'none named'})."
    message = f"{words} {without_keys(str(explanation))}" if explanation else words
    return CallFailed(message, reason="content_filter", status=400, code="content_filter")


def _reason_of(code: str, words: str, by_type: FailureReason | None, status: int) -> FailureReason:
    known = _BY_CODE.get(code)
    if known:
        return known
    if by_type in (None, "invalid_request", "rate_limited"):
        for pattern, reason in _BY_WORDS:
            if pattern.search(words):
                return reason
    if by_type:
        return by_type
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status < 400:
        return "not_found"  # a redirect: the base URL is not that of an API
    return "server_error" if status >= 500 else "invalid_request"
