"""What LiteLLM raised, as our failure: the vendor's own status and words, wherever in the chain of exceptions they are.

LiteLLM rewrites statuses (529 becomes 500) and wraps the vendor's body in its own words, sometimes as a Python literal; the
exception it began with still has both.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from madang.errors import CallFailed, FailureReason
from madang.providers.openai_wire import decode_failure, without_keys

_encode = msgspec.json.Encoder().encode

# Where LiteLLM knows more than the status says, by its classes' names.
_BY_CLASS: Mapping[str, FailureReason] = {
    "ContextWindowExceededError": "context_overflow",
    "ContentPolicyViolationError": "content_filter",
    "AuthenticationError": "authentication",
    "Timeout": "timeout",
    "UnsupportedParamsError": "invalid_request",
    "ImageFetchError": "invalid_request",
}
_STATUS: Mapping[FailureReason, int] = {
    "timeout": 504,
    "invalid_request": 400,
    "content_filter": 400,
    "connection": 502,
}
# Exceptions of those that could not read what the vendor sent, or not reach it. By name: none of them is loaded here.
_UNREADABLE = frozenset(
    {
        "JSONDecodeError",
        "KeyError",
        "IndexError",
        "AttributeError",
        "TypeError",
        "ValidationError",
        "UnicodeDecodeError",
    }
)
_UNREACHABLE = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "ReadError",
        "RemoteProtocolError",
        "WriteError",
        "ClientConnectorError",
        "ClientOSError",
        "ClientPayloadError",
        "ServerDisconnectedError",
        "ConnectionResetError",
        "ConnectionRefusedError",
        "EndpointConnectionError",
    }
)
_TIMEOUTS = frozenset({"ReadTimeout", "APITimeoutError", "Timeout", "PoolTimeout", "WriteTimeout", "TimeoutError"})
_FILES = frozenset({"ImageFetchError", "SSRFError"})
_UNREADABLE_WORDS = ("onverting to valid response", "nvalid response", "get json response", "nexpected response")
_WRONG_MESSAGES = ("Invalid Message passed in", "Missing corresponding tool call")
_ENDED = "Stream ended before"
_MESSAGES: Mapping[FailureReason, str] = {
    # Not in LiteLLM's words, which are about its own code, or repeat the whole answer.
    "bad_reply": "{vendor} sent an answer that LiteLLM cannot read.",
    "connection": "{vendor} could not be reached, or closed the connection.",
    "stream_cut": "The connection to the vendor broke in the middle of the answer.",
    "timeout": "{vendor} did not answer in time.",
}
# "litellm.RateLimitError: RateLimitError: GroqException - Slow down" and the like
_PREFIX = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception|Timeout)\s*[:-]\s*)+")
_LONGEST = 1_000  # characters of words that are not the vendor's own


def failure_of(error: Exception, vendor: str, *, has_begun: bool = False, is_sent: bool = True) -> CallFailed:
    """`has_begun`: text has left already, so a connection that broke cut the answer. `is_sent`: a request went out, or may
    have.
    """
    chain = list(_chain(error))
    names = {type(each).__name__ for each in chain}
    response = next((found for each in reversed(chain) if (found := _response(each)) is not None), None)
    fields = next((found for each in reversed(chain) if (found := _fields(each)) is not None), {})
    if not is_sent and (names & _UNREADABLE or any(each in _words(chain[0]) for each in _WRONG_MESSAGES)):
        # There is no answer that could not be read, so it was the request.
        return CallFailed(
            f"LiteLLM cannot make a request for {vendor} of this: a field has another form than OpenAI's API gives it.",
            reason="invalid_request",
            status=400,
            code="invalid_request",
        )
    if response is None and not fields:
        return _local(chain, names, vendor, has_begun=has_begun)
    if not fields:
        words = next((words for each in reversed(chain) if (words := _words(each))), "")
        is_explained = words and not words.startswith(("<", "Error code:", "Server error", "Client error"))
        fields = {"message": words[:_LONGEST]} if is_explained else {}
    status = response.status_code if response is not None else _status(chain)
    headers = {name.lower(): value for name, value in response.headers.items()} if response is not None else {}
    failure = decode_failure(status, headers, _encode({"error": fields}))
    for name in names & _BY_CLASS.keys():
        failure.reason = _BY_CLASS[name]
    if failure.reason == "invalid_request" and status >= 500:
        failure.reason = "server_error"
    if failure.reason == "server_error" and response is not None and status in (503, 529):
        failure.reason = "overloaded"  # "server_error" is a type of OpenAI's, which says less than the status
    failure.status = 503 if status == 529 else failure.status if failure.status >= 400 else 502
    failure.retry_after_s = failure.retry_after_s or _retry_delay(fields)
    failure.request_id = next((headers[name] for name in _REQUEST_IDS if name in headers), "")
    failure.body = b""  # not OpenAI's shape
    return failure


_REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "x-goog-request-id")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and what it came from, the vendor's own last."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__


def _response(error: BaseException) -> Any:
    """The vendor's answer, where it has an error status; LiteLLM makes up answers too, but those have no headers."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    return response if isinstance(status, int) and status >= 400 and getattr(response, "headers", None) else None


def _status(chain: list[BaseException]) -> int:
    given = [
        status for each in chain if isinstance(status := getattr(each, "status_code", None), int) and status >= 400
    ]
    return given[-1] if given else 502


def _fields(error: BaseException) -> dict[str, Any] | None:
    """The vendor's error as fields of OpenAI's, where this exception has it."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        return _named(body)
    text = getattr(error, "message", None)
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="replace")
    if not isinstance(text, str):
        return None
    text = _unquoted(_PREFIX.sub("", text))
    if not text.startswith(("{", "[")):
        return None
    try:
        decoded = ast.literal_eval(text) if text.startswith("{'") else msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, SyntaxError):
        return None
    if isinstance(decoded, list) and decoded:
        decoded = decoded[0]
    return _named(decoded) if isinstance(decoded, dict) else None


def _named(body: dict[str, Any]) -> dict[str, Any] | None:
    """Of the forms in which vendors write errors: {"error": {…}}, {"error": "…"}, {"message": "…"}, {"detail": "…"}."""
    error = body.get("error", body)
    if isinstance(error, str):
        return {"message": error}
    if not isinstance(error, dict):
        return None
    message = error.get("message") or error.get("detail")
    if not isinstance(message, str):
        return None
    code = error.get("status") if isinstance(error.get("status"), str) else error.get("code") or error.get("type")
    return {**error, "message": message, "code": code}


def _unquoted(text: str) -> str:
    """Errors of streams hold the vendor's bytes as a Python literal."""
    if text.startswith(("b'", 'b"')):
        try:
            literal = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return text
        return literal.decode("utf-8", errors="replace") if isinstance(literal, bytes) else text
    return text


def _retry_delay(fields: Mapping[str, Any]) -> float | None:
    """Google's RetryInfo: {"retryDelay": "2s"} among the error's details."""
    for detail in fields.get("details") or ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and re.fullmatch(r"\d+(\.\d+)?s", delay):
            return float(delay[:-1])
    return None


def _local(chain: list[BaseException], names: set[str], vendor: str, *, has_begun: bool) -> CallFailed:
    """What went wrong without an answer that says so: on the way, in reading the answer, or in an answer's own words."""
    reason = _local_reason(chain, names, has_begun=has_begun)
    message = _MESSAGES.get(reason, "").format(vendor=vendor)
    if "Redirected" in names:
        reason, message = "not_found", f"{vendor}'s address redirects elsewhere; enter the address of the API itself."
    elif names & _FILES:
        message = "A file that the request names by URL could not be fetched, or is not at a public address."
        return CallFailed(message, reason=reason, status=400, code="file_not_fetched", param="messages")
    elif not message:
        last = next((each for each in reversed(chain) if _words(each)), chain[0])
        message = without_keys(_words(last)[:_LONGEST]) or f"{vendor} failed without an explanation."
    code = {"connection": "connection_failed", "invalid_request": "unsupported_parameter"}.get(reason, reason)
    return CallFailed(message, reason=reason, status=_STATUS.get(reason, 502), code=code)


def _local_reason(chain: list[BaseException], names: set[str], *, has_begun: bool) -> FailureReason:
    known = next((_BY_CLASS[name] for name in names if name in _BY_CLASS), None)
    if known is not None:
        return known
    if names & _TIMEOUTS:
        return "timeout"
    words = str(getattr(chain[0], "message", "") or chain[0])
    if names & _UNREACHABLE or "Redirected" in names or any(isinstance(each, OSError) for each in chain):
        return "stream_cut" if has_begun else "connection"
    if _ENDED in words:
        return "stream_cut"
    if names & _UNREADABLE or any(each in words for each in _UNREADABLE_WORDS):
        return "bad_reply"
    return "invalid_request" if "BadRequestError" in names else "server_error"


def _words(error: BaseException) -> str:
    return _unquoted(_PREFIX.sub("", str(getattr(error, "message", "") or error)).partition("\nTraceback")[0])
