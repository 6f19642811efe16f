"""What the calls of a drill come to, minute by minute."""

from decimal import Decimal
from typing import Any

import pytest

from madang.calls.span import Span
from madang_server.drill.ledger import Ledger, percentile

START_US = 1_000_000_000


def kept(*calls: dict[str, Any]) -> Ledger:
    """A ledger of these calls: `at_s` and `took_ms`, and fields of their root span."""
    ledger = Ledger(START_US)
    for call in calls:
        begin = START_US + round(call.pop("at_s") * 1e6)
        end = begin + call.pop("took_ms", 1000) * 1000
        fields: dict[str, Any] = {
            "status": "ok",
            "deployment": "east",
            "attempts": 1,
            "cost_usd": Decimal("0.01"),
        } | call
        ledger.keep("drill", [Span(trace_id="0" * 32, span_id="0" * 16, start_us=begin, end_us=end, **fields)])
    return ledger


def test_a_call_counts_in_the_minute_in_which_it_began() -> None:
    first, second = kept({"at_s": 59.9, "took_ms": 30_000}, {"at_s": 60}).minutes()
    assert (first["minute"], first["calls"], second["minute"], second["calls"]) == (0, 1, 1, 1)


def test_calls_that_fail_count_by_their_reason_and_have_no_latency_and_no_deployment() -> None:
    [minute] = kept(
        {"at_s": 1, "status": "error", "error_type": "timeout", "took_ms": 60_000, "cost_usd": None},
        {"at_s": 2, "took_ms": 500},
    ).minutes()
    assert (minute["calls"], minute["answered"], minute["success_rate"]) == (2, 1, 0.5)
    assert (minute["failures"], minute["by_deployment"], minute["p99_ms"]) == ({"timeout": 1}, {"east": 1}, 500)
    assert minute["calls_without_price"] == 0


def test_an_answer_of_unknown_cost_is_counted_apart_and_adds_nothing() -> None:
    [minute] = kept({"at_s": 1, "cost_usd": None}, {"at_s": 2, "cost_usd": Decimal("0.0000001")}).minutes()
    assert (minute["cost_usd"], minute["calls_without_price"]) == ("0.0000001", 1)


def test_a_minute_without_answers_has_no_latency_rather_than_none_at_all() -> None:
    [minute] = kept({"at_s": 1, "status": "error", "error_type": "connection"}).minutes()
    assert (minute["p50_ms"], minute["first_token_p95_ms"]) == (None, None)


def test_the_total_is_over_all_calls_and_not_over_minutes() -> None:
    calls = [{"at_s": 1, "took_ms": 100}] + [{"at_s": 61 + n, "took_ms": 1000} for n in range(9)]
    total = kept(*calls).total()
    assert (total["calls"], total["p50_ms"], total["cost_usd"]) == (10, 1000, "0.10")
    assert "minute" not in total


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99)])
def test_a_percentile_is_the_nearest_rank(share: float, value: int) -> None:
    assert percentile(list(range(1, 101)), share) == value


def test_a_percentile_of_one_value_is_that_value_and_of_none_unknown() -> None:
    assert (percentile([7.0], 0.99), percentile([], 0.99)) == (7.0, None)
