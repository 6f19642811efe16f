"""How Bedrock says no: the exception's name in a header, its message in the body.

Names, statuses and messages: AWS's "Amazon Bedrock Runtime API reference", errors of Converse and InvokeModel, and
"Troubleshooting Amazon Bedrock API error codes".
"""

from typing import NamedTuple

import msgspec

from madang_simulator.refusals import Refusal, RefusalKind
from madang_simulator.wires.bedrock.frames import exception_frame
from madang_simulator.wires.openai_refusals import retry_after
from madang_simulator.wires.wire import Reply

_ORIGIN = "http://internal.amazon.com/coral/com.amazon.bedrock/"


class _Exception(NamedTuple):
    status: int
    name: str
    message: str


_EXCEPTIONS: dict[RefusalKind, _Exception] = {
    "bad_json": _Exception(400, "SerializationException", "The request body could not be parsed as JSON."),
    "invalid_request": _Exception(400, "ValidationException", "Malformed input request, please reformat your input."),
    "unauthorized": _Exception(
        403, "UnrecognizedClientException", "The security token included in the request is invalid."
    ),
    "permission_denied": _Exception(
        403, "AccessDeniedException", "You don't have access to the model with the specified model ID."
    ),
    "model_not_found": _Exception(400, "ValidationException", "The provided model identifier is invalid."),
    "not_found": _Exception(404, "ResourceNotFoundException", "Could not resolve the foundation model."),
    "unknown_path": _Exception(404, "UnknownOperationException", "There is no such operation: {subject}"),
    "method_not_allowed": _Exception(404, "UnknownOperationException", "There is no such operation: {subject}"),
    "body_too_large": _Exception(413, "RequestEntityTooLargeException", "The request body is too large."),
    "rate_limited": _Exception(429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "quota": _Exception(400, "ServiceQuotaExceededException", "Your account has exceeded its service quota."),
    "server_error": _Exception(
        500, "InternalServerException", "The system encountered an unexpected error during processing. Try again."
    ),
    "overloaded": _Exception(
        503, "ServiceUnavailableException", "Bedrock is unable to process your request. Please try again later."
    ),
    "context_overflow": _Exception(400, "ValidationException", "Input is too long for requested model."),
    "content_filter": _Exception(
        400, "ValidationException", "This request has been blocked by our content filters. Change it and try again."
    ),
}


def refusal_reply(refusal: Refusal) -> Reply:
    """The whole error reply."""
    status, name, message = _exception(refusal)
    headers = {"x-amzn-errortype": f"{name}:{_ORIGIN}"}
    if refusal.retry_after_s is not None:
        headers["retry-after"] = retry_after(refusal.retry_after_s)
    return Reply(status, msgspec.json.encode({"message": message}), headers)


def refusal_frame(refusal: Refusal) -> bytes:
    """The same inside a stream, where exceptions begin with a small letter."""
    _, name, message = _exception(refusal)
    return exception_frame(name[0].lower() + name[1:], msgspec.json.encode({"message": message}))


def invalid(message: str) -> Refusal:
    """A request that does not hold to the API."""
    return Refusal(kind="invalid_request", message=message)


def _exception(refusal: Refusal) -> _Exception:
    status, name, message = _EXCEPTIONS[refusal.kind]
    said = refusal.message or message.format(subject=refusal.subject)
    return _Exception(status, refusal.code or name, said)
