"""The circuit breaker of each target: which ones failed lately, until when they rest, and how they come back.

A throttled target rests as long as it asked for, a wrongly configured one for a minute, a failing one after three
failures in a row or when half of its last calls failed, a silent one when ten hedged calls in a row were answered
elsewhere; longer each time. When the rest is over, one call at a time may
try it, and its answer decides. A resting target is not forbidden, it only goes to the end of the line: when nobody else
is left, trying it beats refusing the call.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from madang.calls.target import Target
from madang.errors import CallFailed, FailureReason

FAILURES_BEFORE_REST = 3  # in a row
OUTRUN_BEFORE_REST = 10  # hedged calls in a row that another target answered, with not one answer in between
OUTCOMES_BEFORE_REST = 10  # calls, half of which failed; so a target that always fails rests before the tenth
FIRST_REST_S = 5.0
LONGEST_REST_S = 60.0
PROBE_S = 30.0  # a trial that has not ended by then no longer keeps others from trying
_FAIR_WAIT_S = 10.0  # a caller who waits less and gives up has learned nothing about the target
_OUTCOMES_KEPT = 20
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

State = Literal["healthy", "cooling", "trial"]


@dataclass(frozen=True, slots=True)
class Health:
    """How a target is doing. `until` is on the pipeline's monotonic clock, seconds. In state "trial" the rest is over,
    and the next call may find out."""

    state: State = "healthy"
    until: float = 0.0
    reason: str = ""


class Change(NamedTuple):
    """A breaker that opened or closed, for other processes. `rest_s` is 0 when it closed."""

    key: str
    rest_s: float
    reason: str
    rests: int  # how often in a row


@dataclass(slots=True)
class _Record:
    in_a_row: int = 0
    outrun: int = 0  # in a row
    outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=_OUTCOMES_KEPT))
    rests: int = 0  # since it was last proven healthy
    rest_since: float = 0.0
    rest_until: float = 0.0
    reason: str = ""
    trial_until: float = 0.0  # somebody is trying it; until then, or until the outcome, nobody else does
    may_try: bool = True


HEALTHY = Health()


def key_of(target: Target) -> str:
    """A deployment keeps its health when the configuration is read again, as long as it stays the same place."""
    return f"{target.alias}\0{target.name}\0{target.base_url}\0{target.vendor_model}"


class HealthBook:
    """Remembers failures by target. One book per project; where several processes share, `on_change` tells the others,
    `apply` takes from them what they told, and with `asks_before_trial` a trial waits for `allow_trial`."""

    def __init__(self, on_change: Callable[[Change], None] | None = None, *, asks_before_trial: bool = False) -> None:
        self._records: dict[str, _Record] = {}
        self._on_change = on_change
        self._asks_before_trial = asks_before_trial

    def of(self, target: Target, now: float) -> Health:
        if not self._records:
            return HEALTHY
        record = self._records.get(key_of(target))
        if record is None or not record.rests:
            return HEALTHY
        if record.rest_until > now:
            return Health("cooling", record.rest_until, record.reason)
        if record.trial_until > now or not record.may_try:
            return Health("cooling", max(record.trial_until, now), record.reason)
        return Health("trial", now, record.reason)

    def begin(self, target: Target, now: float) -> None:
        """A call goes out. Where the target's rest is over, this call is its trial."""
        if not self._records:
            return
        record = self._records.get(key_of(target))
        if record is not None and record.rests and record.rest_until <= now:
            record.trial_until = now + PROBE_S

    def succeeded(self, target: Target, began: float) -> None:
        """`began`: when the call went out. One that went out before the target began to rest proves nothing new."""
        if not self._records:
            return
        key = key_of(target)
        record = self._records.get(key)
        if record is None:
            return
        if not record.rests:
            record.in_a_row = record.outrun = 0
            record.outcomes.append(True)
            if all(record.outcomes):
                del self._records[key]
        elif began >= record.rest_since:
            del self._records[key]
            self._tell(Change(key, 0.0, "", 0))

    def given_up(self, target: Target, now: float) -> None:
        """A call ended without telling anything, as when its caller went away: somebody else may try."""
        record = self._records.get(key_of(target)) if self._records else None
        if record is not None and record.trial_until > now:
            record.trial_until = 0.0

    def outrun(self, target: Target, now: float) -> None:
        """Another target answered first. Once says nothing; always means that whoever asks this one waits in vain."""
        record = self._records.setdefault(key_of(target), _Record())
        record.outrun += 1
        record.trial_until = 0.0
        if record.outrun >= OUTRUN_BEFORE_REST and record.rest_until <= now:
            record.reason = "timeout"
            self._rest(key_of(target), record, now, _next_rest(record))

    def failed(
        self,
        target: Target,
        failure: CallFailed,
        now: float,
        waited_s: float = _FAIR_WAIT_S,
        *,
        began: float | None = None,
    ) -> None:
        """`waited_s`: how long the call waited before it failed; `began`: when it went out, where that is known."""
        rest = _rest_after(failure)
        counts = failure.reason in _COUNTED and not _was_impatient(failure, waited_s)
        if rest is None and not counts:
            self.given_up(target, now)
            return  # the caller's own mistake says nothing about the target
        key = key_of(target)
        record = self._records.setdefault(key, _Record())
        if record.rests and began is not None and began < record.rest_since:
            return  # it went out before the rest that others began, and tells nothing new
        record.in_a_row += 1
        record.outcomes.append(False)
        record.reason = failure.reason
        if record.rests and record.rest_until > now:
            return  # it rests already; calls that went out before, or had nowhere else to go, do not prolong it
        record.trial_until = 0.0
        if rest is None and _has_failed_enough(record):
            rest = _next_rest(record)
        if rest is not None:
            self._rest(key, record, now, rest)

    def apply(self, change: Change, now: float) -> None:
        """What another process found out."""
        if not change.rest_s:
            self._records.pop(change.key, None)
            return
        record = self._records.setdefault(change.key, _Record())
        record.rests, record.reason = max(change.rests, 1), change.reason
        record.rest_since, record.rest_until = now, max(record.rest_until, now + change.rest_s)
        record.may_try = not self._asks_before_trial

    def waiting_for_trial(self, now: float) -> list[str]:
        """The keys whose rest is over and for whom `allow_trial` has not been called."""
        return [key for key, r in self._records.items() if r.rests and r.rest_until <= now and not r.may_try]

    def allow_trial(self, key: str) -> None:
        record = self._records.get(key)
        if record is not None:
            record.may_try = True

    def _rest(self, key: str, record: _Record, now: float, rest: float) -> None:
        record.rests += 1
        record.rest_since, record.rest_until = now, now + rest
        record.outcomes.clear()
        record.outrun = 0
        record.may_try = not self._asks_before_trial
        self._tell(Change(key, rest, record.reason, record.rests))

    def _tell(self, change: Change) -> None:
        if self._on_change is not None:
            self._on_change(change)


def _has_failed_enough(record: _Record) -> bool:
    if record.rests or record.in_a_row >= FAILURES_BEFORE_REST:
        return True  # after a rest, one failed trial is enough
    outcomes = record.outcomes
    return len(outcomes) >= OUTCOMES_BEFORE_REST and 2 * outcomes.count(False) >= len(outcomes)


def _next_rest(record: _Record) -> float:
    return min(FIRST_REST_S * 2.0 ** min(record.rests, _MOST_DOUBLINGS), LONGEST_REST_S)


def _was_impatient(failure: CallFailed, waited_s: float) -> bool:
    return failure.code == "deadline_exceeded" and waited_s < _FAIR_WAIT_S


def _rest_after(failure: CallFailed) -> float | None:
    """Seconds of rest after this one failure, or None when failures are counted first."""
    if failure.reason in ("rate_limited", "overloaded") and failure.retry_after_s is not None:
        return min(failure.retry_after_s, LONGEST_REST_S)
    return _AT_ONCE.get(failure.reason)
