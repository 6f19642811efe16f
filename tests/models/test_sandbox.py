"""The sandbox's models: valid by our own rules, and reachable wherever the simulator runs this time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang_server.accounts.problems import Invalid
from madang_server.models.model import Deployment, Model
from madang_server.models.routing_rules import check_fallbacks
from madang_server.models.rules import tidy_model
from madang_server.models.sandbox import (
    FAILING_DEPLOYMENT,
    resolve_base_url,
    resolve_simulator,
    sandbox_models,
    simulator_controls,
)
from madang_simulator.behaviour import Behaviour
from madang_simulator.control_body import read_behaviour


def plain(alias: str, *fallbacks: str) -> Model:
    deployment = Deployment(name="d", vendor="fake", vendor_model="m")
    return Model(alias=alias, fallbacks=fallbacks, deployments=(deployment,))


def test_the_sandboxs_models_keep_our_own_rules() -> None:
    for model in sandbox_models():
        assert tidy_model(model, {}) == model


def test_one_sandbox_model_fails_over_from_a_deployment_that_always_fails() -> None:
    fallback = next(model for model in sandbox_models() if model.alias == "sandbox-fallback")
    assert [(one.name, one.order) for one in fallback.deployments] == [(FAILING_DEPLOYMENT, 1), ("sandbox-standby", 2)]
    assert simulator_controls()[FAILING_DEPLOYMENT]["faults"] == [{"kind": "server_error", "probability": 1.0}]


def test_the_sandboxs_controls_are_ones_the_simulator_takes() -> None:
    for control in simulator_controls().values():
        read_behaviour(control, Behaviour())


def test_simulator_addresses_lead_to_where_the_simulator_runs_now() -> None:
    assert resolve_base_url("simulator:/d/x/v1", "http://127.0.0.1:7701/") == "http://127.0.0.1:7701/d/x/v1"
    assert resolve_base_url("https://api.example.com/v1", None) == "https://api.example.com/v1"
    assert resolve_base_url(None, "http://127.0.0.1:7701") is None


def test_without_a_simulator_its_models_are_not_there() -> None:
    model = sandbox_models()[0]
    assert resolve_simulator(model, None) is None
    mixed = replace(model, deployments=(*model.deployments, Deployment(name="real", vendor="fake", vendor_model="m")))
    resolved = resolve_simulator(mixed, None)
    assert resolved is not None
    assert [one.name for one in resolved.deployments] == ["real"]


def test_a_long_circle_of_fallbacks_is_shown_whole() -> None:
    with pytest.raises(Invalid, match="a → b → c → a"):
        check_fallbacks([plain("a", "b"), plain("b", "c"), plain("c", "a"), plain("d", "a")])


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef"), max_size=3), min_size=1))
def test_fallbacks_are_accepted_exactly_when_they_end(graph: dict[str, set[str]]) -> None:
    models = [plain(alias, *sorted(targets)) for alias, targets in graph.items()]

    def ends(alias: str, seen: frozenset[str]) -> bool:
        return alias not in seen and all(ends(following, seen | {alias}) for following in graph[alias])

    exist = all(target in graph for targets in graph.values() for target in targets)
    is_fine = exist and all(ends(alias, frozenset()) for alias in graph)
    try:
        check_fallbacks(models)
    except Invalid:
        assert not is_fine
    else:
        assert is_fine
