"""The cells of the matrix by name, and how each is played."""

from __future__ import annotations

from typing import Any

from tests.matrix.callers import Caller
from tests.matrix.columns import BY_NAME, COLUMNS
from tests.matrix.failures import FAILURE_BY_NAME, FAILURES, How
from tests.matrix.features import ASKED, FEATURE_BY_NAME, FEATURES
from tests.matrix.runs import Cell

from madang_simulator import RunningSimulator

FEATURE_CELLS: tuple[tuple[str, str], ...] = tuple((f.name, c.name) for f in FEATURES for c in COLUMNS)
FAILURE_CELLS: tuple[tuple[str, str, How], ...] = tuple(
    (failure.name, column.name, how) for failure in FAILURES for column in COLUMNS for how in failure.expected
)


def name_of(*parts: str) -> str:
    return " · ".join(parts)


def feature_cell(simulator: RunningSimulator, feature_name: str, column_name: str) -> Cell:
    feature, column = FEATURE_BY_NAME[feature_name], BY_NAME[column_name]
    deployment = column.deployment(simulator, feature.use)
    behaviour = {"output_tokens": [8, 16], "asks_for_key": column.secret is not None}
    return Cell(name_of(feature_name, column_name), column, deployment, behaviour, {}, feature.ask)


def failure_cell(simulator: RunningSimulator, failure_name: str, column_name: str, how: How) -> Cell:
    failure, column = FAILURE_BY_NAME[failure_name], BY_NAME[column_name]
    settings: dict[str, Any] = {}
    asks_for_key = column.secret is not None
    if failure.wrong_key:
        # Where nobody needs a key, none is given to a server that asks for one.
        if column.secret is not None:
            settings["credential"] = f"wrong-{column.credential}"
        asks_for_key = True
    faults = [failure.fault] if failure.fault else []
    behaviour = {"output_tokens": [12, 16], "asks_for_key": asks_for_key, "faults": faults, **failure.behaviour}

    def ask(caller: Caller, model: str) -> dict[str, Any]:
        send = caller.streamed if how == "streamed" else caller.chat
        return send(model=model, messages=ASKED, **failure.body)

    deployment = column.deployment(simulator, **settings)
    return Cell(name_of(failure_name, column_name, how), column, deployment, behaviour, failure.limits, ask)
