"""What is worth another try after which failure, and how long to wait before it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.calls.policy import CLASS_OF
from madang.errors import FAILURE_REASONS, CallFailed, FailureReason
from madang.routing.worth import wait_before_retry

# reason: (another target may answer, the same target may answer a moment later)
TABLE: dict[FailureReason, tuple[bool, bool]] = {
    "invalid_request": (False, False),
    "context_overflow": (True, False),
    "content_filter": (True, False),
    "authentication": (True, False),
    "permission": (True, False),
    "not_found": (True, False),
    "rate_limited": (True, True),
    "quota_exhausted": (True, False),
    "overloaded": (True, True),
    "server_error": (True, True),
    "connection": (True, True),
    "timeout": (True, False),
    "stream_cut": (True, True),
    "bad_reply": (True, True),
    "no_target": (False, False),
    "cancelled": (False, False),
}


def failed(reason: FailureReason, retry_after_s: float | None = None) -> CallFailed:
    return CallFailed("m", reason=reason, status=500, retry_after_s=retry_after_s)


def wait(failure: CallFailed, retries_done: int = 0, time_left_s: float = 600.0) -> float | None:
    return wait_before_retry(failure, retries_done, time_left_s, Random(1))


def test_the_table_names_every_reason() -> None:
    assert set(TABLE) == set(FAILURE_REASONS)


@pytest.mark.parametrize("reason", FAILURE_REASONS)
def test_what_is_worth_trying_after_a_failure(reason: FailureReason) -> None:
    elsewhere, again = TABLE[reason]
    assert (reason in CLASS_OF) is elsewhere
    assert (wait(failed(reason)) is not None) is again


@given(st.integers(0, 3000), st.integers())
def test_the_wait_doubles_with_jitter_up_to_eight_seconds(retries_done: int, seed: int) -> None:
    waited = wait_before_retry(failed("server_error"), retries_done, 600.0, Random(seed))
    longest = min(0.25 * 2 ** min(retries_done, 5), 8.0)
    assert waited is not None
    assert longest / 2 <= waited <= longest


def test_the_vendors_wish_is_honoured() -> None:
    assert wait(failed("rate_limited", 12.5)) == 12.5


def test_a_wait_that_would_outlast_the_call_is_not_begun() -> None:
    assert wait(failed("rate_limited", 12.5), time_left_s=12.5) is None
    assert wait(failed("server_error"), time_left_s=0.1) is None
