"""A drill in a process of its own: what goes in, and the lines that come out."""

import json
import subprocess
import sys
from typing import Any

from tests.sdk.routing.test_document import described_model, described_target


def ran(**scenario: Any) -> tuple[int, list[dict[str, Any]]]:
    models = [described_model("chat", described_target("east"), described_target("west"))]
    asked = {"scenario": {"model": "chat", "minutes": 2, "per_second": 2} | scenario, "models": models, "paces": {}}
    process = subprocess.run(
        [sys.executable, "-m", "madang_server.drill"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return process.returncode, [json.loads(line) for line in process.stdout.splitlines()]


def test_minutes_come_as_they_pass_and_the_report_last() -> None:
    code, lines = ran(disturbances=[{"kind": "down", "deployment": "east", "from_minute": 1, "to_minute": 2}])
    assert code == 0
    assert [len(line["minutes"]) for line in lines[:-1]] == [1, 2]
    assert lines[-1]["report"]["total"]["calls"] == 240
    assert lines[-1]["report"]["noticed"][0]["deployment"] == "east"


def test_a_scenario_that_cannot_be_played_is_a_problem_in_words() -> None:
    code, lines = ran(model="gpt-5")
    assert (code, lines) == (1, [{"problem": "Model 'gpt-5' is not set up in this project."}])
