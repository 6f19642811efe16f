"""One error shape for every answer: {"error": {"message", "type", "code", "param"}}.

Problems raised by the nouns become a status here. What nobody foresaw becomes a 500 with an id; its traceback goes to the log
without message or values, as both may hold what people sent.
"""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from madang_server.accounts.problems import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    Problem,
    TooManyAttempts,
)
from madang_server.accounts.randomness import new_id
from madang_server.credentials.cipher import WrongSecretKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("madang.http")


class ErrorDetail(BaseModel):
    """`code` is for programs; `param` names the field, when one is to blame."""

    message: str
    type: str
    code: str
    param: str | None


class ErrorBody(BaseModel):
    """What every answer with a status of 400 or more holds."""

    error: ErrorDetail


class ApiError(Exception):
    """An answer other than success, for what is known only where HTTP is: a store that is down, a body too long."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.headers = headers


# Documents the error body once for every route, so that the generated client knows it.
ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "Something sent cannot be used; `param` names the field."},
    401: {"model": ErrorBody, "description": "Nobody is signed in."},
    403: {"model": ErrorBody, "description": "The role does not allow this."},
    404: {"model": ErrorBody, "description": "No such thing, or it belongs to others."},
    409: {"model": ErrorBody, "description": "It contradicts what is there."},
}

_STATUS: dict[type[Problem], int] = {
    Invalid: 400,
    NotSignedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooManyAttempts: 429,
}

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}

_BY_STATUS = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not know this method."),
    413: ("body_too_large", "The body is too large."),
}


def error_response(
    status: int, message: str, *, code: str, param: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The one error shape as a response."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    body = {"error": {"message": message, "type": kind, "code": code, "param": param}}
    return JSONResponse(body, status, headers={"cache-control": "no-store", **(headers or {})})


def answer_errors(api: FastAPI) -> None:
    """Make `api` answer every foreseen problem in the one shape."""
    api.add_exception_handler(Problem, _answer_problem)
    api.add_exception_handler(ApiError, _answer_api_error)
    api.add_exception_handler(WrongSecretKey, _answer_wrong_secret_key)
    api.add_exception_handler(DataError, _answer_unstorable)
    api.add_exception_handler(IntegrityError, _answer_overtaken)
    api.add_exception_handler(OperationalError, _answer_no_database)
    api.add_exception_handler(RequestValidationError, _answer_invalid_request)
    api.add_exception_handler(HTTPException, _answer_http_exception)


class CatchUnforeseen:
    """The outermost edge: an exception that nobody handled becomes a 500 with an id, and a traceback in the log."""

    def __init__(self, app: ASGIApp, random_bytes: Callable[[int], bytes]) -> None:
        self._app = app
        self._random_bytes = random_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watch(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001
            # The edge of the request: logged with an id and answered with that id.
            error_id = new_id(self._random_bytes)
            _log.error("%s %s failed, id %s\n%s", scope.get("method"), scope.get("path"), error_id, trail(error))
            if has_begun or scope["type"] != "http":
                raise ConnectionAbortedError(error_id) from None
            message = f"Something went wrong on our side. Look for {error_id} in the server's log."
            await error_response(500, message, code="internal_error")(scope, receive, send)


def trail(error: BaseException) -> str:
    """Where `error` came from, without its message and values: both may hold what people sent."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__module__}.{type(error).__qualname__}"


def _answer_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, TooManyAttempts) else None
    return error_response(_STATUS[type(error)], error.message, code=error.code, param=error.param, headers=headers)


def _answer_api_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return error_response(error.status, error.message, code=error.code, param=error.param, headers=error.headers)


def _answer_wrong_secret_key(_request: Request, error: Exception) -> JSONResponse:
    return error_response(500, str(error), code="wrong_secret_key")


def _answer_unstorable(_request: Request, _error: Exception) -> JSONResponse:
    # What the rules of each noun let through but the database does not, such as a null character in an e-mail.
    return error_response(
        400, "A text holds a character that cannot be stored, or is too long.", code="invalid_request"
    )


def _answer_overtaken(_request: Request, _error: Exception) -> JSONResponse:
    # The rules looked before, so only a change made in the same moment can have got in between.
    message = "Somebody changed the same thing at the same moment. Look again, then repeat what is still wanted."
    return error_response(409, message, code="overtaken")


def _answer_no_database(_request: Request, error: Exception) -> JSONResponse:
    _log.error("The database does not answer: %s", type(error).__name__)
    message = "The database does not answer. Calls through the gateway go on; try again in a moment."
    return error_response(503, message, code="database_unavailable", headers={"retry-after": "2"})


def _answer_http_exception(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, message = _BY_STATUS.get(error.status_code, ("invalid_request", "The request cannot be understood."))
    return error_response(error.status_code, message, code=code, headers=error.headers)


def _answer_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    param = _field(first["loc"])
    others = len(error.errors()) - 1
    message = _in_words(first, param) + (f" ({others} more to mend.)" if others else "")
    return error_response(400, message, code="invalid_request", param=param)


def _field(location: Sequence[str | int]) -> str | None:
    """The field's name without the place it came in: ("body", "deployments", 0, "name") is deployments.0.name."""
    return ".".join(str(part) for part in location[1:]) or None


def _in_words(problem: Mapping[str, Any], param: str | None) -> str:
    """What to mend. The value itself is never repeated: it may be a password or a key."""
    kind = problem["type"]
    if kind == "json_invalid":
        return "The body is not valid JSON."
    if param is None:
        return (
            "Send a JSON object." if kind in ("missing", "model_attributes_type", "dict_type") else f"{problem['msg']}."
        )
    if kind == "missing":
        return f"Field {param!r} is missing."
    if kind == "extra_forbidden":
        return f"Field {param!r} is not known here; check its name or leave it out."
    if kind == "literal_error":
        return f"Field {param!r} must be one of {problem['ctx']['expected']}."
    said = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
    return f"Field {param!r}: it {said}." if str(problem["msg"]).startswith("Input ") else f"Field {param!r}: {said}."
