"""The health book: who rests after which failure, for how long, and that a rest is never for ever."""

import pytest
from tests.sdk.request_builder import target

from madang.errors import FAILURE_REASONS, CallFailed, FailureReason
from madang.routing.health import FAILURES_BEFORE_REST, FIRST_REST_S, LONGEST_REST_S, HealthBook

EAST = target("east")
NOW = 1000.0


def failed(reason: FailureReason, retry_after_s: float | None = None) -> CallFailed:
    return CallFailed("m", reason=reason, status=500, retry_after_s=retry_after_s)


def rest_after(*failures: CallFailed) -> float:
    """Seconds that the target rests after these failures at the same moment; 0 when it does not."""
    book = HealthBook()
    for failure in failures:
        book.failed(EAST, failure, NOW)
    health = book.of(EAST, NOW)
    return health.until - NOW if health.state == "cooling" else 0.0


@pytest.mark.parametrize("reason", ["quota_exhausted", "authentication", "permission", "not_found"])
def test_a_target_that_cannot_work_rests_for_a_minute_at_once(reason: FailureReason) -> None:
    assert rest_after(failed(reason)) == 60


@pytest.mark.parametrize("reason", ["overloaded", "server_error", "connection", "timeout", "stream_cut", "bad_reply"])
def test_a_failing_target_rests_after_three_failures_in_a_row(reason: FailureReason) -> None:
    assert rest_after(*[failed(reason)] * (FAILURES_BEFORE_REST - 1)) == 0
    assert rest_after(*[failed(reason)] * FAILURES_BEFORE_REST) == FIRST_REST_S


@pytest.mark.parametrize("reason", ["invalid_request", "context_overflow", "content_filter", "cancelled", "no_target"])
def test_the_callers_own_mistake_says_nothing_about_a_target(reason: FailureReason) -> None:
    assert rest_after(*[failed(reason)] * 10) == 0


def test_a_throttled_target_rests_as_long_as_it_asked_but_at_most_a_minute() -> None:
    assert rest_after(failed("rate_limited")) == 5
    assert rest_after(failed("rate_limited", 20.0)) == 20
    assert rest_after(failed("overloaded", 0.5)) == 0.5
    assert rest_after(failed("rate_limited", 3600.0)) == LONGEST_REST_S


def test_the_rest_doubles_up_to_a_minute() -> None:
    rests = [rest_after(*[failed("server_error")] * count) for count in range(3, 9)]
    assert rests == [5, 10, 20, 40, 60, 60]


def test_an_outage_of_thousands_of_failures_still_gives_a_rest_of_a_minute() -> None:
    assert rest_after(*[failed("connection")] * 3000) == LONGEST_REST_S


def test_a_rest_ends_by_itself() -> None:
    book = HealthBook()
    book.failed(EAST, failed("rate_limited", 2.0), NOW)
    assert book.of(EAST, NOW + 1.9).state == "cooling"
    assert book.of(EAST, NOW + 2.0).state == "healthy"


def test_one_success_forgets_the_failures_before_it() -> None:
    book = HealthBook()
    for _ in range(2):
        book.failed(EAST, failed("server_error"), NOW)
    book.succeeded(EAST)
    book.failed(EAST, failed("server_error"), NOW)
    assert book.of(EAST, NOW).state == "healthy"


def test_the_reason_of_a_rest_is_the_last_failure() -> None:
    book = HealthBook()
    book.failed(EAST, failed("rate_limited"), NOW)
    assert book.of(EAST, NOW).reason == "rate_limited"


def test_each_place_has_a_health_of_its_own() -> None:
    book = HealthBook()
    book.failed(EAST, failed("authentication"), NOW)
    assert book.of(target("west"), NOW).state == "healthy"
    assert book.of(target("east", base_url="https://elsewhere"), NOW).state == "healthy"
    assert book.of(target("east", weight=7.0), NOW).state == "cooling", "a new weight is no new place"


def test_every_reason_has_been_thought_about() -> None:
    """A failure of a target either rests it at once or is counted; all others are the caller's."""
    about_target = {reason for reason in FAILURE_REASONS if rest_after(*[failed(reason)] * FAILURES_BEFORE_REST)}
    assert set(FAILURE_REASONS) - about_target == {
        "invalid_request",
        "context_overflow",
        "content_filter",
        "cancelled",
        "no_target",
    }
