"""What Bedrock's errors mean: by the exception's name, from a reply's header or an event stream's frame.

Source: AWS's "Amazon Bedrock Runtime API reference", errors of Converse, ConverseStream and InvokeModel, and "Common
errors"; the names and statuses are those of botocore's model of bedrock-runtime.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from madang.errors import CallFailed, FailureReason
from madang.providers.openai_wire import without_keys
from madang.providers.retry_after import retry_after


class _Meaning(NamedTuple):
    reason: FailureReason
    status: int


_BY_NAME: Mapping[str, _Meaning] = {
    "ThrottlingException": _Meaning("rate_limited", 429),
    "TooManyRequestsException": _Meaning("rate_limited", 429),
    "ServiceQuotaExceededException": _Meaning("quota_exhausted", 400),
    "ValidationException": _Meaning("invalid_request", 400),
    "AccessDeniedException": _Meaning("permission", 403),
    "OptInRequired": _Meaning("permission", 403),
    "NotAuthorized": _Meaning("permission", 400),
    "UnrecognizedClientException": _Meaning("authentication", 403),
    "InvalidSignatureException": _Meaning("authentication", 403),
    "IncompleteSignature": _Meaning("authentication", 400),
    "IncompleteSignatureException": _Meaning("authentication", 400),
    "InvalidClientTokenId": _Meaning("authentication", 403),
    "MissingAuthenticationToken": _Meaning("authentication", 403),
    "MissingAuthenticationTokenException": _Meaning("authentication", 403),
    "ExpiredToken": _Meaning("authentication", 403),
    "ExpiredTokenException": _Meaning("authentication", 403),
    "RequestExpired": _Meaning("authentication", 400),
    "ResourceNotFoundException": _Meaning("not_found", 404),
    "UnknownOperationException": _Meaning("not_found", 404),
    "ModelNotReadyException": _Meaning("overloaded", 429),
    "ModelTimeoutException": _Meaning("timeout", 408),
    "ModelErrorException": _Meaning("server_error", 424),
    "ModelStreamErrorException": _Meaning("server_error", 424),
    "InternalServerException": _Meaning("server_error", 500),
    "InternalFailure": _Meaning("server_error", 500),
    "ServiceUnavailableException": _Meaning("overloaded", 503),
    "ServiceUnavailable": _Meaning("overloaded", 503),
}
_BY_STATUS: Mapping[int, FailureReason] = {
    401: "authentication",
    403: "permission",
    404: "not_found",
    408: "timeout",
    429: "rate_limited",
    503: "overloaded",
}
# Told in words only, under names that mean something else as well.
_TOO_LONG = re.compile(
    r"(?:input|prompt|request)\b.{0,40}\btoo long|too many (?:input )?tokens|context (?:length|limit|window)|"
    r"input (?:tokens? )?(?:length )?exceed|exceeds? the (?:model's )?maximum (?:number of )?(?:input )?tokens",
    re.IGNORECASE,
)
_NO_SUCH_MODEL = re.compile(r"model identifier is invalid|model .{0,80}(?:not found|does not exist)", re.IGNORECASE)
_FILTERED = re.compile(r"content (?:filter|polic)|(?:blocked|violat).{0,60}polic|responsible ai", re.IGNORECASE)
_KEY_REFUSED = re.compile(r"api key|authentication failed|security token|bearer token", re.IGNORECASE)
_FOR_TODAY = re.compile(r"per day", re.IGNORECASE)


def decode_failure(status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
    """What an answer with an error status means."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    fields: dict[str, Any] = body if isinstance(body, dict) else {}
    name = headers.get("x-amzn-errortype") or str(fields.get("__type") or fields.get("code") or "")
    return named_failure(name, _words_of(fields), status=status, retry_after_s=retry_after(headers))


def named_failure(
    name: str, words: str, *, status: int | None = None, retry_after_s: float | None = None
) -> CallFailed:
    """The failure that Bedrock calls `name`, such as "ThrottlingException:http://…" or "throttlingException".

    Without `status` (in a stream) it is the one that the documentation gives.
    """
    name = name.partition(":")[0].rpartition("#")[2].strip()
    name = name[:1].upper() + name[1:]
    known = _BY_NAME.get(name)
    if status is None:
        status = known.status if known else 502
    reason = known.reason if known else _by_status(status)
    return CallFailed(
        without_keys(words) or f"Bedrock answered {status}{f' ({name})' if name else ''} without an explanation.",
        reason=_by_words(reason, words),
        status=503 if status == 529 else status,
        code=name or None,
        retry_after_s=retry_after_s,
    )


def failure_in(raw: bytes) -> CallFailed | None:
    """The error that came with status 200, as AWS tells some; None when the body is none."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(body, dict):
        return None
    output = body.get("Output")
    name = str(body.get("__type") or (output.get("__type") if isinstance(output, dict) else None) or "")
    words = _words_of(body)
    return named_failure(name, words) if name or words else None


def _by_status(status: int) -> FailureReason:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status < 400:
        return "not_found"  # a redirect: the base URL is not that of an API
    return "server_error" if status >= 500 else "invalid_request"


def _by_words(reason: FailureReason, words: str) -> FailureReason:
    if reason == "invalid_request":
        if _TOO_LONG.search(words):
            return "context_overflow"
        if _NO_SUCH_MODEL.search(words):
            return "not_found"
        if _FILTERED.search(words):
            return "content_filter"
    if reason == "permission" and _KEY_REFUSED.search(words):
        return "authentication"
    if reason == "rate_limited" and _FOR_TODAY.search(words):
        return "quota_exhausted"
    return reason


def _words_of(fields: Mapping[str, Any]) -> str:
    for name in ("message", "Message", "originalMessage"):
        if isinstance(fields.get(name), str) and fields[name]:
            return str(fields[name])
    return ""
