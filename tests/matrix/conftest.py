"""Plays the cells of all tests that are to run, once and side by side, before the first of them looks."""

from __future__ import annotations

from typing import Any

import pytest
from tests.matrix.cells import failure_cell, feature_cell, name_of
from tests.matrix.runs import Played, play
from tests.support.running_platform import Platform


@pytest.fixture(scope="session")
def played(request: pytest.FixtureRequest, platform: Platform) -> Played:
    cells = {}
    for item in request.session.items:
        given: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
        feature, failure = given.get("feature_cell"), given.get("failure_cell")
        if feature is not None:
            cells[name_of(*feature)] = feature_cell(platform.simulator, *feature)
        if failure is not None:
            cells[name_of(*failure)] = failure_cell(platform.simulator, *failure)
    return play(platform, list(cells.values()))
