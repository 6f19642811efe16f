"""How OpenAI says no: status, type, code and text of each refusal."""

import math
from typing import Any, NamedTuple

from madang_simulator.refusals import Refusal, RefusalKind


class _Form(NamedTuple):
    status: int
    type: str
    code: str | None
    message: str


_FORMS: dict[RefusalKind, _Form] = {
    "bad_json": _Form(
        400,
        "invalid_request_error",
        None,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
    ),
    "invalid_request": _Form(400, "invalid_request_error", None, "Invalid request."),
    "unauthorized": _Form(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-w********."),
    "permission_denied": _Form(
        403,
        "invalid_request_error",
        "insufficient_permissions",
        "You have insufficient permissions for this operation. Missing scopes: model.request.",
    ),
    "model_not_found": _Form(
        404,
        "invalid_request_error",
        "model_not_found",
        "The model `{subject}` does not exist or you do not have access to it.",
    ),
    "not_found": _Form(404, "invalid_request_error", None, "Not found."),
    "unknown_path": _Form(404, "invalid_request_error", "unknown_url", "Unknown request URL: {subject}."),
    "method_not_allowed": _Form(
        405, "invalid_request_error", "method_not_supported", "Not allowed: {subject}. Use a different HTTP method."
    ),
    "body_too_large": _Form(413, "invalid_request_error", None, "The request body is larger than the allowed 64 MB."),
    "rate_limited": _Form(
        429,
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for this model in organization org-simulated on requests per min (RPM).{again}",
    ),
    "quota": _Form(
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "server_error": _Form(
        500, "server_error", None, "The server had an error while processing your request. Sorry about that!"
    ),
    "overloaded": _Form(503, "server_error", None, "The engine is currently overloaded, please try again later."),
    "context_overflow": _Form(
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages.",
    ),
    "content_filter": _Form(
        400, "invalid_request_error", "content_policy_violation", "Your request was rejected by the safety system."
    ),
}


def refusal_status(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    return _FORMS[refusal.kind].status


def refusal_fields(refusal: Refusal) -> dict[str, Any]:
    """The inside of the `error` object."""
    form = _FORMS[refusal.kind]
    again = "" if refusal.retry_after_s is None else f" Please try again in {refusal.retry_after_s:g}s."
    message = refusal.message or form.message.format(
        subject=refusal.subject, window=refusal.window_tokens, tokens=refusal.prompt_tokens, again=again
    )
    param = "messages" if refusal.kind == "context_overflow" else refusal.param
    return {"message": message, "type": form.type, "param": param, "code": refusal.code or form.code}


def retry_after(seconds: float) -> str:
    """The Retry-After header's value: HTTP knows whole seconds only."""
    return str(math.ceil(seconds))
