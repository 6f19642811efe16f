"""How Anthropic says no: status, type and text of each refusal.

Source: Anthropic's document "Errors"; the texts are what its API has been seen to say.
"""

from typing import Any, NamedTuple

from madang_simulator.refusals import Refusal, RefusalKind


class _Form(NamedTuple):
    status: int
    type: str
    message: str


_FORMS: dict[RefusalKind, _Form] = {
    "bad_json": _Form(400, "invalid_request_error", "The request body is not valid JSON."),
    "invalid_request": _Form(400, "invalid_request_error", "Invalid request."),
    "unauthorized": _Form(401, "authentication_error", "invalid x-api-key"),
    "permission_denied": _Form(
        403, "permission_error", "Your API key does not have permission to use the specified resource."
    ),
    "model_not_found": _Form(404, "not_found_error", "model: {subject}"),
    "not_found": _Form(404, "not_found_error", "Not found"),
    "unknown_path": _Form(404, "not_found_error", "Not found"),
    "method_not_allowed": _Form(405, "invalid_request_error", "Method Not Allowed"),
    "body_too_large": _Form(413, "request_too_large", "Request exceeds the maximum size"),
    "rate_limited": _Form(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit. Please reduce the prompt length or the maximum tokens "
        "requested, or try again later.",
    ),
    "quota": _Form(
        402,
        "billing_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
        "credits.",
    ),
    "server_error": _Form(500, "api_error", "Internal server error"),
    "overloaded": _Form(529, "overloaded_error", "Overloaded"),
    "context_overflow": _Form(400, "invalid_request_error", "prompt is too long: {tokens} tokens > {window} maximum"),
    "content_filter": _Form(400, "invalid_request_error", "Output blocked by content filtering policy"),
}


def refusal_status(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    return _FORMS[refusal.kind].status


def refusal_fields(refusal: Refusal) -> dict[str, Any]:
    """The whole error, as a reply's body and as an event's data."""
    form = _FORMS[refusal.kind]
    message = refusal.message or form.message.format(
        subject=refusal.subject, window=refusal.window_tokens, tokens=refusal.prompt_tokens
    )
    return {"type": "error", "error": {"type": form.type, "message": message}}
