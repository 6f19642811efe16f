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
    ({"deployments": [{**DEPLOYMENT, "base_url": "gopher://x"}]}, "deployments.0.base_url"),
    ({"deployments": [{**DEPLOYMENT, "base_url": "http://169.254.169.254/v1"}]}, "deployments.0.base_url"),
    ({"deployments": [{**DEPLOYMENT, "base_url": "simulator:/etc/passwd"}]}, "deployments.0.base_url"),
    ({"deployments": [{**DEPLOYMENT, "base_url": None}]}, "deployments.0.credential"),
    ({"deployments": [{**DEPLOYMENT, "credential": "nobody's"}]}, "deployments.0.credential"),
    ({"deployments": [{**DEPLOYMENT, "vendor": "azure", "base_url": None}]}, "deployments.0.base_url"),
    ({"deployments": [{**DEPLOYMENT, "vendor": "azure", "base_url": "https://a.b"}]}, "deployments.0.api_version"),
    ({"deployments": [{**DEPLOYMENT, "input_usd_per_million": "-1"}]}, "deployments.0.input_usd_per_million"),
    ({"deployments": [{**DEPLOYMENT, "input_usd_per_million": "NaN"}]}, "deployments.0.input_usd_per_million"),
    ({"deployments": [{**DEPLOYMENT, "wieght": 1}]}, "deployments.0.wieght"),
]


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
