"""Every class of failure with every vendor: what callers are told is in one table, and the same by both ways."""

from __future__ import annotations

import json

import pytest
from tests.matrix.callers import WAYS
from tests.matrix.cells import FAILURE_CELLS, name_of
from tests.matrix.columns import BY_NAME, COLUMNS
from tests.matrix.failures import FAILURE_BY_NAME, Answered, How, Told
from tests.matrix.runs import Played, same_words, shape_of
from tests.support.running_platform import Platform

pytestmark = pytest.mark.xdist_group("platform")
FailureCell = tuple[str, str, How]


def _id(cell: FailureCell) -> str:
    return name_of(*cell)


every_cell = pytest.mark.parametrize("failure_cell", FAILURE_CELLS, ids=_id)

# Google names no request in a header.
_WITHOUT_IDS = frozenset({"gemini", "vertex"})
# What LiteLLM says where it could not read the vendor's answer, and so has neither words nor an id.
_UNREAD = frozenset({("error in 200", "litellm")})


@every_cell
def test_a_failure_is_told_as_the_table_says(played: Played, failure_cell: FailureCell) -> None:
    name, column, how = failure_cell
    expected = FAILURE_BY_NAME[name].expected_of(BY_NAME[column], how)
    for way in WAYS:
        outcome = played[name_of(*failure_cell)][way]
        if isinstance(expected, Answered):
            assert outcome.failure is None, outcome.failure
            assert outcome.answer is not None
            assert outcome.answer["choices"][0]["finish_reason"] == expected.finish
            continue
        failure = outcome.failure
        assert failure is not None, outcome.answer
        assert Told(outcome.root["error_type"], failure.status, failure.code) == expected, failure
        assert failure.message and "<html" not in failure.message and "Traceback" not in failure.message
        assert (expected.status is None) == bool(failure.text), "only a stream that had begun has no status"


@pytest.mark.parametrize("failure_cell", [cell for cell in FAILURE_CELLS if cell[0] == "throttled"], ids=_id)
def test_the_wait_that_a_vendor_asks_for_reaches_the_caller(played: Played, failure_cell: FailureCell) -> None:
    for way in WAYS:
        failure = played[name_of(*failure_cell)][way].failure
        assert failure is not None and failure.retry_after_s == 7


@every_cell
def test_both_ways_tell_the_same(played: Played, failure_cell: FailureCell) -> None:
    direct, gateway = (played[name_of(*failure_cell)][way] for way in WAYS)
    if direct.failure is not None and gateway.failure is not None:
        assert direct.failure[:2] == gateway.failure[:2]
        assert same_words(direct.failure.message) == same_words(gateway.failure.message)
        # How far an endless stream came before its time was over is chance.
        assert bool(direct.failure.text) == bool(gateway.failure.text)
    if failure_cell[0] != "endless":
        assert shape_of(direct) == shape_of(gateway)


@every_cell
def test_the_vendor_is_asked_once_and_the_trace_shows_it(played: Played, failure_cell: FailureCell) -> None:
    expected = FAILURE_BY_NAME[failure_cell[0]].expected_of(BY_NAME[failure_cell[1]], failure_cell[2])
    for way in WAYS:
        outcome = played[name_of(*failure_cell)][way]
        (attempt,) = outcome.attempts
        # A service account that gets no token never gets as far as the model.
        refused_before = failure_cell[:2] == ("wrong key", "vertex")
        assert len(outcome.requests) == (0 if refused_before else 1)
        if not isinstance(expected, Answered):
            assert (attempt["status"], attempt["error_type"]) == ("error", expected.reason)
            assert attempt["status_message"] and outcome.root["status_message"]


@every_cell
def test_the_vendor_s_own_words_and_request_id_are_kept(played: Played, failure_cell: FailureCell) -> None:
    name, column_name, _ = failure_cell
    failure_class, column = FAILURE_BY_NAME[name], BY_NAME[column_name]
    for way in WAYS:
        outcome = played[name_of(*failure_cell)][way]
        if not failure_class.words or outcome.failure is None or (name, column.vendor) in _UNREAD:
            continue
        assert "without an explanation" not in outcome.failure.message
        assert outcome.attempts[0]["status_message"] in outcome.failure.message
        if column.vendor not in _WITHOUT_IDS:
            assert outcome.attempts[0]["attributes"]["madang.attempt.request_id"]


def test_no_key_is_in_any_answer_trace_or_log(played: Played, platform: Platform) -> None:
    secrets = [secret for column in COLUMNS for secret in (column.secret, column.wrong_secret) if secret]
    secrets += ["simulated+secret+access+key", "wrong-secret-access-key", "PRIVATE KEY", "ya29."]
    told = json.dumps([[outcome.failure, outcome.traces] for both in played.values() for outcome in both.values()])
    logs = "".join(path.read_text() for path in (platform.home / "logs").iterdir())
    for secret in set(secrets) - {"service account"}:
        assert secret not in told + logs
