"""What goes wrong at Gemini and Vertex AI, as CallFailed: error bodies, blocked prompts and answers, broken answers.

Source: Google's Gemini API reference, "GenerateContentResponse" (BlockReason, FinishReason) and "Troubleshooting";
Google's API design guide, "Errors" (google.rpc.Status, ErrorInfo, QuotaFailure, RetryInfo).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from madang.errors import CallFailed, FailureReason
from madang.providers.openai_wire import without_keys
from madang.providers.retry_after import retry_after

Json = dict[str, Any]

# The policy of Google, or of the project's own Model Armor, stopped the answer. OTHER is what Google gives for a block
# that it does not explain.
BLOCKS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "OTHER",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_OTHER",
        "MODEL_ARMOR",
        "ESCALATION",
        "PUP_LIMITED_DISABLED",
    }
)
# The model broke off with something that is no answer.
BREAKS = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "NO_IMAGE",
    }
)
_BY_CODE: Mapping[str, FailureReason] = {
    "API_KEY_INVALID": "authentication",
    "API_KEY_EXPIRED": "authentication",
    "ACCESS_TOKEN_EXPIRED": "authentication",
    "UNAUTHENTICATED": "authentication",
    "PERMISSION_DENIED": "permission",
    "FAILED_PRECONDITION": "permission",  # no billing, or a country that is not served
    "NOT_FOUND": "not_found",
    "RESOURCE_EXHAUSTED": "rate_limited",
    "UNAVAILABLE": "overloaded",
    "DEADLINE_EXCEEDED": "timeout",
    "INTERNAL": "server_error",
}
_BY_STATUS: Mapping[int, FailureReason] = {
    401: "authentication",
    403: "permission",
    404: "not_found",
    408: "timeout",
    429: "rate_limited",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_OVERFLOW = ("exceeds the maximum number of tokens", "input token count", "maximum context length")
_USED_UP = ("billing account", "credits are depleted", "spending cap")


def decode_failure(status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
    """What an answer with an error status means, in Google's own words without keys."""
    error = error_in(raw)
    details = _objects(error.get("details"))
    words = str(error.get("message") or "")
    named = str(error.get("status") or "")
    code = next((str(one["reason"]) for one in details if one.get("reason")), named) or None
    wait = _retry_delay(details)
    return CallFailed(
        without_keys(words) or f"The vendor answered {status} without an explanation.",
        reason=_reason_of(status, code or "", named, words, details),
        status=503 if status == 529 else status,
        code=code,
        retry_after_s=retry_after(headers) if wait is None else wait,
    )


def error_in(raw: bytes) -> Json:
    """The error object of a body, which Google sends bare or in a list; empty when there is none."""
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return {}
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def failure_in_answer(error: Any) -> CallFailed:
    """An error object inside an answer that began with status 200."""
    fields = error if isinstance(error, dict) else {"message": str(error)}
    code = fields.get("code")
    status = code if isinstance(code, int) and 400 <= code < 600 else 502
    failure = decode_failure(status, {}, msgspec.json.encode({"error": fields}))
    if failure.reason == "invalid_request":
        failure.reason, failure.status = "server_error", 502
    return failure


def blocked_prompt(vendor: str, feedback: Json) -> CallFailed:
    """promptFeedback with a blockReason: nothing was answered, with status 200."""
    reason = str(feedback.get("blockReason"))
    words = str(feedback.get("blockReasonMessage") or "")
    return _filtered(f"{vendor} blocked the prompt: {_shown(reason, feedback)}.", words)


def ended_without_answer(vendor: str, candidate: Json) -> CallFailed:
    """A candidate that ended for one of BLOCKS or BREAKS and said nothing."""
    reason = str(candidate.get("finishReason"))
    words = str(candidate.get("finishMessage") or "")
    if reason in BLOCKS:
        return _filtered(f"{vendor} blocked the answer: {_shown(reason, candidate)}.", words)
    return CallFailed(
        _joined(f"{vendor}'s model ended without an answer: {reason}.", words),
        reason="bad_reply",
        status=502,
        code=reason.lower(),
    )


def _filtered(message: str, words: str) -> CallFailed:
    return CallFailed(_joined(message, words), reason="content_filter", status=400, code="content_filter")


def _joined(message: str, words: str) -> str:
    return f"{message} {without_keys(words)}" if words else message


def _shown(reason: str, holder: Json) -> str:
    """The reason with the categories that were judged too much."""
    ratings = _objects(holder.get("safetyRatings"))
    blocked = [one for one in ratings if one.get("blocked")] or [
        one for one in ratings if one.get("probability") == "HIGH"
    ]
    categories = sorted({str(one.get("category")) for one in blocked})
    return f"{reason} ({', '.join(categories)})" if categories else reason


def _reason_of(status: int, code: str, named: str, words: str, details: list[Json]) -> FailureReason:
    lowered = words.lower()
    if status == 429 or named == "RESOURCE_EXHAUSTED":
        return "quota_exhausted" if _is_used_up(details, lowered) else "rate_limited"
    if status == 400 and any(sign in lowered for sign in _OVERFLOW):
        return "context_overflow"
    if status == 400 and "api key not valid" in lowered:
        return "authentication"
    known = _BY_CODE.get(code) or _BY_CODE.get(named) or _BY_STATUS.get(status)
    if known:
        return known
    if status < 400:
        return "not_found"  # a redirect: the base URL is not that of an API
    return "server_error" if status >= 500 else "invalid_request"


def _is_used_up(details: list[Json], words: str) -> bool:
    """Whether waiting a minute will not help: a day's quota, or money."""
    violations = [one for detail in details for one in _objects(detail.get("violations"))]
    if violations:
        return any("perday" in str(one.get("quotaId", "")).lower() for one in violations)
    return any(sign in words for sign in _USED_UP)


def _retry_delay(details: list[Json]) -> float | None:
    """Seconds of RetryInfo's retryDelay, which is written as "1.5s"."""
    for detail in details:
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                return max(0.0, float(delay[:-1]))
            except ValueError:
                return None
    return None


def _objects(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
