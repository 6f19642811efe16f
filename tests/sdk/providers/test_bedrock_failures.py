"""What Bedrock's errors mean: by the exception's name, by the status where there is none, by words where both are vague."""

import json

import pytest

from madang.errors import FailureReason
from madang.providers.bedrock.failures import decode_failure, named_failure

ORIGIN = ":http://internal.amazon.com/coral/com.amazon.bedrock/"


@pytest.mark.parametrize(
    ("status", "name", "words", "reason"),
    [
        (429, "ThrottlingException", "Too many requests, please wait before trying again.", "rate_limited"),
        (429, "ThrottlingException", "Too many tokens per day, please wait before trying again.", "quota_exhausted"),
        (429, "ModelNotReadyException", "The model is not ready.", "overloaded"),
        (400, "ServiceQuotaExceededException", "Quota exceeded.", "quota_exhausted"),
        (400, "ValidationException", "Malformed input request.", "invalid_request"),
        (400, "ValidationException", "Input is too long for requested model.", "context_overflow"),
        (400, "ValidationException", "The name of the document is too long.", "invalid_request"),
        (400, "ValidationException", "prompt is too long: 200251 tokens > 200000 maximum", "context_overflow"),
        (
            400,
            "ValidationException",
            "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
            "context_overflow",
        ),
        (400, "ValidationException", "Too many input tokens. Max input tokens: 8192", "context_overflow"),
        (400, "ValidationException", "This request has been blocked by our content filters.", "content_filter"),
        (400, "ValidationException", "The provided model identifier is invalid.", "not_found"),
        (
            400,
            "ValidationException",
            "Invocation of model ID x with on-demand throughput isn't supported.",
            "invalid_request",
        ),
        (403, "AccessDeniedException", "You don't have access to the model with the specified model ID.", "permission"),
        (
            403,
            "AccessDeniedException",
            "Authentication failed: Please make sure your API Key is valid.",
            "authentication",
        ),
        (403, "UnrecognizedClientException", "The security token is invalid.", "authentication"),
        (403, "InvalidSignatureException", "The signature does not match.", "authentication"),
        (403, "ExpiredTokenException", "The security token has expired", "authentication"),
        (403, "MissingAuthenticationTokenException", "Missing Authentication Token", "authentication"),
        (404, "ResourceNotFoundException", "Could not resolve the foundation model", "not_found"),
        (404, "UnknownOperationException", "", "not_found"),
        (408, "ModelTimeoutException", "Model timeout", "timeout"),
        (424, "ModelErrorException", "The model failed.", "server_error"),
        (500, "InternalServerException", "Unexpected error", "server_error"),
        (503, "ServiceUnavailableException", "Unable to process", "overloaded"),
    ],
)
def test_an_exceptions_name_gives_the_reason(status: int, name: str, words: str, reason: FailureReason) -> None:
    body = json.dumps({"message": words}).encode()
    failed = decode_failure(status, {"x-amzn-errortype": name + ORIGIN}, body)
    assert (failed.reason, failed.status, failed.code, failed.body) == (reason, status, name, b"")
    assert failed.message == words or name in failed.message
    in_stream = named_failure(name[0].lower() + name[1:], words)
    assert (in_stream.reason, in_stream.status, in_stream.code) == (reason, status, name)


@pytest.mark.parametrize(
    ("status", "reason", "shown"),
    [
        (307, "not_found", 307),
        (400, "invalid_request", 400),
        (401, "authentication", 401),
        (403, "permission", 403),
        (404, "not_found", 404),
        (413, "invalid_request", 413),
        (429, "rate_limited", 429),
        (502, "server_error", 502),
        (503, "overloaded", 503),
        (529, "server_error", 503),
    ],
)
@pytest.mark.parametrize("raw", [b"", b"<html>Bad gateway</html>", b"[]", b'"x"', b"\xff", b'{"message":5}'])
def test_without_a_name_the_status_gives_the_reason(status: int, reason: str, shown: int, raw: bytes) -> None:
    failed = decode_failure(status, {}, raw)
    assert (failed.reason, failed.status, failed.code) == (reason, shown, None)
    assert "without an explanation" in failed.message


def test_the_name_may_be_in_the_body() -> None:
    failed = decode_failure(400, {}, b'{"__type":"com.amazon#ThrottlingException","Message":"slow"}')
    assert (failed.reason, failed.code, failed.message) == ("rate_limited", "ThrottlingException", "slow")


def test_how_long_to_wait_is_read() -> None:
    assert decode_failure(429, {"retry-after": "3"}, b"{}").retry_after_s == 3
    assert decode_failure(429, {}, b"{}").retry_after_s is None
