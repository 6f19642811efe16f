"""`madang drill MODEL`: a rehearsal at the terminal, with the routing of a running platform."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.support.running_platform import Platform

SHORT = ("--minutes", "3", "--rate", "5")
OUTAGE = "down,region=eastus,from=1,to=2"


@pytest.fixture(scope="module")
def model(platform: Platform) -> str:
    return platform.model(
        platform.deployment(region="eastus") | {"name": "east"},
        platform.deployment(region="westus") | {"name": "west"},
        alias="chat-to-drill",
    )


@pytest.fixture
def at_platform(platform: Platform) -> dict[str, str]:
    return {"MADANG_BASE_URL": platform.url, "MADANG_API_KEY": platform.key}


def test_an_outage_of_one_region_is_told_minute_by_minute_and_in_a_sentence(
    madang: Command, at_platform: dict[str, str], model: str
) -> None:
    ran = madang("drill", model, *SHORT, "--disturb", OUTAGE, **at_platform)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["minute", "0", "1", "2", "all"]
    assert "east" not in lines[2] and "west 300" in lines[2]
    assert "east: down, out of the way after" in ran.out
    assert "Callers saw no error." in ran.out
    assert "requests to vendors for 900 calls." in lines[-1]


def test_errors_are_told_by_their_reason(madang: Command, at_platform: dict[str, str], model: str) -> None:
    ran = madang("drill", model, *SHORT, "--disturb", "down,from=1,to=2", **at_platform)
    assert ran.code == 0
    assert "Callers saw" in ran.out and "connection." in ran.out


def test_the_report_as_json_is_the_same_for_the_same_seed(
    madang: Command, at_platform: dict[str, str], model: str
) -> None:
    asked = ("drill", model, "--minutes", "1", "--rate", "2", "--json", "--seed")
    first, again, other = (madang(*asked, seed, **at_platform).out for seed in ("7", "7", "8"))
    assert json.loads(first)["total"]["calls"] == 120
    assert first == again != other


def test_a_whole_scenario_comes_from_a_file_and_options_go_over_it(
    madang: Command, at_platform: dict[str, str], model: str, tmp_path: Path
) -> None:
    path = tmp_path / "outage.yaml"
    path.write_text(
        f"model: {model}\nminutes: 3\nper_second: 5\n"
        "disturbances:\n  - {kind: blocks, vendor: openai, share: 0.5, from_minute: 1, to_minute: 2}\n"
    )
    told = json.loads(madang("drill", "--scenario", str(path), "--rate", "2", "--json", **at_platform).out)
    assert told["total"]["calls"] == 360
    assert {each["kind"] for each in told["noticed"]} == {"blocks"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "Name the model"),
        (("chat-to-drill", "--disturb", "fire"), "'kind' must be one of down"),
        (("chat-to-drill", "--disturb", "down,where=here"), "'where' is not known"),
        (("chat-to-drill", "--disturb", "down,share=all"), "'share' must be a number from 0 to 1"),
        (("chat-to-drill", "--disturb", "down,region=mars"), "east (openai in eastus)"),
        (("chat-to-drill", "--minutes", "2", "--disturb", "down"), "the drill ends at 2"),
        (("chat-to-drill", "--minutes", "60", "--rate", "200"), "up to 60,000"),
        (("no-such-model",), "'no-such-model'"),
        (("--scenario", "/nowhere/plan.yaml"), "/nowhere/plan.yaml cannot be read"),
    ],
)
def test_what_cannot_be_played_is_said_with_what_would_be_right(
    madang: Command, at_platform: dict[str, str], model: str, options: tuple[str, ...], words: str
) -> None:
    ran = madang("drill", *options, **at_platform)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("madang drill: ")
    assert words in ran.err


def test_a_drill_leaves_no_traces(madang: Command, at_platform: dict[str, str], model: str, platform: Platform) -> None:
    assert madang("drill", model, "--minutes", "1", "--rate", "2", **at_platform).code == 0
    totals = platform.browser().get(f"/api/projects/{platform.project_id()}/traces/summary?model={model}").json
    assert totals["traces"] == 0
