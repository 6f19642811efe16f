"""Which deployments a disturbance is about, and how they behave then."""

from typing import Any

import pytest
from tests.drill.plans import EAST, KOREA, TWO_REGIONS, route, target
from tests.sdk.routing.test_document import described_model, described_target

from madang_server.drill.conditions import behaviours, moments
from madang_server.drill.places import Pace, hits, paces_of, place_of, places_of, route_of
from madang_server.drill.scenario import BadScenario, Disturbance, Scenario, read_scenario


def scenario(*disturbances: Disturbance) -> Scenario:
    return Scenario(model="chat", disturbances=disturbances)


@pytest.mark.parametrize(
    ("about", "east", "korea"),
    [
        ({}, True, True),
        ({"vendor": "azure"}, True, True),
        ({"vendor": "openai"}, False, False),
        ({"region": "eastus"}, True, False),
        ({"vendor": "azure", "region": "koreacentral"}, False, True),
        ({"deployment": "azure-eastus"}, True, False),
        ({"deployment": "azure-eastus", "region": "koreacentral"}, False, False),
    ],
)
def test_a_disturbance_is_about_those_that_fit_all_it_names(about: dict[str, Any], east: bool, korea: bool) -> None:
    disturbance = Disturbance(kind="down", **about)
    assert (hits(disturbance, EAST), hits(disturbance, KOREA)) == (east, korea)


def test_a_deployment_is_disturbed_from_the_first_minute_until_before_the_last() -> None:
    plan = scenario(Disturbance(kind="down", region="eastus", from_minute=2, to_minute=4))
    targets = places_of(TWO_REGIONS)
    disturbed = [bool(behaviours(plan, targets, {}, minute)[place_of(EAST)].faults) for minute in (1.9, 2, 3.9, 4)]
    assert disturbed == [False, True, True, False]
    assert behaviours(plan, targets, {}, 3)[place_of(KOREA)].faults == ()


def test_a_share_of_the_calls_is_a_chance_and_all_of_them_are_not() -> None:
    plan = scenario(
        Disturbance(kind="blocks", share=0.05, from_minute=0), Disturbance(kind="errors", share=1, from_minute=0)
    )
    faults = behaviours(plan, places_of(route(EAST)), {}, 1)[place_of(EAST)].faults
    assert [(fault.kind, fault.probability) for fault in faults] == [("content_filter", 0.05), ("server_error", None)]


def test_deployments_of_one_name_behind_two_models_are_two_places() -> None:
    mini = route(target("azure-eastus", vendor="openai", alias="mini"))
    places = places_of(route(EAST, fallbacks=(mini,)))
    assert [each.vendor for each in places.values()] == ["azure", "openai"]


def test_what_is_reached_after_one_kind_of_failure_only_takes_part_too() -> None:
    safe = route(target("gemini", vendor="gemini", alias="safe"))
    assert len(places_of(route(EAST, after={"policy_block": (safe,)}))) == 2


def test_conditions_change_where_disturbances_begin_and_end_before_the_drill_does() -> None:
    plan = scenario(
        Disturbance(kind="down", from_minute=2, to_minute=8), Disturbance(kind="errors", from_minute=5, to_minute=20)
    )
    assert moments(plan) == [0.0, 2, 5, 8]


def test_a_deployment_is_as_fast_as_it_was_lately_and_an_unknown_one_is_left_to_an_assumption() -> None:
    steps: list[dict[str, Any]] = [{"deployment": "a", "p50_ms": 800}, {"deployment": "b", "p50_ms": None}]
    assert paces_of(steps) == {"a": Pace(first_token_ms=400.0)}


def test_a_model_that_is_not_there_is_said() -> None:
    with pytest.raises(BadScenario, match="'gpt-5' is not set up") as refused:
        route_of(read_scenario({"model": "gpt-5"}), [described_model("chat", described_target("east"))])
    assert refused.value.param == "model"


def test_a_disturbance_that_is_about_nobody_is_refused_and_tells_who_is_there() -> None:
    plan = read_scenario({"model": "chat", "disturbances": [{"kind": "down", "region": "eastus"}]})
    with pytest.raises(BadScenario, match=r"there are: east \(openai in koreacentral\)") as refused:
        route_of(plan, [described_model("chat", described_target("east"))])
    assert refused.value.param == "disturbances.0"
