"""Every class of failure, how the simulator is made to fail so, and what callers are told: one table for all vendors.

Where a vendor's wire makes an answer differ, the exception stands by its name in EXCEPTIONS with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.matrix.columns import Column

Json = dict[str, Any]


class Expected(NamedTuple):
    """The trace's reason, and the caller's status (None within a stream) and code."""

    reason: str
    status: int | None
    code: str


@dataclass(frozen=True)
class FailureClass:
    """`fault` is the simulator's, `limits` the model's, `settings` the deployment's, `body` the request's.

    `words`: whether the vendor explains itself, so that its words and its request id have to be kept.
    """

    name: str
    title: str
    expected: Expected | None
    in_stream: Expected | None
    """None where it cannot happen in that way."""
    fault: Json | None = None
    limits: Json = field(default_factory=dict)
    settings: Json = field(default_factory=dict)
    behaviour: Json = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    words: bool = False
    wrong_key: bool = False

    def expected_of(self, column: Column, *, stream: bool) -> Expected | None:
        plain = self.in_stream if stream else self.expected
        if plain is None:
            return None
        names = (column.name, column.vendor)
        ways = (" streamed",) if stream else (" whole",)
        keys = [f"{name}{way}" for name in names for way in (*ways, "")]
        exceptions = EXCEPTIONS.get(self.name, {})
        return next((exceptions[key] for key in keys if key in exceptions), plain)


def _both(name: str, title: str, expected: Expected, **how: Any) -> FailureClass:
    return FailureClass(name, title, expected, expected, **how)


_SCHEMA_OF_NO_KIND = {
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "banana"}}}]
}
_SHORT = {"timeout_s": 0.6}
_SLOW = {"per_token_ms": 40}

FAILURES: tuple[FailureClass, ...] = (
    _both(
        "wrong key",
        "Wrong key",
        Expected("authentication", 502, "deployment_misconfigured"),
        wrong_key=True,
        words=True,
    ),
    _both(
        "unknown model",
        "Unknown model",
        Expected("not_found", 502, "deployment_misconfigured"),
        fault={"kind": "model_unavailable"},
        words=True,
    ),
    _both(
        "no permission",
        "No permission",
        Expected("permission", 502, "deployment_misconfigured"),
        fault={"kind": "permission_denied"},
        words=True,
    ),
    _both(
        "throttled",
        "Throttled",
        Expected("rate_limited", 429, "rate_limit_exceeded"),
        fault={"kind": "rate_limited", "retry_after_s": 7},
        words=True,
    ),
    _both("quota", "Quota used up", Expected("quota_exhausted", 429, "insufficient_quota"), fault={"kind": "quota"}, words=True),
    _both("overloaded", "Overloaded", Expected("overloaded", 503, "overloaded"), fault={"kind": "overloaded"}, words=True),
    _both(
        "server error", "Server error", Expected("server_error", 500, "server_error"), fault={"kind": "server_error"}, words=True
    ),
    _both(
        "context overflow",
        "Prompt too long",
        Expected("context_overflow", 400, "context_length_exceeded"),
        behaviour={"context_window": 5},
        words=True,
    ),
    _both(
        "prompt blocked",
        "Prompt blocked",
        Expected("content_filter", 400, "content_filter"),
        fault={"kind": "content_filter"},
        words=True,
    ),
    FailureClass(
        "answer blocked",
        "Answer stopped by a filter",
        None,
        None,
        fault={"kind": "content_filter_stream", "after_chunks": 3},
    ),
    _both(
        "tool schema",
        "Malformed tool schema",
        Expected("invalid_request", 400, "invalid_function_parameters"),
        body=_SCHEMA_OF_NO_KIND,
        words=True,
    ),
    _both("silence", "Silence", Expected("timeout", 504, "deadline_exceeded"), fault={"kind": "hang", "duration_s": 20}, limits=_SHORT),
    _both(
        "slow first token",
        "First token too late",
        Expected("timeout", 504, "timeout"),
        fault={"kind": "slow_first_token", "duration_s": 20},
        limits={"first_token_timeout_s": 0.5, "answer_timeout_s": 0.5},
    ),
    _both("reset", "Connection reset", Expected("connection", 502, "connection_failed"), fault={"kind": "reset"}),
    _both("html", "A proxy's HTML page", Expected("server_error", 502, "server_error"), fault={"kind": "html_502"}),
    _both("half a JSON", "Half a JSON", Expected("bad_reply", 502, "bad_reply"), fault={"kind": "bad_json"}),
    FailureClass(
        "wrong length",
        "Wrong content-length",
        Expected("connection", 502, "connection_failed"),
        None,
        fault={"kind": "wrong_length"},
    ),
    _both(
        "error in 200",
        "Status 200 with an error inside",
        Expected("server_error", 502, "server_error"),
        fault={"kind": "error_in_200"},
        words=True,
    ),
    FailureClass(
        "error event",
        "Error event in a stream",
        None,
        Expected("server_error", None, "server_error"),
        fault={"kind": "error_event"},
        words=True,
    ),
    FailureClass(
        "cut",
        "Stream cut",
        Expected("connection", 502, "connection_failed"),
        Expected("stream_cut", None, "stream_cut"),
        fault={"kind": "cut"},
    ),
    FailureClass(
        "clean cut", "Stream ends early", None, Expected("stream_cut", None, "stream_cut"), fault={"kind": "cut_clean"}
    ),
    FailureClass(
        "endless",
        "Endless answer",
        Expected("timeout", 504, "deadline_exceeded"),
        Expected("timeout", None, "deadline_exceeded"),
        fault={"kind": "endless"},
        limits={"timeout_s": 1.2},
        behaviour=_SLOW,
    ),
)
EXCEPTIONS: Mapping[str, Mapping[str, Expected]] = {}
FAILURE_BY_NAME: Mapping[str, FailureClass] = {each.name: each for each in FAILURES}
