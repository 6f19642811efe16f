"""A model's routing in the database, in the Gateway's snapshot, and in what the SDK reads of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from madang.calls.policy import FAILURE_CLASSES, PLAIN, STRATEGIES
from madang.calls.target import FEATURES, Route
from madang.routing.document import routes_of
from madang_server.credentials.store import OpenedCredential
from madang_server.gateway.sdk_config import sdk_config
from madang_server.gateway.snapshot import Project, build_snapshot
from madang_server.models.model import Deployment, Model
from madang_server.models.routing import PLAIN_ROUTING, Routing, routing_of, stored_form
from madang_server.models.store import ProjectModel
from madang_server.prices.book import PriceBook
from madang_server.prices.catalogue import bundled

SECRET = "sk-vendor-secret-9876"

_ALIASES = st.lists(st.sampled_from("abcdef"), max_size=4, unique=True).map(tuple)
ROUTINGS = st.builds(
    Routing,
    strategy=st.sampled_from(STRATEGIES),
    prefer_regions=_ALIASES,
    sticky_by=st.sampled_from(["none", "session", "user"]),
    fallbacks_after=st.dictionaries(st.sampled_from(FAILURE_CLASSES), _ALIASES),
    hedge_after_s=st.none() | st.floats(0.1, 100),
    hedges_at_p95=st.booleans(),
    on_cut=st.sampled_from(["error", "continue"]),
)


def model(alias: str, **fields: Any) -> Model:
    deployment = Deployment(name=f"at-{alias}", vendor="openai", vendor_model="gpt-4o", credential_id="cred_1")
    return Model(alias=alias, **{"deployments": (deployment,), **fields})


def project_of(*models: Model, block_vendors: tuple[str, ...] = ()) -> Project:
    credential = OpenedCredential(
        id="cred_1", project_id="p", name="openai", vendor="openai", base_url=None, api_version=None, api_key=SECRET
    )
    snapshot = build_snapshot(
        1,
        [],
        [ProjectModel("p", one) for one in models],
        [credential],
        PriceBook(bundled(), {}, datetime(2026, 1, 1, tzinfo=UTC)),
        simulator_url=None,
        created=0,
        policy_block_vendors={"p": block_vendors},
    )
    return snapshot.projects["p"]


def names(routes: tuple[Route, ...]) -> list[str]:
    return [route.model for route in routes]


@given(ROUTINGS)
def test_a_routing_comes_back_from_the_database_as_it_was(routing: Routing) -> None:
    assert routing_of(json.loads(json.dumps(stored_form(routing)))) == routing


def test_a_plain_routing_takes_no_room() -> None:
    assert stored_form(PLAIN_ROUTING) == {}
    assert routing_of(None) == PLAIN_ROUTING


def test_a_class_without_a_list_of_its_own_uses_the_fallbacks() -> None:
    routing = Routing(fallbacks_after={"context_overflow": ("long",), "policy_block": ()})
    project = project_of(
        model("chat", fallbacks=("mini",), routing=routing),
        model("mini", fallbacks=("last",)),
        model("long"),
        model("last"),
    )
    route = project.routes["chat"]
    assert names(route.fallbacks) == ["mini", "last"]
    assert {kind: names(routes) for kind, routes in route.after.items()} == {
        "context_overflow": ["long"],
        "policy_block": [],
    }


def test_the_fallbacks_of_a_fallback_count_in_the_same_class() -> None:
    project = project_of(
        model("a", fallbacks=("b",)),
        model("b", routing=Routing(fallbacks_after={"throttled": ("c",)})),
        model("c"),
    )
    assert names(project.routes["a"].fallbacks) == ["b"]
    assert names(project.routes["a"].after["throttled"]) == ["b", "c"]


def test_the_projects_vendors_after_a_policy_block_are_in_every_policy() -> None:
    project = project_of(model("a"), model("b"), block_vendors=("azure",))
    assert {route.policy.policy_block_vendors for route in project.routes.values()} == {("azure",)}


def test_a_context_window_that_nobody_entered_is_the_price_lists() -> None:
    def at(**fields: Any) -> Deployment:
        return Deployment(
            **{"name": "d", "vendor": "azure", "vendor_model": "chat", "credential_id": "cred_1"} | fields
        )

    project = project_of(
        model("listed", deployments=(at(base_model="gpt-4o"),)),
        model("own", deployments=(at(base_model="gpt-4o", context_window=9_000),)),
        model("opaque", deployments=(at(),)),
        model("elsewhere", deployments=(at(vendor="openai", vendor_model="gpt-4o", base_url="http://10.0.0.7/v1"),)),
        model("simulated", deployments=(at(base_model="gpt-4o"),), simulated=True),
    )
    windows = {alias: project.routes[alias].targets[0].context_window for alias in project.aliases}
    assert windows == {"listed": 128_000, "own": 9_000, "opaque": None, "elsewhere": None, "simulated": None}


def test_the_sdk_reads_the_very_routes_that_the_gateway_has() -> None:
    deployment = Deployment(
        name="east",
        vendor="openai",
        vendor_model="gpt-4o",
        credential_id="cred_1",
        region="koreacentral",
        context_window=128_000,
        max_output_tokens=16_384,
        supports=FEATURES,
    )
    routing = Routing(
        strategy="latency",
        prefer_regions=("koreacentral",),
        sticky_by="user",
        fallbacks_after={"outage": ("b",), "timeout": ()},
        hedges_at_p95=True,
        on_cut="continue",
    )
    project = project_of(
        model("a", deployments=(deployment,), routing=routing, connect_timeout_s=2.0, answer_timeout_s=30.0),
        model("b"),
        block_vendors=("azure", "bedrock"),
    )
    body = sdk_config(project, b"")[2]
    assert SECRET.encode() not in body
    read = routes_of(json.loads(body))
    assert read.keys() == project.routes.keys()
    for alias, route in project.routes.items():
        assert read[alias] == without_keys(route)


def test_a_platform_that_says_nothing_of_routing_leaves_it_plain() -> None:
    document = json.loads(sdk_config(project_of(model("a")), b"")[2])
    later = ("after", "policy", "connect_timeout_s", "answer_timeout_s")
    for one in document["models"]:
        for name in later:
            del one[name]
        for target in one["targets"]:
            for name in ("context_window", "max_output_tokens", "supports"):
                del target[name]
    route = routes_of(document)["a"]
    assert (route.policy, dict(route.after), route.connect_timeout_s) == (PLAIN, {}, None)
    assert route.targets[0].supports is None


def test_words_of_a_newer_platform_are_passed_over() -> None:
    document = json.loads(sdk_config(project_of(model("a"), model("b")), b"")[2])
    document["models"][0]["policy"] |= {"strategy": "by_mood", "fallbacks_after": {"boredom": ["b"]}, "new": 1}
    document["models"][0]["after"] = {"boredom": ["b"]}
    document["models"][0]["targets"][0]["supports"] = ["vision", "smell"]
    route = routes_of(document)["a"]
    assert (route.policy.strategy, dict(route.policy.fallbacks_after), dict(route.after)) == ("weighted", {}, {})
    assert route.targets[0].supports == frozenset({"vision"})


def without_keys(route: Route) -> Route:
    return replace(
        route,
        targets=tuple(replace(target, api_key="") for target in route.targets),
        fallbacks=tuple(without_keys(each) for each in route.fallbacks),
        after={kind: tuple(without_keys(each) for each in routes) for kind, routes in route.after.items()},
    )
