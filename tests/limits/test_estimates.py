"""What a call is expected to consume before it is made, and which refused calls leave a trace."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.sdk.request_builder import request, route, target

from madang.calls.operation import Operation
from madang.calls.request import Attempt
from madang.calls.target import Price
from madang.calls.usage import Cost, Usage
from madang_server.gateway.limits_estimate import UNKNOWN_ANSWER, AnswerSizes, consumed, estimate
from madang_server.gateway.limits_refusals import RefusalTraces
from madang_server.limits.book import Consumed

PRICED = target(price=Price(input=Decimal(1), output=Decimal(2), per_image=Decimal("0.04")))
USUAL = 300


def expected(operation: Operation = "chat", **body: Any) -> Consumed:
    return estimate(request(route(PRICED), operation=operation, body=body), USUAL)


def test_a_chat_may_take_its_prompt_and_what_answers_usually_take() -> None:
    assert expected(messages=[{"role": "user", "content": "x" * 440}]) == Consumed(400, Decimal("0.0007"))


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
def test_the_callers_limit_of_the_answer_counts_in_place_of_the_usual(name: str) -> None:
    asked = request(route(PRICED), body={"messages": "", name: 50})
    assert estimate(asked, USUAL).tokens == 50


def test_several_answers_take_so_many_times_as_much() -> None:
    assert expected(messages="", max_tokens=50, n=4).tokens == 200


def test_no_answer_is_longer_than_its_model_can_write() -> None:
    short = target(max_output_tokens=1_000)
    assert estimate(request(route(short), body={"messages": "", "max_tokens": 10**30}), USUAL).tokens == 1_000


@pytest.mark.parametrize("nonsense", ["many", -5, 0, True, None, 2.5, [7], {"a": 1}])
def test_a_limit_that_is_none_is_left_to_the_vendor_to_refuse(nonsense: Any) -> None:
    assert expected(messages="", max_tokens=nonsense).tokens == USUAL
    assert expected(messages="", n=nonsense).tokens == USUAL


@pytest.mark.parametrize(
    ("given", "tokens"),
    [
        ("x" * 44, 10),
        (["x" * 44, "y" * 88], 30),
        ([1, 2, 3], 3),
        ([[1, 2], [3, 4, 5]], 5),
        ([], 0),
        (None, 0),
        ([{}], 0),
    ],
)
def test_embeddings_take_the_tokens_of_their_input(given: Any, tokens: int) -> None:
    assert expected("embeddings", input=given).tokens == tokens


def test_images_cost_by_the_piece() -> None:
    assert expected("images", prompt="A stair", n=3).usd == Decimal("0.12")


def test_what_has_no_price_is_expected_to_cost_nothing() -> None:
    assert estimate(request(route(target()), body={"messages": ""}), USUAL).usd == 0


def test_the_usual_answer_is_one_that_few_exceed() -> None:
    sizes = AnswerSizes()
    asked = request()
    assert sizes.usual(asked, 0.0) == UNKNOWN_ANSWER
    for tokens in (*range(100, 200), 9_000):
        sizes.note(asked, tokens, 0.0)
    assert 170 <= sizes.usual(asked, 0.0) <= 240


def test_what_answers_took_an_hour_ago_is_forgotten() -> None:
    sizes = AnswerSizes()
    for _ in range(50):
        sizes.note(request(), 50, 0.0)
    assert sizes.usual(request(), 3_600.0) == UNKNOWN_ANSWER


def test_a_call_consumed_what_all_its_attempts_did() -> None:
    call = request()
    for tokens, usd in ((10, "0.1"), (20, "0.2")):
        paid = Cost(Decimal(usd), {})
        usage = Usage(input_tokens=tokens, output_tokens=1)
        call.journal.attempts.append(Attempt("s", PRICED, "", 0, usage=usage, cost=paid))
    assert consumed(call, Consumed(999, Decimal(9)), is_answered=True) == Consumed(32, Decimal("0.3"))


@pytest.mark.parametrize(("is_answered", "tokens"), [(True, 999), (False, 0)])
def test_an_answer_that_nobody_counted_counts_as_expected_and_a_failure_as_nothing(
    is_answered: bool, tokens: int
) -> None:
    call = request()
    call.journal.attempts.append(Attempt("s", PRICED, "", 0))
    assert consumed(call, Consumed(999, Decimal(9)), is_answered=is_answered).tokens == tokens


def test_of_refused_calls_two_a_second_are_traced_and_tell_of_the_others() -> None:
    traces = RefusalTraces()
    told = [traces.next_one(("prj", "lim", "ann"), 0.0) for _ in range(10)]
    assert told == [0, 0, *[None] * 8]
    assert traces.next_one(("prj", "lim", "ann"), 1.0) == 8


def test_many_subjects_of_a_project_leave_ten_traces_a_second_together() -> None:
    traces = RefusalTraces()
    told = [traces.next_one(("prj", "lim", str(user)), 0.0) for user in range(100)]
    assert len([one for one in told if one is not None]) == 10
    assert traces.next_one(("other", "lim", "1"), 0.0) == 0
