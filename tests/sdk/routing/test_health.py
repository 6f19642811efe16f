"""The health book: who rests after which failure, for how long, and that a rest is never for ever."""

import pytest
from tests.sdk.request_builder import target

from madang.errors import FAILURE_REASONS, CallFailed, FailureReason
from madang.routing.health import (
    FAILURES_BEFORE_REST,
    FIRST_REST_S,
    LONGEST_REST_S,
    OUTCOMES_BEFORE_REST,
    OUTRUN_BEFORE_REST,
    PROBE_S,
    Change,
    HealthBook,
)

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


def rests_of(failures: int) -> list[float]:
    """The rests of a target that fails every trial, each made as soon as the rest before it is over."""
    book, now, rests = HealthBook(), NOW, []
    for _ in range(FAILURES_BEFORE_REST - 1):
        book.failed(EAST, failed("connection"), now)
    for _ in range(failures):
        book.begin(EAST, now)
        book.failed(EAST, failed("connection"), now)
        rests.append(book.of(EAST, now).until - now)
        now = book.of(EAST, now).until
    return rests


def test_the_rest_doubles_up_to_a_minute() -> None:
    assert rests_of(6) == [5, 10, 20, 40, 60, 60]


def test_an_outage_of_thousands_of_failures_still_gives_a_rest_of_a_minute() -> None:
    assert rests_of(3000)[-1] == LONGEST_REST_S


def test_failures_of_calls_that_went_out_before_do_not_prolong_the_rest() -> None:
    assert rest_after(*[failed("server_error")] * 9) == FIRST_REST_S


def test_a_target_that_fails_every_other_call_rests_within_ten_calls() -> None:
    book = HealthBook()
    for number in range(OUTCOMES_BEFORE_REST):
        if number % 2:
            book.succeeded(EAST, NOW)
        else:
            book.failed(EAST, failed("server_error"), NOW)
    book.failed(EAST, failed("server_error"), NOW)
    assert book.of(EAST, NOW).state == "cooling"


def test_after_the_rest_one_call_tries_and_the_others_stay_away() -> None:
    book = HealthBook()
    book.failed(EAST, failed("rate_limited", 2.0), NOW)
    assert book.of(EAST, NOW + 1.9).state == "cooling"
    assert book.of(EAST, NOW + 2.0).state == "trial"
    book.begin(EAST, NOW + 2.0)
    assert book.of(EAST, NOW + 2.1).state == "cooling", "somebody is trying it"


def test_a_trial_that_succeeds_brings_it_back_and_one_that_fails_sends_it_to_rest_again() -> None:
    for outcome, state in (("ok", "healthy"), ("failed", "cooling")):
        book = HealthBook()
        book.failed(EAST, failed("rate_limited", 2.0), NOW)
        book.begin(EAST, NOW + 2)
        if outcome == "ok":
            book.succeeded(EAST, NOW + 2)
        else:
            book.failed(EAST, failed("server_error"), NOW + 3)
        assert book.of(EAST, NOW + 3).state == state


def test_a_trial_whose_caller_went_away_leaves_the_place_to_the_next() -> None:
    book = HealthBook()
    book.failed(EAST, failed("rate_limited", 2.0), NOW)
    book.begin(EAST, NOW + 2)
    book.given_up(EAST, NOW + 3)
    assert book.of(EAST, NOW + 3).state == "trial"


def test_a_trial_that_never_ends_does_not_keep_others_away_for_ever() -> None:
    book = HealthBook()
    book.failed(EAST, failed("rate_limited", 2.0), NOW)
    book.begin(EAST, NOW + 2)
    assert book.of(EAST, NOW + 2 + PROBE_S).state == "trial"


def test_a_success_of_a_call_from_before_the_outage_proves_nothing() -> None:
    book = HealthBook()
    for _ in range(FAILURES_BEFORE_REST):
        book.failed(EAST, failed("connection"), NOW)
    book.succeeded(EAST, began=NOW - 5)
    assert book.of(EAST, NOW).state == "cooling"
    book.succeeded(EAST, began=NOW + 1)
    assert book.of(EAST, NOW + 1).state == "healthy", "a call that had nowhere else to go was answered"


def test_a_caller_who_gives_up_early_does_not_hold_it_against_the_target() -> None:
    impatient = CallFailed("m", reason="timeout", status=504, code="deadline_exceeded")
    book = HealthBook()
    for _ in range(20):
        book.failed(EAST, impatient, NOW, waited_s=0.5)
    assert book.of(EAST, NOW).state == "healthy"
    for _ in range(FAILURES_BEFORE_REST):
        book.failed(EAST, impatient, NOW, waited_s=60.0)
    assert book.of(EAST, NOW).state == "cooling"


def test_what_one_process_finds_out_another_applies() -> None:
    told: list[Change] = []
    first, second = HealthBook(told.append), HealthBook()
    first.failed(EAST, failed("rate_limited", 20.0), NOW)
    second.apply(told[0], NOW)
    assert second.of(EAST, NOW + 19).state == "cooling"
    first.begin(EAST, NOW + 20)
    first.succeeded(EAST, NOW + 20)
    second.apply(told[1], NOW + 21)
    assert second.of(EAST, NOW + 21).state == "healthy"


def test_where_trials_are_shared_a_target_waits_until_its_trial_is_allowed() -> None:
    book = HealthBook(asks_before_trial=True)
    book.failed(EAST, failed("rate_limited", 2.0), NOW)
    assert book.of(EAST, NOW + 3).state == "cooling"
    (waiting,) = book.waiting_for_trial(NOW + 3)
    book.allow_trial(waiting)
    assert book.of(EAST, NOW + 3).state == "trial"


def test_one_success_forgets_the_failures_before_it() -> None:
    book = HealthBook()
    for _ in range(2):
        book.failed(EAST, failed("server_error"), NOW)
    book.succeeded(EAST, NOW)
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


def test_a_failure_of_a_call_from_before_the_rest_neither_prolongs_it_nor_ends_a_trial() -> None:
    book = HealthBook()
    for _ in range(FAILURES_BEFORE_REST):
        book.failed(EAST, failed("connection"), NOW, began=NOW)
    book.begin(EAST, NOW + 6)
    book.failed(EAST, failed("timeout"), NOW + 7, 30.0, began=NOW - 23)
    assert book.of(EAST, NOW + 7).until == NOW + 6 + PROBE_S, "the trial goes on"
    book.succeeded(EAST, NOW + 6)
    assert book.of(EAST, NOW + 7).state == "healthy"


def test_a_target_that_others_outrun_now_and_then_is_healthy() -> None:
    book = HealthBook()
    for _ in range(50):
        for _ in range(OUTRUN_BEFORE_REST - 1):
            book.outrun(EAST, NOW)
        book.succeeded(EAST, NOW)
    assert book.of(EAST, NOW).state == "healthy"
    for _ in range(OUTRUN_BEFORE_REST):
        book.outrun(EAST, NOW)
    assert book.of(EAST, NOW).until == NOW + FIRST_REST_S


def test_a_trial_that_was_outrun_leaves_the_place_to_the_next() -> None:
    book = HealthBook()
    book.failed(EAST, failed("rate_limited", 2.0), NOW)
    book.begin(EAST, NOW + 2)
    book.outrun(EAST, NOW + 3)
    assert book.of(EAST, NOW + 3).state == "trial"
