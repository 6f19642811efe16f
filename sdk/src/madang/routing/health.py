"""The health book: which targets failed lately and until when they rest.

A throttled target rests as long as it asked for, a wrongly configured one for a minute, a failing one after three
failures in a row, longer each time. A resting target is not forbidden, it only goes to the end of the line: when nobody
else is left, trying it beats refusing the call.
"""

from dataclasses import dataclass
from typing import Literal

from madang.calls.target import Target
from madang.errors import CallFailed, FailureReason

FAILURES_BEFORE_REST = 3
FIRST_REST_S = 5.0
LONGEST_REST_S = 60.0
_MOST_DOUBLINGS = 10  # after a long outage the count is in the thousands, and 2 to its power is no float any more

_AT_ONCE: dict[FailureReason, float] = {
    "rate_limited": 5.0,
    "quota_exhausted": 60.0,
    "authentication": 60.0,
    "permission": 60.0,
    "not_found": 60.0,
}
_COUNTED: frozenset[FailureReason] = frozenset(
    {"overloaded", "server_error", "connection", "timeout", "stream_cut", "bad_reply"}
)


@dataclass(frozen=True, slots=True)
class Health:
    """How a target is doing. `until` is on the pipeline's monotonic clock, seconds."""

    state: Literal["healthy", "cooling"] = "healthy"
    until: float = 0.0
    reason: str = ""


@dataclass(slots=True)
class _Record:
    failures: int = 0
    rest_until: float = 0.0
    reason: str = ""


HEALTHY = Health()


def key_of(target: Target) -> str:
    """A deployment keeps its health when the configuration is read again, as long as it stays the same place."""
    return f"{target.alias}\0{target.name}\0{target.base_url}\0{target.vendor_model}"


class HealthBook:
    """Remembers failures by target. Not shared between processes; one book per project."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}

    def of(self, target: Target, now: float) -> Health:
        if not self._records:
            return HEALTHY
        record = self._records.get(key_of(target))
        if record is None or record.rest_until <= now:
            return HEALTHY
        return Health("cooling", record.rest_until, record.reason)

    def succeeded(self, target: Target) -> None:
        if self._records:
            self._records.pop(key_of(target), None)

    def failed(self, target: Target, failure: CallFailed, now: float) -> None:
        rest = _rest_after(failure)
        counts = failure.reason in _COUNTED
        if rest is None and not counts:
            return  # the caller's own mistake says nothing about the target
        record = self._records.setdefault(key_of(target), _Record())
        record.failures += 1
        record.reason = failure.reason
        if rest is None and record.failures >= FAILURES_BEFORE_REST:
            doublings = min(record.failures - FAILURES_BEFORE_REST, _MOST_DOUBLINGS)
            rest = min(FIRST_REST_S * 2**doublings, LONGEST_REST_S)
        if rest is not None:
            record.rest_until = now + rest


def _rest_after(failure: CallFailed) -> float | None:
    """Seconds of rest after this one failure, or None when failures are counted first."""
    if failure.reason in ("rate_limited", "overloaded") and failure.retry_after_s is not None:
        return min(failure.retry_after_s, LONGEST_REST_S)
    return _AT_ONCE.get(failure.reason)
