"""Every class of failure, how the simulator is made to fail so, and what callers are told: one table for all vendors.

Where a vendor's wire makes an answer differ, the exception stands by its name in EXCEPTIONS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from tests.matrix.columns import Column

Json = dict[str, Any]
How = Literal["whole", "streamed"]
HOWS: tuple[How, ...] = ("whole", "streamed")


class Told(NamedTuple):
    """The trace's reason, and the caller's status (None within a stream) and code ("" where the vendor's own is null)."""

    reason: str
    status: int | None
    code: str


class Answered(NamedTuple):
    """An answer all the same, that ended for this reason."""

    finish: str


Expected: TypeAlias = Told | Answered


@dataclass(frozen=True)
class FailureClass:
    """`fault` is the simulator's, `limits` the model's, `behaviour` the simulated deployment's, `body` the request's.

    `words`: the vendor explains itself, so its words and its id of the request have to be kept.
    """

    name: str
    title: str
    expected: Mapping[How, Expected]
    fault: Json | None = None
    limits: Json = field(default_factory=dict)
    behaviour: Json = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    words: bool = False
    wrong_key: bool = False

    def expected_of(self, column: Column, how: How) -> Expected:
        exceptions = EXCEPTIONS.get(self.name, {})
        keys = [f"{name}{more}" for name in (column.name, column.vendor) for more in (f" {how}", "")]
        return next((exceptions[key] for key in keys if key in exceptions), self.expected[how])


def _both(told: Expected) -> Mapping[How, Expected]:
    return {"whole": told, "streamed": told}


_SCHEMA_OF_NO_KIND = {
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "banana"}}}]
}
_MISCONFIGURED = 502, "deployment_misconfigured"
_LATE = Told("timeout", 504, "deadline_exceeded")
_CUT = Told("stream_cut", None, "stream_cut")
_BROKEN = Told("connection", 502, "connection_failed")

FAILURES: tuple[FailureClass, ...] = (
    FailureClass("wrong key", "Wrong key", _both(Told("authentication", *_MISCONFIGURED)), wrong_key=True, words=True),
    FailureClass(
        "unknown model",
        "Unknown model",
        _both(Told("not_found", *_MISCONFIGURED)),
        {"kind": "model_unavailable"},
        words=True,
    ),
    FailureClass(
        "no permission",
        "No permission",
        _both(Told("permission", *_MISCONFIGURED)),
        {"kind": "permission_denied"},
        words=True,
    ),
    FailureClass(
        "throttled",
        "Throttled",
        _both(Told("rate_limited", 429, "rate_limit_exceeded")),
        {"kind": "rate_limited", "retry_after_s": 7},
        words=True,
    ),
    FailureClass(
        "quota",
        "Quota used up",
        _both(Told("quota_exhausted", 429, "insufficient_quota")),
        {"kind": "quota"},
        words=True,
    ),
    FailureClass("overloaded", "Overloaded", _both(Told("overloaded", 503, "")), {"kind": "overloaded"}, words=True),
    FailureClass(
        "server error", "Server error", _both(Told("server_error", 500, "")), {"kind": "server_error"}, words=True
    ),
    FailureClass(
        "context overflow",
        "Prompt too long",
        _both(Told("context_overflow", 400, "context_length_exceeded")),
        behaviour={"context_window": 5},
        words=True,
    ),
    FailureClass(
        "prompt blocked",
        "Prompt blocked",
        _both(Told("content_filter", 400, "content_filter")),
        {"kind": "content_filter"},
        words=True,
    ),
    FailureClass(
        "answer blocked",
        "Answer stopped by a filter",
        _both(Answered("content_filter")),
        {"kind": "content_filter_stream", "after_chunks": 3},
    ),
    FailureClass(
        "tool schema",
        "Malformed tool schema",
        _both(Told("invalid_request", 400, "invalid_function_parameters")),
        body=_SCHEMA_OF_NO_KIND,
        words=True,
    ),
    FailureClass("silence", "Silence", _both(_LATE), {"kind": "hang", "duration_s": 20}, {"timeout_s": 0.6}),
    FailureClass(
        "slow first token",
        "First token too late",
        _both(Told("timeout", 504, "timeout")),
        {"kind": "slow_first_token", "duration_s": 20},
        {"first_token_timeout_s": 0.5, "answer_timeout_s": 0.5},
    ),
    FailureClass("reset", "Connection reset", _both(_BROKEN), {"kind": "reset"}),
    FailureClass("html", "A proxy's HTML page", _both(Told("server_error", 502, "server_error")), {"kind": "html_502"}),
    FailureClass("half a JSON", "Half a JSON", _both(Told("bad_reply", 502, "bad_reply")), {"kind": "bad_json"}),
    FailureClass("wrong length", "Wrong content-length", {"whole": _BROKEN}, {"kind": "wrong_length"}),
    FailureClass(
        "error in 200",
        "Status 200, an error inside",
        _both(Told("server_error", 502, "")),
        {"kind": "error_in_200"},
        words=True,
    ),
    FailureClass(
        "error event",
        "Error event in a stream",
        {"streamed": Told("server_error", None, "server_error")},
        {"kind": "error_event"},
        words=True,
    ),
    FailureClass("cut", "Connection cut half way", {"whole": _BROKEN, "streamed": _CUT}, {"kind": "cut"}),
    FailureClass("clean cut", "Stream without its end", {"streamed": _CUT}, {"kind": "cut_clean"}),
    FailureClass(
        "endless",
        "Endless answer",
        {"whole": _LATE, "streamed": _LATE._replace(status=None)},
        {"kind": "endless"},
        {"timeout_s": 1.2},
    ),
)


def _codes(told: Told, **by_vendor: str) -> Mapping[str, Expected]:
    """The same failure with the vendors' own words as its code."""
    return {vendor: told._replace(code=code) for vendor, code in by_vendor.items()}


_GOOGLES = {"gemini": "INTERNAL", "vertex": "INTERNAL"}
EXCEPTIONS: Mapping[str, Mapping[str, Expected]] = {
    # Azure's own body, in OpenAI's shape, is passed on.
    "throttled": _codes(Told("rate_limited", 429, ""), azure="429"),
    "overloaded": _codes(
        Told("overloaded", 503, ""),
        azure="ServiceUnavailable",
        anthropic="overloaded_error",
        gemini="UNAVAILABLE",
        vertex="UNAVAILABLE",
        bedrock="ServiceUnavailableException",
        litellm="server_error",
    ),
    "server error": _codes(
        Told("server_error", 500, ""),
        anthropic="api_error",
        bedrock="InternalServerException",
        litellm="server_error",
        **_GOOGLES,
    ),
    "tool schema": _codes(
        Told("invalid_request", 400, ""),
        anthropic="invalid_request_error",
        gemini="INVALID_ARGUMENT",
        vertex="INVALID_ARGUMENT",
        bedrock="ValidationException",
    ),
    "error in 200": {
        **_codes(Told("server_error", 502, ""), anthropic="api_error", bedrock="server_error"),
        # Google's error says its status itself.
        **_codes(Told("server_error", 500, ""), **_GOOGLES),
        # LiteLLM reads such a body as an answer without choices; a stream's is told to it as 503.
        "litellm whole": Told("bad_reply", 502, "bad_reply"),
        "litellm streamed": Told("server_error", 503, "server_error"),
    },
    "error event": _codes(
        Told("server_error", None, ""), anthropic="api_error", bedrock="InternalServerException", **_GOOGLES
    ),
}
FAILURE_BY_NAME: Mapping[str, FailureClass] = {each.name: each for each in FAILURES}
