"""What can be wrong with something a person asked for, in words for that person. `http` turns each into a status."""

from __future__ import annotations


class Problem(Exception):
    """A request that cannot be carried out. `code` is for programs, the message for people, `param` names the field."""

    code = "invalid_request"

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        if code is not None:
            self.code = code


class Invalid(Problem):
    """What was sent cannot be used as it is."""


class NotSignedIn(Problem):
    """Nobody, or nobody we know, is asking."""

    code = "not_signed_in"


class Forbidden(Problem):
    """Somebody we know asks for something their role does not allow."""

    code = "forbidden"


class NotFound(Problem):
    """There is no such thing here, or it belongs to others: the two are never told apart."""

    code = "not_found"


class Conflict(Problem):
    """It contradicts what is there already."""

    code = "conflict"


class TooManyAttempts(Problem):
    """Asked too often; may ask again after `retry_after_s` seconds."""

    code = "too_many_attempts"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
