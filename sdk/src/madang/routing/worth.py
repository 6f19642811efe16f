"""When the same target is worth asking again after a failure, and after how long. Who else may be asked: `line`."""

from random import Random

from madang.errors import CallFailed, FailureReason

# The same target may answer a moment later.
_AGAIN: frozenset[FailureReason] = frozenset(
    {"rate_limited", "overloaded", "server_error", "connection", "bad_reply", "stream_cut"}
)
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 8.0


def wait_before_retry(failure: CallFailed, retries_done: int, time_left_s: float, rng: Random) -> float | None:
    """Seconds to wait before asking the same target again, or None when that is not worth it.

    What the vendor asks for is honoured; where that is longer than the call has left, waiting is pointless. Otherwise
    the wait doubles from a quarter of a second, with full jitter, so that clients do not come back together.
    """
    if failure.reason not in _AGAIN:
        return None
    if failure.retry_after_s is not None:
        wait = failure.retry_after_s
    else:
        wait = rng.uniform(0.5, 1.0) * min(_FIRST_WAIT_S * 2 ** min(retries_done, 10), _LONGEST_WAIT_S)
    return wait if wait < time_left_s else None
