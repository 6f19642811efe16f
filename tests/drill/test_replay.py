"""What drills show: outages that callers never see, and those they do."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.drill.plans import EAST, KOREA, PRICE, TWO_REGIONS, played, route, target

from madang.calls.policy import Policy
from madang_server.drill.places import Pace
from madang_server.drill.replay import play
from madang_server.drill.scenario import read_scenario

GEMINI = target("gemini", vendor="gemini")


def test_the_same_seed_gives_the_same_drill_and_another_one_another() -> None:
    down = {"kind": "down", "region": "eastus"}
    assert played(TWO_REGIONS, down) == played(TWO_REGIONS, down)
    assert played(TWO_REGIONS, down)["minutes"] != played(TWO_REGIONS, down, seed=2)["minutes"]


def test_with_one_of_two_regions_down_no_caller_sees_an_error_and_the_breaker_opens() -> None:
    report = played(TWO_REGIONS, {"kind": "down", "region": "eastus"})
    before, during, after = report["minutes"]
    assert report["total"]["failures"] == {}
    assert set(before["by_deployment"]) == {"azure-eastus", "azure-korea"}
    assert set(during["by_deployment"]) == {"azure-korea"}
    assert after["by_deployment"]["azure-eastus"] > 0
    [noticed] = report["noticed"]
    assert (noticed["deployment"], noticed["kind"]) == ("azure-eastus", "down")
    assert 0 < noticed["after_s"] <= 10
    assert during["attempts"] - during["calls"] <= 20  # few calls meet the dead region, trials included


def test_with_every_region_down_callers_see_that_nobody_could_be_reached() -> None:
    report = played(TWO_REGIONS, {"kind": "down", "vendor": "azure"})
    assert report["minutes"][1]["success_rate"] < 0.1  # the last ones are retried into the recovery
    assert set(report["minutes"][1]["failures"]) == {"connection"}
    assert report["minutes"][0]["success_rate"] == 1


@pytest.mark.parametrize("kind", ["unavailable", "errors", "throttled", "misconfigured"])
def test_what_one_region_refuses_the_other_answers(kind: str) -> None:
    report = played(TWO_REGIONS, {"kind": kind, "region": "eastus"})
    assert report["total"]["failures"] == {}
    assert report["noticed"][0]["after_s"] is not None


def test_what_a_filter_blocks_is_an_error_where_no_other_vendor_is_allowed() -> None:
    blocks = {"kind": "blocks", "vendor": "azure", "share": 0.2}
    report = played(route(EAST, replace(GEMINI, order=2)), blocks)
    assert set(report["total"]["failures"]) == {"content_filter"}
    assert 30 <= report["total"]["failures"]["content_filter"] <= 90  # a fifth of 300
    assert report["noticed"] == [{"deployment": "azure-eastus", "kind": "blocks", "after_s": None}]


def test_what_a_filter_blocks_is_answered_by_a_vendor_that_is_allowed() -> None:
    allowed = route(EAST, replace(GEMINI, order=2), policy=Policy(policy_block_vendors=("gemini",)))
    report = played(allowed, {"kind": "blocks", "vendor": "azure", "share": 0.2})
    assert report["total"]["failures"] == {}
    assert 30 <= report["total"]["by_deployment"]["gemini"] <= 90


def test_a_first_token_that_does_not_come_is_not_waited_for_where_there_is_a_limit() -> None:
    late = {"kind": "slow_first_token", "region": "eastus", "seconds": 8}
    patient = played(TWO_REGIONS, late, stream_share=1)["minutes"][1]
    limited = played(replace(TWO_REGIONS, first_token_timeout_s=2.0), late, stream_share=1)["minutes"][1]
    assert patient["by_deployment"].get("azure-eastus", 0) > 100
    assert patient["first_token_p95_ms"] > 8000
    assert limited["failures"] == {}
    assert limited["by_deployment"].get("azure-eastus", 0) == 0
    assert limited["first_token_p95_ms"] < 8000


def test_a_stream_that_breaks_after_its_start_is_an_error_and_a_whole_answer_is_asked_for_again() -> None:
    cuts = {"kind": "cuts", "share": 0.3}
    assert set(played(route(EAST), cuts, stream_share=1)["total"]["failures"]) == {"stream_cut"}
    assert played(TWO_REGIONS, cuts | {"region": "eastus"}, stream_share=0)["total"]["failures"] == {}


def test_a_hang_ends_with_the_time_limit_of_one_answer() -> None:
    hang = {"kind": "hangs", "region": "eastus", "seconds": 120}
    report = played(replace(TWO_REGIONS, answer_timeout_s=10.0), hang, stream_share=0)
    assert report["total"]["failures"] == {}
    assert report["minutes"][1]["by_deployment"] == {"azure-korea": 300}


def test_an_outage_that_another_model_answers_shows_what_that_one_costs() -> None:
    dear = target("big", vendor="openai", alias="big", price=replace(PRICE, output=Decimal(100)))
    fallback = replace(route(dear), model="big")
    report = played(route(EAST, fallbacks=(fallback,)), {"kind": "down", "region": "eastus"})
    costs = [float(minute["cost_usd"]) for minute in report["minutes"]]
    assert report["minutes"][1]["by_deployment"] == {"big": 300}
    assert costs[1] > 3 * costs[0]


def test_without_prices_the_cost_is_unknown_and_not_nothing() -> None:
    total = played(route(replace(EAST, price=None)))["total"]
    assert total["calls_without_price"] == total["calls"]


@pytest.mark.parametrize("vendor", ["openai", "azure", "anthropic", "gemini", "vertex", "bedrock", "litellm", "fake"])
def test_every_vendor_can_be_rehearsed(vendor: str) -> None:
    one = target("one", vendor=vendor, region="us-east-1")
    report = played(route(one), {"kind": "down"}, minutes=2, per_second=1)
    healthy, down = report["minutes"]
    assert (healthy["success_rate"], healthy["calls_without_price"]) == (1, 0)
    assert (down["answered"], down["failures"]) == (0, {"connection": 60})


def test_deployments_are_as_fast_as_they_are_said_to_be() -> None:
    slow = played(route(EAST), paces={"azure-eastus": Pace(first_token_ms=3000)})["total"]
    assert slow["first_token_p50_ms"] > 2 * played(route(EAST))["total"]["first_token_p50_ms"]


def test_each_disturbance_is_noticed_from_its_own_beginning() -> None:
    later = {"kind": "down", "region": "koreacentral", "from_minute": 2, "to_minute": 3}
    noticed = played(TWO_REGIONS, {"kind": "down", "region": "eastus"}, later)["noticed"]
    assert {each["deployment"] for each in noticed} == {"azure-eastus", "azure-korea"}
    assert all(each["after_s"] is not None and each["after_s"] <= 10 for each in noticed)


def test_of_two_deployments_with_one_name_only_the_disturbed_one_is_down() -> None:
    mini = replace(route(replace(KOREA, name="main", alias="mini")), model="mini")
    over = route(replace(EAST, name="main"), fallbacks=(mini,))
    report = played(over, {"kind": "down", "region": "eastus"})
    assert report["total"]["failures"] == {}


def test_minutes_are_told_as_they_pass() -> None:
    told: list[dict[str, Any]] = []
    report = play(read_scenario({"model": "chat", "minutes": 3, "per_second": 1}), TWO_REGIONS, {}, told.append)
    assert [each["minute"] for each in told] == [1, 2, 3]
    assert [len(each["minutes"]) for each in told] == [1, 2, 3]
    assert told[-1]["minutes"] == report["minutes"]
