"""What a caller of the SDK may have to catch.

MadangError
├── ConfigError    settings or arguments that cannot work; nothing was called
└── CallFailed     a call that got no answer; `reason` says which kind of failure it was
"""

from typing import Literal, get_args

FailureReason = Literal[
    "invalid_request",
    "context_overflow",
    "content_filter",
    "authentication",
    "permission",
    "not_found",
    "rate_limited",
    "quota_exhausted",
    "overloaded",
    "server_error",
    "connection",
    "timeout",
    "stream_cut",
    "bad_reply",
    "no_target",
    "cancelled",
]
FAILURE_REASONS: tuple[FailureReason, ...] = get_args(FailureReason)


class MadangError(Exception):
    """Everything this library raises on purpose."""


class ConfigError(MadangError):
    """An argument or environment variable that cannot work; the message says what would."""


class PlatformUnavailable(MadangError):
    """The platform did not answer; what is known already still holds."""


class PlatformRefused(MadangError):
    """The platform answered, and said no. `status` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


LONGEST_MESSAGE = 2_000  # characters


class CallFailed(MadangError):
    """A call that got no answer, or an attempt of it.

    `status` is the HTTP status for the caller; `retry_after_s` is what the vendor asked for, if anything; `body` is
    the vendor's own error body when there was one, `request_id` the vendor's id of the request; `trace_id` finds the
    trace that shows every attempt. `message` is cut where it is longer than LONGEST_MESSAGE: what a caller got wrong may
    be named in it, and may be of any length.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: FailureReason,
        status: int,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: float | None = None,
        body: bytes = b"",
        request_id: str = "",
        trace_id: str = "",
    ) -> None:
        if len(message) > LONGEST_MESSAGE:
            message = f"{message[:LONGEST_MESSAGE]}…"
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.status = status
        self.code = code
        self.param = param
        self.retry_after_s = retry_after_s
        self.body = body
        self.request_id = request_id
        self.trace_id = trace_id
