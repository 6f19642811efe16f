"""`madang explain MODEL`, as somebody at a terminal reads it."""

from __future__ import annotations

import json
import re

import pytest
from tests.cli.conftest import Command
from tests.support.running_platform import Platform


@pytest.fixture(scope="module")
def model(platform: Platform) -> str:
    return platform.model(
        platform.deployment(region="eastus", weight=3) | {"name": "east"},
        platform.deployment(region="westus", weight=1) | {"name": "west"},
        platform.deployment(order=2) | {"name": "spare"},
        alias="chat-to-explain",
    )


@pytest.fixture
def at_platform(platform: Platform) -> dict[str, str]:
    return {"MADANG_BASE_URL": platform.url, "MADANG_API_KEY": platform.key}


def test_the_line_of_deployments_is_told_with_shares_and_reasons(
    madang: Command, at_platform: dict[str, str], model: str
) -> None:
    ran = madang("explain", model, **at_platform)
    assert (ran.code, ran.err) == (0, "")
    assert f"{model}, strategy weighted" in ran.out
    told = re.search(r"1\. east \(openai gpt-4o in eastus\) · first in (\d+)% of calls", ran.out)
    assert told and 70 <= int(told[1]) <= 80  # shares are drawn, within about two points
    assert "weight 3 of 4" in ran.out
    assert "3. spare" in ran.out


def test_what_follows_each_kind_of_failure_is_told(madang: Command, at_platform: dict[str, str], model: str) -> None:
    ran = madang("explain", model, **at_platform)
    assert "When the first one fails:" in ran.out
    assert "outage: west, spare" in ran.out
    assert "policy block: nobody else is asked" in ran.out


def test_a_wish_of_the_caller_changes_the_answer(madang: Command, at_platform: dict[str, str], model: str) -> None:
    routing = json.dumps({"prefer_regions": ["westus"]})
    told = json.loads(madang("explain", model, "--json", "--routing", routing, **at_platform).out)
    assert told["steps"][0]["deployment"] == "west"


def test_a_wish_that_is_no_json_is_wrong_usage(madang: Command, at_platform: dict[str, str], model: str) -> None:
    ran = madang("explain", model, "--routing", "{west", **at_platform)
    assert (ran.code, ran.out) == (2, "")
    assert "--routing must be a JSON object" in ran.err


def test_a_model_that_is_not_there_is_said(madang: Command, at_platform: dict[str, str]) -> None:
    ran = madang("explain", "no-such-model", **at_platform)
    assert (ran.code, ran.out) == (1, "")
    assert "'no-such-model'" in ran.err


def test_without_a_key_or_a_platform_it_says_what_to_do(madang: Command) -> None:
    assert "MADANG_API_KEY is not set" in madang("explain", "chat").err
    ran = madang("explain", "chat", MADANG_BASE_URL="http://127.0.0.1:9", MADANG_API_KEY="sk-md-something")
    assert (ran.code, ran.out) == (1, "")
    assert "No Madang answers at http://127.0.0.1:9" in ran.err
