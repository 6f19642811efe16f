"""How limits are counted: taken together or not at all, refilled, given back, and never more than was allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.limits.builders import admitted, ask, at, limit, refused, takes, used

from madang_server.limits.book import LimitBook, Refusal, Reservation
from madang_server.limits.counters import Moment
from madang_server.limits.limit import LimitKind, window_end, window_of

RPM = limit("requests_per_minute", 60)
TPM = limit("tokens_per_minute", 6_000)
AT_ONCE = limit("concurrency", 2)
DAY = limit("usd_per_day", "1")
MONTH = limit("usd_per_month", "10")


def test_a_minute_of_requests_may_come_at_once_and_no_more() -> None:
    book = LimitBook()
    for _ in range(60):
        admitted(book, RPM)
    assert refused(book, RPM).wait_s == pytest.approx(1.0)


def test_requests_refill_evenly() -> None:
    book = LimitBook()
    for _ in range(60):
        admitted(book, RPM)
    admitted(book, RPM, now=at(1))
    assert refused(book, RPM, now=at(1)).wait_s == pytest.approx(1.0)


def test_all_limits_are_taken_together_or_none() -> None:
    book = LimitBook()
    admitted(book, AT_ONCE)
    admitted(book, AT_ONCE)
    refused(book, RPM, TPM, DAY, AT_ONCE, estimate=takes(tokens=100, usd="0.1"))
    assert [used(book, each) for each in (RPM, TPM, DAY)] == [0, 0, 0]


def test_of_several_limits_in_the_way_the_one_that_takes_longest_is_told() -> None:
    book = LimitBook()
    for _ in range(60):
        admitted(book, RPM)
    book.settle(admitted(book, DAY, estimate=takes(usd="1")), takes(usd="1"), at())
    assert refused(book, RPM, DAY).held.limit == DAY


def test_tokens_that_were_not_needed_are_free_again() -> None:
    book = LimitBook()
    call = admitted(book, TPM, estimate=takes(tokens=5_000))
    refused(book, TPM, estimate=takes(tokens=2_000))
    book.settle(call, takes(tokens=1_000), at())
    assert used(book, TPM) == 1_000


def test_tokens_beyond_the_estimate_are_a_debt_that_is_refilled_first() -> None:
    book = LimitBook()
    book.settle(admitted(book, TPM, estimate=takes(tokens=1_000)), takes(tokens=12_000), at())
    assert refused(book, TPM, estimate=takes(tokens=1)).wait_s == pytest.approx(60.01)
    admitted(book, TPM, estimate=takes(tokens=1), now=at(60.1))


def test_a_call_that_may_take_more_than_a_minutes_tokens_waits_until_all_are_there() -> None:
    book = LimitBook()
    admitted(book, TPM, estimate=takes(tokens=600))
    assert refused(book, TPM, estimate=takes(tokens=50_000)).wait_s == pytest.approx(6.0)
    admitted(book, TPM, estimate=takes(tokens=50_000), now=at(6))


def test_a_call_at_once_is_free_when_it_ends() -> None:
    book = LimitBook()
    first = admitted(book, AT_ONCE)
    admitted(book, AT_ONCE)
    assert refused(book, AT_ONCE).wait_s is None
    book.settle(first, takes(), at())
    admitted(book, AT_ONCE)


def test_a_call_that_never_took_place_gives_everything_back() -> None:
    book = LimitBook()
    book.release(admitted(book, RPM, TPM, AT_ONCE, DAY, estimate=takes(tokens=50, usd="0.5")), at())
    assert [used(book, each) for each in (RPM, TPM, AT_ONCE, DAY)] == [0, 0, 0, 0]


def test_settling_or_releasing_again_changes_nothing() -> None:
    book = LimitBook()
    admitted(book, AT_ONCE)
    call = admitted(book, AT_ONCE, DAY, estimate=takes(usd="0.2"))
    book.settle(call, takes(usd="0.1"), at())
    book.settle(call, takes(usd="0.1"), at())
    book.release(call, at())
    assert (used(book, AT_ONCE), used(book, DAY)) == (Decimal(1), Decimal("0.1"))


def test_money_that_is_held_for_calls_in_hand_is_not_spent_twice() -> None:
    book = LimitBook()
    call = admitted(book, DAY, estimate=takes(usd="0.7"))
    assert refused(book, DAY, estimate=takes(usd="0.4")).wait_s is None
    book.settle(call, takes(usd="0.1"), at())
    admitted(book, DAY, estimate=takes(usd="0.4"))


def test_a_budget_that_is_used_up_has_room_again_at_midnight() -> None:
    book = LimitBook()
    book.settle(admitted(book, DAY, estimate=takes(usd="1")), takes(usd="1"), at())
    assert refused(book, DAY).wait_s == 12 * 3600
    admitted(book, DAY, estimate=takes(usd="1"), now=at(12 * 3600))


def test_a_call_is_paid_on_the_day_on_which_it_began() -> None:
    book = LimitBook()
    late = at(12 * 3600 - 1)
    call = admitted(book, DAY, estimate=takes(usd="0.5"), now=late)
    book.settle(call, takes(usd="0.5"), at(12 * 3600 + 1))
    assert used(book, DAY, late) == Decimal("0.5")
    assert used(book, DAY, at(12 * 3600 + 1)) == 0


def test_a_call_whose_cost_nobody_can_tell_is_let_in_until_the_budget_is_used_up() -> None:
    book = LimitBook()
    book.settle(admitted(book, DAY), takes(usd="1.2"), at())
    refused(book, DAY)


@pytest.mark.parametrize(
    ("kind", "moment", "window", "end"),
    [
        ("usd_per_day", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
        ("usd_per_month", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
        ("usd_per_month", datetime(2028, 2, 29, tzinfo=UTC), "2028-02", datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
def test_money_is_counted_in_days_and_months_of_utc(
    kind: LimitKind, moment: datetime, window: str, end: datetime
) -> None:
    assert (window_of(kind, moment), window_end(kind, moment)) == (window, end)


def test_what_was_saved_by_all_gateways_counts_and_what_is_unsaved_comes_on_top() -> None:
    book = LimitBook()
    book.settle(admitted(book, DAY, estimate=takes(usd="0.1")), takes(usd="0.1"), at())
    unsaved = book.take_unsaved()
    book.settle(admitted(book, DAY, estimate=takes(usd="0.1")), takes(usd="0.2"), at())
    (place,) = unsaved.paid
    unsaved.paid[place] = Decimal("0.6")  # this gateway's 0.1, and what another had written
    book.note_saved(unsaved)
    assert used(book, DAY) == Decimal("0.8")


def test_what_could_not_be_saved_is_saved_the_next_time() -> None:
    book = LimitBook()
    book.settle(admitted(book, DAY, estimate=takes(usd="0.1")), takes(usd="0.1"), at())
    book.note_refusal(refused(book, DAY, estimate=takes(usd="5")), at())
    unsaved = book.take_unsaved()
    assert not book.take_unsaved()
    book.give_back_unsaved(unsaved)
    again = book.take_unsaved()
    assert (list(again.paid.values()), list(again.refused.values())) == ([Decimal("0.1")], [1])
    assert book.refused_today(DAY, at()) == 1


def test_a_long_debt_is_not_forgotten_with_idle_counters() -> None:
    book = LimitBook()
    book.settle(admitted(book, TPM, estimate=takes(tokens=10)), takes(tokens=60_000), at())
    book.forget_idle(at(300))
    refused(book, TPM, estimate=takes(tokens=1), now=at(300))


def test_idle_counters_are_forgotten() -> None:
    book = LimitBook()
    book.settle(admitted(book, RPM, AT_ONCE, DAY, estimate=takes(usd="0.1")), takes(usd="0.1"), at())
    book.take_unsaved()
    tomorrow = at(86_400)
    book.forget_idle(tomorrow)
    assert [book.standings(each, tomorrow) for each in (RPM, AT_ONCE, DAY)] == [[], [], []]


# What happens to a book: a call begins (its estimate), one in hand ends (which, what it took), time passes.
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.integers(0, 4_000), st.integers(0, 40)),
        st.tuples(st.just("end"), st.integers(0, 50), st.integers(0, 100)),
        st.tuples(st.just("give up"), st.integers(0, 50), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 20), st.just(0)),
    ),
    max_size=80,
)


@given(_STEPS)
@settings(max_examples=200, deadline=None)
def test_whatever_happens_no_limit_is_overdrawn_beyond_its_amount_and_one_burst(
    steps: list[tuple[str, int, int]],
) -> None:
    book = LimitBook()
    limits = (RPM, TPM, AT_ONCE, DAY)
    began = now = at()
    in_hand: list[tuple[Reservation, int, Decimal]] = []
    requests, tokens, paid = 0, 0, Decimal(0)
    for what, number, second in steps:
        if what == "wait":
            now = Moment(now.monotonic + number, now.utc + timedelta(seconds=number))
        elif what == "begin":
            usd = Decimal(second) / 100
            outcome = ask(book, *limits, estimate=takes(tokens=number, usd=str(usd)), now=now)
            if isinstance(outcome, Reservation):
                in_hand.append((outcome, number, usd))
                requests += 1
        elif in_hand:
            call, most_tokens, most_usd = in_hand.pop(number % len(in_hand))
            if what == "give up":
                book.release(call, now)
                requests -= 1
            else:  # never more than was reserved, as of a caller who limits the answer
                took = most_tokens * second // 100
                cost = most_usd * second / 100
                book.settle(call, takes(tokens=took, usd=str(cost)), now)
                tokens += took
                paid += cost
        minutes = Decimal(now.monotonic - began.monotonic) / 60
        assert len(in_hand) == used(book, AT_ONCE, now) <= AT_ONCE.amount
        assert requests <= RPM.amount * (1 + minutes) + Decimal("1e-9")
        assert tokens <= TPM.amount * (1 + minutes) + Decimal("1e-9")
        assert paid <= used(book, DAY, now) <= DAY.amount


@given(_STEPS)
@settings(max_examples=100, deadline=None)
def test_when_all_calls_have_ended_nothing_is_held(steps: list[tuple[str, int, int]]) -> None:
    book = LimitBook()
    now = at()
    calls: list[Reservation] = []
    for what, number, second in steps:
        if what == "wait":
            now = Moment(now.monotonic + number, now.utc + timedelta(seconds=number))
        elif what == "begin":
            outcome = ask(
                book, RPM, AT_ONCE, DAY, estimate=takes(tokens=number, usd=str(Decimal(second) / 100)), now=now
            )
            if isinstance(outcome, Refusal):
                continue
            calls.append(outcome)
        elif calls:
            book.settle(calls.pop(number % len(calls)), takes(tokens=second), now)
    for call in calls:
        book.release(call, now)
    assert used(book, AT_ONCE, now) == 0
    assert used(book, DAY, now) == 0
