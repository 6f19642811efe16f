"""Every feature with every vendor: in this process and through the Gateway the same answer and the same trace."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.matrix.callers import WAYS
from tests.matrix.cells import FEATURE_CELLS, name_of
from tests.matrix.columns import BY_NAME
from tests.matrix.features import FEATURE_BY_NAME
from tests.matrix.runs import Outcome, Played, same_answer, shape_of
from tests.matrix.support import missing

pytestmark = pytest.mark.xdist_group("platform")
every_cell = pytest.mark.parametrize("feature_cell", FEATURE_CELLS, ids=lambda cell: name_of(*cell))

# Google names no request in a header, and what is not asked for has no vendor's id.
_WITHOUT_IDS = frozenset({"gemini", "vertex"})
# The second request holds the first answer's own ids, which are as long as chance would have them.
_WITH_IDS = frozenset({"tools", "tools streamed"})
# What is sound, a picture or a vector is not told in tokens by every vendor.
_CHATS = frozenset(
    {"chat", "stream", "tools", "tools streamed", "image", "pdf", "audio"}
    | {"structured output", "reasoning", "caching", "logprobs"}
)


@every_cell
def test_a_vendor_answers_or_says_that_it_cannot(played: Played, feature_cell: tuple[str, str]) -> None:
    feature, column = FEATURE_BY_NAME[feature_cell[0]], BY_NAME[feature_cell[1]]
    lack = missing(feature.name, column)
    for way in WAYS:
        outcome = played[name_of(*feature_cell)][way]
        if lack is not None and lack.code:
            assert outcome.failure is not None, outcome.answer
            assert (outcome.failure.status, outcome.failure.code) == (lack.status, lack.code), outcome.failure
            assert outcome.requests == [], "nobody was asked"
            continue
        assert outcome.failure is None, outcome.failure
        assert outcome.answer is not None
        if lack is None:
            feature.check(outcome.answer)
        else:
            with pytest.raises((AssertionError, KeyError)):
                feature.check(outcome.answer)


@every_cell
def test_both_ways_give_the_same_answer(played: Played, feature_cell: tuple[str, str]) -> None:
    direct, gateway = (played[name_of(*feature_cell)][way] for way in WAYS)
    assert direct.failure is None or gateway.failure is not None
    if feature_cell[0] in _WITH_IDS:
        assert _without_counts(same_answer(direct.answer)) == _without_counts(same_answer(gateway.answer))
    else:
        assert same_answer(direct.answer) == same_answer(gateway.answer)
        assert [each["body"] for each in direct.requests] == [each["body"] for each in gateway.requests]


@every_cell
def test_both_ways_leave_the_same_trace(played: Played, feature_cell: tuple[str, str]) -> None:
    direct, gateway = (shape_of(played[name_of(*feature_cell)][way]) for way in WAYS)
    if feature_cell[0] in _WITH_IDS:
        direct, gateway = _without_counts(direct), _without_counts(gateway)
    assert direct == gateway
    assert direct and all(direct)


@every_cell
def test_the_trace_tells_tokens_cost_and_the_vendor_s_request(played: Played, feature_cell: tuple[str, str]) -> None:
    column = BY_NAME[feature_cell[1]]
    for way in WAYS:
        outcome = played[name_of(*feature_cell)][way]
        if outcome.failure is not None:
            assert outcome.root["status"] == "error" and outcome.root["status_message"]
            continue
        assert (outcome.root["provider"], outcome.root["status"]) == (column.vendor, "ok")
        if feature_cell[0] in _CHATS:
            _check_counts(outcome)
        (attempt,) = outcome.attempts
        if column.vendor not in _WITHOUT_IDS and not (column.vendor == "litellm" and feature_cell[0] == "speech"):
            assert attempt["attributes"]["madang.attempt.request_id"]


def _check_counts(outcome: Outcome) -> None:
    assert outcome.answer is not None
    usage = outcome.answer.get("told", outcome.answer)["usage"]
    root = outcome.root
    assert (root["input_tokens"], root["output_tokens"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    details = usage.get("prompt_tokens_details") or {}
    cached = Decimal(details.get("cached_tokens") or 0)
    if not details.get("cache_write_tokens") and not details.get("audio_tokens"):  # which have prices of their own
        paid = (Decimal(root["input_tokens"]) - cached + cached / 2 + 2 * Decimal(root["output_tokens"])) / 1_000_000
        assert Decimal(str(root["cost_usd"])) == pytest.approx(paid, abs=Decimal("1e-9"))


def _without_counts(value: Any) -> Any:
    """Without what depends on the ids of an earlier answer: tokens, their price, and the ids themselves."""
    if isinstance(value, dict):
        return {
            name: _without_counts(inner)
            for name, inner in value.items()
            if "token" not in name and "cost" not in name and name not in ("usage", "tool_call_id")
        }
    if isinstance(value, list):
        return [_without_counts(each) for each in value]
    return value
