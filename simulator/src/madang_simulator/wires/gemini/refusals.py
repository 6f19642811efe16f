"""How Google says no: google.rpc.Status with its details.

Source: Google's API design guide, "Errors"; Google's Gemini API page "Troubleshooting".
"""

from typing import Any, NamedTuple

from madang_simulator.refusals import Refusal, RefusalKind

Json = dict[str, Any]
_TYPE = "type.googleapis.com/google.rpc."
UNAUTHENTICATED = "UNAUTHENTICATED"
"""The code of a refusal for a token that is missing or wrong; without it the refusal is about an API key."""


class _Form(NamedTuple):
    status: int
    name: str
    message: str


_FORMS: dict[RefusalKind, _Form] = {
    "bad_json": _Form(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Expected an object."),
    "invalid_request": _Form(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "unauthorized": _Form(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    "permission_denied": _Form(403, "PERMISSION_DENIED", "The caller does not have permission"),
    "model_not_found": _Form(
        404,
        "NOT_FOUND",
        "models/{subject} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to "
        "see the list of available models and their supported methods.",
    ),
    "not_found": _Form(404, "NOT_FOUND", "Requested entity was not found."),
    "unknown_path": _Form(404, "NOT_FOUND", "The requested URL was not found on this server."),
    "method_not_allowed": _Form(404, "NOT_FOUND", "The requested URL was not found on this server."),
    "body_too_large": _Form(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."),
    "rate_limited": _Form(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.{again}",
    ),
    "quota": _Form(
        429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."
    ),
    "server_error": _Form(
        500,
        "INTERNAL",
        "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting",
    ),
    "overloaded": _Form(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "context_overflow": _Form(
        400,
        "INVALID_ARGUMENT",
        "The input token count ({tokens}) exceeds the maximum number of tokens allowed ({window}).",
    ),
    "content_filter": _Form(400, "INVALID_ARGUMENT", "The prompt could not be submitted."),
}


def refusal_status(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    return 401 if refusal.code == UNAUTHENTICATED else _FORMS[refusal.kind].status


def refusal_fields(refusal: Refusal) -> Json:
    """The body of an error reply."""
    form = _FORMS[refusal.kind]
    if refusal.code == UNAUTHENTICATED:
        form = _Form(
            401,
            UNAUTHENTICATED,
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
            "authentication credential.",
        )
    again = "" if refusal.retry_after_s is None else f"\nPlease retry in {refusal.retry_after_s:g}s."
    message = refusal.message or form.message.format(
        subject=refusal.subject, window=refusal.window_tokens, tokens=refusal.prompt_tokens, again=again
    )
    error: Json = {"code": form.status, "message": message, "status": form.name}
    details = _details(refusal)
    return {"error": {**error, "details": details} if details else error}


def _details(refusal: Refusal) -> list[Json]:
    if refusal.code == UNAUTHENTICATED:
        return [_error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED")]
    if refusal.kind == "unauthorized":
        return [_error_info("API_KEY_INVALID")]
    if refusal.kind not in ("rate_limited", "quota"):
        return []
    span = "PerDay" if refusal.kind == "quota" else "PerMinute"
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
        "quotaId": f"GenerateRequests{span}PerProjectPerModel",
    }
    details: list[Json] = [{"@type": f"{_TYPE}QuotaFailure", "violations": [violation]}]
    if refusal.retry_after_s is not None:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{refusal.retry_after_s:g}s"})
    return details


def _error_info(reason: str) -> Json:
    return {"@type": f"{_TYPE}ErrorInfo", "reason": reason, "domain": "googleapis.com"}
