"""What Anthropic's errors mean, before an answer, instead of one, and in the middle of a stream."""

from typing import Any

import msgspec
import pytest
from tests.sdk.providers import anthropic_recordings as recorded

from madang.errors import CallFailed, FailureReason
from madang.providers.anthropic.failures import decode_failure
from madang.providers.anthropic.reply import decode_reply
from madang.providers.anthropic.stream import MessageReader


def error(kind: str, words: str = "No.", **fields: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": words, **fields}, "request_id": "req_011"}


def failed(status: int, body: dict[str, Any], **headers: str) -> CallFailed:
    return decode_failure(status, headers, msgspec.json.encode(body))


@pytest.mark.parametrize(
    ("status", "kind", "words", "reason"),
    [
        (400, "invalid_request_error", "max_tokens: Field required", "invalid_request"),
        (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "context_overflow"),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            "context_overflow",
        ),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API.",
            "quota_exhausted",
        ),
        (400, "invalid_request_error", "You have reached your specified API usage limits.", "quota_exhausted"),
        (400, "invalid_request_error", "Output blocked by content filtering policy", "content_filter"),
        (401, "authentication_error", "invalid x-api-key", "authentication"),
        (402, "billing_error", "Payment is due.", "quota_exhausted"),
        (403, "permission_error", "Not yours.", "permission"),
        (404, "not_found_error", "model: claude-9", "not_found"),
        (413, "request_too_large", "Request exceeds the maximum size", "invalid_request"),
        (429, "rate_limit_error", "This request would exceed your rate limit.", "rate_limited"),
        (500, "api_error", "Internal server error", "server_error"),
        (504, "timeout_error", "It took too long.", "timeout"),
    ],
)
def test_an_error_has_its_reason_status_code_and_words(
    status: int, kind: str, words: str, reason: FailureReason
) -> None:
    found = failed(status, error(kind, words))
    assert (found.reason, found.status, found.code, found.message) == (reason, status, kind, words)
    assert found.request_id == "req_011"
    assert found.body == b"", "its shape is not OpenAI's"


def test_an_overload_is_told_with_the_status_that_everybody_knows() -> None:
    found = failed(529, error("overloaded_error", "Overloaded"))
    assert (found.reason, found.status, found.code) == ("overloaded", 503, "overloaded_error")


def test_a_limit_on_spending_is_no_limit_on_speed() -> None:
    details = {"error_code": "enforced_spend_limit_reached"}
    found = failed(429, error("rate_limit_error", "The month's limit.", details=details))
    assert (found.reason, found.code) == ("quota_exhausted", "enforced_spend_limit_reached")


def test_how_long_the_vendor_asks_to_wait_is_read() -> None:
    assert failed(429, error("rate_limit_error"), **{"retry-after": "12"}).retry_after_s == 12


@pytest.mark.parametrize(
    ("status", "reason"),
    [(301, "not_found"), (404, "not_found"), (413, "invalid_request"), (429, "rate_limited"), (502, "server_error"),
     (503, "overloaded"), (529, "overloaded")],
)  # fmt: skip
def test_a_page_from_somewhere_between_is_told_by_its_status(status: int, reason: FailureReason) -> None:
    found = decode_failure(status, {}, b"<html>bad gateway</html>")
    assert found.reason == reason
    assert found.message == f"The vendor answered {status} without an explanation."


def test_a_key_in_the_vendors_words_is_told_to_nobody() -> None:
    found = failed(401, error("authentication_error", "invalid x-api-key: sk-ant-api03-abcdef1234567890"))
    assert "abcdef" not in found.message


def test_an_error_in_an_answer_that_began_well_fails_the_call() -> None:
    with pytest.raises(CallFailed) as caught:
        decode_reply(msgspec.json.encode(error("overloaded_error", "Overloaded")), 0)
    assert (caught.value.reason, caught.value.status) == ("overloaded", 503)


@pytest.mark.parametrize(
    ("kind", "reason", "status"),
    [
        ("overloaded_error", "overloaded", 503),
        ("rate_limit_error", "rate_limited", 429),
        ("api_error", "server_error", 502),
        ("something_new", "server_error", 502),
    ],
)
def test_an_error_inside_a_stream_comes_after_what_was_said(kind: str, reason: FailureReason, status: int) -> None:
    reader = MessageReader.writing_chat(model="claude-opus-5", created=0, wants_usage=False)
    said = reader.feed(
        recorded.start() + recorded.text(0, "First") + recorded.event("error", error=error(kind)["error"])
    )
    assert said is not None
    assert b'"content":"First"' in said.raw
    assert b"[DONE]" not in said.raw
    assert reader.failure is not None
    assert (reader.failure.reason, reader.failure.status, reader.failure.code) == (reason, status, kind)


def test_a_damaged_event_is_a_bad_reply() -> None:
    reader = MessageReader.writing_chat(model="claude-opus-5", created=0, wants_usage=False)
    reader.feed(recorded.start() + b'event: content_block_delta\ndata: {"type":"content_bl\n\n')
    assert reader.failure is not None
    assert reader.failure.reason == "bad_reply"
