"""Models as they are edited in the UI."""

from __future__ import annotations

from typing import Any

from tests.studio.world import Answer, World

from madang_server.models.store import all_models

DEPLOYMENT: dict[str, Any] = {
    "name": "main",
    "vendor": "openai",
    "vendor_model": "gpt-4o",
    "base_url": "http://127.0.0.1:9/v1",
}

IN_SIMULATOR: dict[str, Any] = {**DEPLOYMENT, "vendor": "anthropic", "base_url": "simulator:/d/main"}

# What is wrong with a model, and the field that is named for it.
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"alias": "with space"}, "alias"),
    ({"alias": "prompt/greet"}, "alias"),
    ({"alias": "한글"}, "alias"),
    ({"description": "a\u0000b"}, "description"),
    ({"retries": 11}, "retries"),
    ({"retries": "many"}, "retries"),
    ({"timeout_s": 0}, "timeout_s"),
    ({"first_token_timeout_s": -1}, "first_token_timeout_s"),
    ({"fallbacks": ["nobody"]}, "fallbacks"),
    ({"fallbacks": ["gpt-4o"]}, "fallbacks"),
    ({"deployments": []}, "deployments"),
    ({"deployments": [{**DEPLOYMENT, "enabled": False}]}, "deployments"),
    ({"deployments": [{**DEPLOYMENT, "weight": 0}]}, "deployments"),
    ({"deployments": [DEPLOYMENT, DEPLOYMENT]}, "deployments.1.name"),
    ({"deployments": [{**DEPLOYMENT, "weight": -1}]}, "deployments.0.weight"),
    ({"deployments": [{**DEPLOYMENT, "order": 0}]}, "deployments.0.order"),
    ({"deployments": [{**DEPLOYMENT, "vendor_model": " "}]}, "deployments.0.vendor_model"),
    ({"deployments": [{**DEPLOYMENT, "vendor_model": "a/../../b"}]}, "deployments.0.vendor_model"),
    ({"deployments": [{**DEPLOYMENT, "api_version": "2024-10-21&a=b"}]}, "deployments.0.api_version"),
    ({"deployments": [{**DEPLOYMENT, "base_url": "gopher://x"}]}, "deployments.0.base_url"),
    ({"deployments": [{**DEPLOYMENT, "base_url": "http://169.254.169.254/v1"}]}, "deployments.0.base_url"),
    ({"deployments": [{**DEPLOYMENT, "base_url": "simulator:/etc/passwd"}]}, "deployments.0.base_url"),
    ({"deployments": [{**DEPLOYMENT, "base_url": None}]}, "deployments.0.credential"),
    ({"deployments": [{**DEPLOYMENT, "credential": "nobody's"}]}, "deployments.0.credential"),
    ({"deployments": [{**DEPLOYMENT, "vendor": "azure", "base_url": None}]}, "deployments.0.base_url"),
    ({"deployments": [{**DEPLOYMENT, "vendor": "azure", "base_url": "https://a.b"}]}, "deployments.0.api_version"),
    ({"deployments": [{**DEPLOYMENT, "input_usd_per_million": "-1"}]}, "deployments.0.input_usd_per_million"),
    ({"deployments": [{**DEPLOYMENT, "input_usd_per_million": "1E-999999"}]}, "deployments.0.input_usd_per_million"),
    ({"deployments": [{**DEPLOYMENT, "input_usd_per_million": "NaN"}]}, "deployments.0.input_usd_per_million"),
    ({"deployments": [{**DEPLOYMENT, "wieght": 1}]}, "deployments.0.wieght"),
    ({"connect_timeout_s": 0}, "connect_timeout_s"),
    ({"answer_timeout_s": 3601}, "answer_timeout_s"),
    ({"routing": {"strategy": "cheapest"}}, "routing.strategy"),
    ({"routing": {"stickyby": "user"}}, "routing.stickyby"),
    ({"routing": {"hedge_after_s": 0}}, "routing.hedge_after_s"),
    ({"routing": {"hedge_after_s": 700}}, "routing.hedge_after_s"),
    ({"routing": {"hedge_after_s": 2, "hedges_at_p95": True}}, "routing.hedges_at_p95"),
    ({"routing": {"prefer_regions": [""]}}, "routing.prefer_regions"),
    ({"routing": {"prefer_regions": ["a", "a "]}}, "routing.prefer_regions"),
    ({"routing": {"fallbacks_after": {"sunshine": []}}}, "routing.fallbacks_after"),
    ({"routing": {"fallbacks_after": {"outage": ["nobody"]}}}, "routing.fallbacks_after.outage"),
    ({"routing": {"fallbacks_after": {"outage": ["gpt-4o"]}}}, "routing.fallbacks_after.outage"),
    ({"deployments": [{**DEPLOYMENT, "context_window": 0}]}, "deployments.0.context_window"),
    (
        {"deployments": [{**DEPLOYMENT, "context_window": 10, "max_output_tokens": 11}]},
        "deployments.0.max_output_tokens",
    ),
    ({"deployments": [{**DEPLOYMENT, "supports": ["smell"]}]}, "deployments.0.supports.0"),
    ({"deployments": [{**DEPLOYMENT, "vendor": "acme"}]}, "deployments.0.vendor"),
    ({"deployments": [{**DEPLOYMENT, "vendor": "anthropic", "base_url": None}]}, "deployments.0.credential"),
    ({"deployments": [{**DEPLOYMENT, "vendor": "gemini", "base_url": None}]}, "deployments.0.credential"),
    ({"deployments": [{**DEPLOYMENT, "vendor": "bedrock", "base_url": None}]}, "deployments.0.credential"),
    ({"deployments": [{**IN_SIMULATOR, "vendor": "vertex"}]}, "deployments.0.region"),
    ({"deployments": [{**IN_SIMULATOR, "vendor": "bedrock", "region": "US East 1"}]}, "deployments.0.region"),
    ({"deployments": [{**IN_SIMULATOR, "vendor": "openai"}]}, "deployments.0.base_url"),
    (
        {"deployments": [{**DEPLOYMENT, "vendor": "litellm", "vendor_model": "mistral-large"}]},
        "deployments.0.vendor_model",
    ),
]

PLAIN_ROUTING: dict[str, Any] = {
    "strategy": "weighted",
    "prefer_regions": [],
    "sticky_by": "none",
    "fallbacks_after": {},
    "hedge_after_s": None,
    "hedges_at_p95": False,
    "on_cut": "error",
}


def path(world: World, alias: str = "") -> str:
    return f"/api/projects/{world.menu}/models" + (f"/{alias}" if alias else "")


def model(alias: str = "gpt-4o", **fields: Any) -> dict[str, Any]:
    return {"alias": alias, "deployments": [DEPLOYMENT], **fields}


def add(world: World, alias: str = "gpt-4o", **fields: Any) -> Answer:
    return world.bob.post(path(world), model(alias, **fields))


def test_a_model_comes_back_as_it_was_sent(world: World) -> None:
    sent = model(
        description="For the menu",
        retries=1,
        timeout_s=30.5,
        first_token_timeout_s=5,
        deployments=[
            {**DEPLOYMENT, "weight": 3, "region": "koreacentral", "input_usd_per_million": "2.50"},
            {**DEPLOYMENT, "name": "standby", "weight": 0, "order": 2, "enabled": False},
        ],
    )
    assert world.bob.post(path(world), sent).status == 201
    shown = world.carol.get(path(world)).json["items"][0]
    assert (shown["retries"], shown["timeout_s"], shown["first_token_timeout_s"]) == (1, 30.5, 5)
    assert [one["name"] for one in shown["deployments"]] == ["main", "standby"]
    assert shown["deployments"][0]["input_usd_per_million"] == "2.50"
    assert shown["deployments"][0]["output_usd_per_million"] is None
    assert shown["deployments"][1]["enabled"] is False


def test_what_was_read_can_be_sent_back(world: World) -> None:
    add(world)
    shown = world.bob.get(path(world)).json["items"][0]
    assert world.bob.put(path(world, "gpt-4o"), shown).json == shown


def test_a_model_keeps_how_its_calls_go(world: World) -> None:
    add(world, "large")
    add(world, "other")
    routing = {
        "strategy": "latency",
        "prefer_regions": ["koreacentral", "japaneast"],
        "sticky_by": "session",
        "fallbacks_after": {"context_overflow": ["large"], "throttled": []},
        "hedge_after_s": 1.5,
        "hedges_at_p95": False,
        "on_cut": "continue",
    }
    sent = model(routing=routing, fallbacks=["other"], connect_timeout_s=2, answer_timeout_s=90)
    assert world.bob.post(path(world), sent).status == 201
    shown = next(one for one in world.carol.get(path(world)).json["items"] if one["alias"] == "gpt-4o")
    assert shown["routing"] == routing
    assert (shown["connect_timeout_s"], shown["answer_timeout_s"]) == (2, 90)


def test_a_model_that_says_nothing_about_routing_is_plain(world: World) -> None:
    assert add(world).json["routing"] == PLAIN_ROUTING


def test_a_deployment_keeps_what_it_can_take(world: World) -> None:
    able = {
        "context_window": 128_000,
        "max_output_tokens": 16_384,
        "supports": ["tools", "vision"],
        "base_model": "gpt-4o",
    }
    add(world, deployments=[{**DEPLOYMENT, **able}])
    shown = world.bob.get(path(world)).json["items"][0]["deployments"][0]
    assert {name: shown[name] for name in able} == {**able, "supports": ["vision", "tools"]}


def test_renaming_takes_fallbacks_after_a_class_along(world: World) -> None:
    add(world, "small")
    add(world, "large", routing={"fallbacks_after": {"throttled": ["small"]}})
    world.bob.put(path(world, "small"), model("tiny"))
    shown = {one["alias"]: one["routing"]["fallbacks_after"] for one in world.bob.get(path(world)).json["items"]}
    assert shown["large"] == {"throttled": ["tiny"]}


def test_a_model_others_fall_back_to_after_a_class_is_not_deleted(world: World) -> None:
    add(world, "small")
    add(world, "large", routing={"fallbacks_after": {"throttled": ["small"]}})
    assert world.bob.delete(path(world, "small")).status == 409


def test_two_models_may_take_over_from_each_other_after_different_failures(world: World) -> None:
    add(world, "small")
    assert add(world, "large", routing={"fallbacks_after": {"throttled": ["small"]}}).status == 201
    small = model("small", routing={"fallbacks_after": {"context_overflow": ["large"]}})
    assert world.bob.put(path(world, "small"), small).status == 200


def test_a_circle_within_one_class_is_refused_and_shown(world: World) -> None:
    add(world, "small")
    add(world, "large", fallbacks=["small"])
    small = model("small", routing={"fallbacks_after": {"outage": ["large"]}})
    answer = world.bob.put(path(world, "small"), small)
    assert answer.status == 400
    assert "after outage go in a circle: large → small → large" in answer.error["message"]


def test_each_vendor_can_be_reached_with_what_it_needs(world: World) -> None:
    needs: dict[str, dict[str, Any]] = {
        "anthropic": {},
        "gemini": {},
        "vertex": {"region": "us-central1"},
        "bedrock": {"region": "us-east-1"},
        "litellm": {"vendor_model": "mistral/mistral-large-latest"},
        "fake": {"base_url": None},
    }
    for vendor, fields in needs.items():
        answer = add(world, f"by-{vendor}", deployments=[{**IN_SIMULATOR, "vendor": vendor, **fields}])
        assert (vendor, answer.status) == (vendor, 201)


def test_the_vendors_after_a_policy_block_are_kept_in_one_order(world: World) -> None:
    where = f"/api/projects/{world.menu}/routing"
    assert world.carol.get(where).json == {"policy_block_vendors": []}
    assert world.bob.put(where, {"policy_block_vendors": ["bedrock", "azure", "azure"]}).status == 200
    assert world.carol.get(where).json == {"policy_block_vendors": ["azure", "bedrock"]}
    assert world.bob.put(where, {"policy_block_vendors": []}).json == {"policy_block_vendors": []}


def test_only_editors_set_the_projects_routing(world: World) -> None:
    where = f"/api/projects/{world.menu}/routing"
    assert world.carol.put(where, {"policy_block_vendors": ["azure"]}).status == 403
    assert world.mallory.get(where).status == 404
    refused = world.bob.put(where, {"policy_block_vendors": ["acme"]})
    assert (refused.status, refused.error["param"]) == (400, "policy_block_vendors.0")


def test_a_price_keeps_all_its_digits(world: World) -> None:
    add(world, deployments=[{**DEPLOYMENT, "output_usd_per_million": "0.123456789012345678"}])
    shown = world.bob.get(path(world)).json["items"][0]
    assert shown["deployments"][0]["output_usd_per_million"] == "0.123456789012345678"


def test_an_alias_may_hold_a_slash(world: World) -> None:
    assert add(world, "openai/gpt-4o").status == 201
    assert world.bob.put(path(world, "openai/gpt-4o"), model("openai/gpt-4o", retries=5)).json["retries"] == 5
    assert world.bob.delete(path(world, "openai%2Fgpt-4o")).status == 204


def test_an_alias_can_be_had_once(world: World) -> None:
    add(world)
    answer = add(world)
    assert answer.status == 409
    assert answer.error["param"] == "alias"


def test_renaming_takes_fallbacks_along(world: World) -> None:
    add(world, "small")
    add(world, "large", fallbacks=["small"])
    assert world.bob.put(path(world, "small"), model("tiny")).status == 200
    shown = {one["alias"]: one["fallbacks"] for one in world.bob.get(path(world)).json["items"]}
    assert shown == {"large": ["tiny"], "tiny": []}


def test_a_model_others_fall_back_to_is_not_deleted(world: World) -> None:
    add(world, "small")
    add(world, "large", fallbacks=["small"])
    refused = world.bob.delete(path(world, "small"))
    assert refused.status == 409
    assert "large" in refused.error["message"]


def test_a_circle_of_fallbacks_is_refused_and_shown(world: World) -> None:
    add(world, "a")
    add(world, "b", fallbacks=["a"])
    answer = world.bob.put(path(world, "a"), model("a", fallbacks=["b"]))
    assert answer.status == 400
    assert answer.error["param"] == "fallbacks"
    assert "a → b → a" in answer.error["message"]


def test_what_breaks_a_rule_is_refused_by_field(world: World) -> None:
    for fields, param in BROKEN:
        answer = world.bob.post(path(world), model(**fields))
        assert (fields, answer.status, answer.error["param"]) == (fields, 400, param)
    assert world.bob.get(path(world)).json["items"] == []


def test_an_azure_v1_address_needs_no_api_version(world: World) -> None:
    deployment = {**DEPLOYMENT, "vendor": "azure", "base_url": "https://a.openai.azure.com/openai/v1/"}
    assert add(world, deployments=[deployment]).json["deployments"][0]["base_url"].endswith("/openai/v1")


def test_a_credential_must_be_of_the_deployments_vendor(world: World) -> None:
    sent = {"name": "azure", "vendor": "azure", "base_url": "https://a.openai.azure.com", "api_key": "k-1234567890"}
    assert world.alice.post(f"/api/projects/{world.menu}/credentials", sent).status == 201
    answer = add(world, deployments=[{**DEPLOYMENT, "credential": "azure"}])
    assert answer.error["param"] == "deployments.0.credential"


def test_a_model_in_the_simulator_is_marked_as_simulated(world: World) -> None:
    answer = add(world, deployments=[{**DEPLOYMENT, "base_url": "simulator:/d/main/v1"}])
    assert answer.json["simulated"] is True


def test_the_gateway_sees_all_projects_models(world: World) -> None:
    add(world)
    world.mallory.post(f"/api/projects/{world.mallorys_project}/models", model("hers"))
    with world.database.reading() as connection:
        found = {(one.project_id, one.model.alias) for one in all_models(connection)}
    assert found == {(world.menu, "gpt-4o"), (world.mallorys_project, "hers")}


def test_an_unknown_model_is_a_404(world: World) -> None:
    assert world.bob.put(path(world, "nothing"), model("nothing")).status == 404
    assert world.bob.delete(path(world, "nothing")).status == 404


def test_viewers_neither_call_models_nor_take_deployments_out(world: World) -> None:
    add(world, deployments=[DEPLOYMENT, {**DEPLOYMENT, "name": "other"}])
    enabled = path(world, "gpt-4o/deployments/main/enabled")
    assert world.carol.put(enabled, {"enabled": False}).status == 403
    assert world.carol.post(path(world, "gpt-4o/test"), {}).status == 403
    assert world.mallory.put(enabled, {"enabled": False}).status == 404
    assert world.mallory.post(path(world, "gpt-4o/test"), {}).status == 404
    assert world.bob.put(enabled, {"enabled": False}).json["deployments"][0]["enabled"] is False


def test_a_deployment_and_an_alias_with_slashes_are_taken_out_by_name(world: World) -> None:
    add(world, "team/gpt-4o", deployments=[{**DEPLOYMENT, "name": "eu/main"}, DEPLOYMENT])
    answer = world.bob.put(path(world, "team/gpt-4o/deployments/eu/main/enabled"), {"enabled": False})
    assert [one["enabled"] for one in answer.json["deployments"]] == [False, True]
