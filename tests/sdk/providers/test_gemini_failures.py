"""Google's errors: which reason they have, how long they ask to wait, and what of their words is kept."""

import json
from typing import Any

import pytest

from madang.errors import CallFailed, FailureReason
from madang.providers.gemini.failure import decode_failure

RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"}


def error_info(reason: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}


def quota(quota_id: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota_id}]}


def failed(status: int, named: str, message: str = "m", *details: dict[str, Any]) -> CallFailed:
    error = {"code": status, "message": message, "status": named, "details": list(details)}
    return decode_failure(status, {}, json.dumps({"error": error}).encode())


@pytest.mark.parametrize(
    ("status", "named", "message", "details", "reason"),
    [
        (400, "INVALID_ARGUMENT", "API key not valid. Pass one.", [error_info("API_KEY_INVALID")], "authentication"),
        (400, "INVALID_ARGUMENT", "API key not valid. Pass one.", [], "authentication"),
        (400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum", [], "context_overflow"),
        (
            400,
            "INVALID_ARGUMENT",
            "The input token count exceeds the maximum number of tokens allowed (1048576).",
            [],
            "context_overflow",
        ),
        (400, "INVALID_ARGUMENT", "Function call is missing a thought_signature", [], "invalid_request"),
        (400, "FAILED_PRECONDITION", "User location is not supported", [], "permission"),
        (
            401,
            "UNAUTHENTICATED",
            "Request had invalid credentials",
            [error_info("ACCESS_TOKEN_EXPIRED")],
            "authentication",
        ),
        (403, "PERMISSION_DENIED", "No", [], "permission"),
        (404, "NOT_FOUND", "models/x is not found", [], "not_found"),
        (429, "RESOURCE_EXHAUSTED", "Quota", [quota("GenerateRequestsPerMinutePerProjectPerModel")], "rate_limited"),
        (
            429,
            "RESOURCE_EXHAUSTED",
            "Quota",
            [quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")],
            "quota_exhausted",
        ),
        (429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.", [], "quota_exhausted"),
        (429, "RESOURCE_EXHAUSTED", "Resource exhausted. Try again later.", [], "rate_limited"),
        (500, "INTERNAL", "Internal", [], "server_error"),
        (503, "UNAVAILABLE", "The model is overloaded.", [], "overloaded"),
        (504, "DEADLINE_EXCEEDED", "Too slow", [], "timeout"),
    ],
)
def test_an_error_has_its_reason_and_keeps_status_and_words(
    status: int, named: str, message: str, details: list[dict[str, Any]], reason: FailureReason
) -> None:
    failure = failed(status, named, message, *details)
    assert (failure.reason, failure.status, failure.message) == (reason, status, message)
    assert failure.body == b"", "Google's error body is not OpenAI's"


def test_the_code_is_googles_own_most_telling_one() -> None:
    assert failed(400, "INVALID_ARGUMENT", "m", error_info("API_KEY_INVALID")).code == "API_KEY_INVALID"
    assert failed(503, "UNAVAILABLE").code == "UNAVAILABLE"


def test_what_google_asks_to_wait_is_read_from_the_body() -> None:
    assert failed(429, "RESOURCE_EXHAUSTED", "m", quota("PerMinute"), RETRY_INFO).retry_after_s == 2.5
    assert failed(429, "RESOURCE_EXHAUSTED", "m", {**RETRY_INFO, "retryDelay": "soon"}).retry_after_s is None


def test_an_error_in_a_list_is_an_error_too() -> None:
    raw = b'[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]'
    assert decode_failure(503, {}, raw).message == "The model is overloaded."


@pytest.mark.parametrize(
    ("status", "reason"), [(301, "not_found"), (429, "rate_limited"), (502, "server_error"), (529, "overloaded")]
)
def test_a_page_instead_of_an_error_is_told_by_its_status(status: int, reason: FailureReason) -> None:
    failure = decode_failure(status, {"retry-after": "3"}, b"<html>Bad gateway</html>")
    assert failure.reason == reason
    assert failure.message == f"The vendor answered {status} without an explanation."
    assert failure.retry_after_s == 3
