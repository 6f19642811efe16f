"""`POST /api/apply`: a description goes in, the project matches it, wholly or not at all."""

from __future__ import annotations

from typing import Any

from tests.studio.world import Answer, World

from madang_server.storage.sql import version


def document(**fields: Any) -> dict[str, Any]:
    return {
        "credentials": [{"name": "openai", "vendor": "openai", "api_key": "sk-vendor-secret-9876"}],
        "models": [
            {
                "alias": "gpt-4o",
                "fallbacks": ["gpt-4o-mini"],
                "deployments": [
                    {"name": "main", "vendor": "openai", "vendor_model": "gpt-4o", "credential": "openai"},
                ],
            },
            {
                "alias": "gpt-4o-mini",
                "deployments": [
                    {"name": "mini", "vendor": "openai", "vendor_model": "gpt-4o-mini", "credential": "openai"},
                ],
            },
        ],
        **fields,
    }


def apply(world: World, sent: dict[str, Any]) -> Answer:
    return world.program(world.menu_secret_key)("POST", "/api/apply", sent)


def aliases(world: World) -> list[str]:
    return [one["alias"] for one in world.bob.get(f"/api/projects/{world.menu}/models").json["items"]]


def test_a_document_creates_what_it_names(world: World) -> None:
    answer = apply(world, document())
    assert answer.status == 200
    assert answer.json == {
        "created": ["credential openai", "model gpt-4o", "model gpt-4o-mini"],
        "changed": [],
        "unchanged": [],
        "removed": [],
    }
    assert aliases(world) == ["gpt-4o", "gpt-4o-mini"]


def test_the_same_document_again_changes_nothing(world: World) -> None:
    apply(world, document())
    with world.database.reading() as connection:
        before = version.current(connection)
    answer = apply(world, document())
    assert answer.json["unchanged"] == ["credential openai", "model gpt-4o", "model gpt-4o-mini"]
    assert answer.json["created"] == answer.json["changed"] == []
    with world.database.reading() as connection:
        assert version.current(connection) == before


def test_only_what_differs_is_changed(world: World) -> None:
    apply(world, document())
    changed = document()
    changed["models"][0]["retries"] = 7
    changed["credentials"][0]["api_key"] = "sk-rotated-secret-1111"
    answer = apply(world, changed).json
    assert answer["changed"] == ["credential openai", "model gpt-4o"]
    assert answer["unchanged"] == ["model gpt-4o-mini"]
    shown = world.bob.get(f"/api/projects/{world.menu}/credentials").json["items"][0]
    assert shown["secret_hint"] == "1111"


def test_one_mistake_and_nothing_is_written(world: World) -> None:
    broken = document()
    broken["models"][1]["deployments"][0]["weight"] = -1
    answer = apply(world, broken)
    assert answer.status == 400
    assert answer.error["param"] == "models.1.deployments.0.weight"
    assert "'gpt-4o-mini'" in answer.error["message"]
    assert aliases(world) == []
    assert world.bob.get(f"/api/projects/{world.menu}/credentials").json["items"] == []


def test_without_prune_what_is_not_named_stays(world: World) -> None:
    apply(world, document())
    assert apply(world, {"models": []}).json["removed"] == []
    assert aliases(world) == ["gpt-4o", "gpt-4o-mini"]


def test_with_prune_what_is_not_named_goes(world: World) -> None:
    apply(world, document())
    kept = document(prune=True)
    kept["models"] = [{**kept["models"][0], "fallbacks": []}]
    answer = apply(world, kept).json
    assert answer["removed"] == ["model gpt-4o-mini"]
    assert aliases(world) == ["gpt-4o"]


def test_prune_empties_a_project(world: World) -> None:
    apply(world, document())
    answer = apply(world, {"prune": True}).json
    assert answer["removed"] == ["credential openai", "model gpt-4o", "model gpt-4o-mini"]
    assert aliases(world) == []


def test_a_dry_run_reports_and_writes_nothing(world: World) -> None:
    answer = apply(world, document(dry_run=True))
    assert answer.json["created"] == ["credential openai", "model gpt-4o", "model gpt-4o-mini"]
    assert aliases(world) == []


def test_routing_and_the_projects_setting_are_applied_and_then_unchanged(world: World) -> None:
    sent = document(policy_block_vendors=["azure"])
    sent["models"][0]["routing"] = {
        "strategy": "cost",
        "prefer_regions": ["koreacentral"],
        "fallbacks_after": {"policy_block": ["gpt-4o-mini"], "throttled": []},
    }
    sent["models"][0]["deployments"][0] |= {"context_window": 128_000, "supports": ["vision", "tools"]}
    assert "setting policy_block_vendors" in apply(world, sent).json["changed"]
    again = apply(world, sent).json
    assert again["created"] == again["changed"] == []
    assert "setting policy_block_vendors" in again["unchanged"]
    assert world.bob.get(f"/api/projects/{world.menu}/routing").json == {"policy_block_vendors": ["azure"]}


def test_what_a_project_has_can_be_applied_to_it_and_changes_nothing(world: World) -> None:
    sent = document(policy_block_vendors=["azure"])
    sent["models"][0]["routing"] = {"strategy": "cost", "fallbacks_after": {"throttled": []}}
    sent["models"][0]["deployments"][0] |= {"supports": ["vision"], "input_usd_per_million": "2.50"}
    apply(world, sent)
    described = world.program(world.menu_secret_key)("GET", "/api/apply", None)
    assert b"sk-vendor-secret-9876" not in described.body
    assert described.json["models"][0] == sent["models"][0]
    again = apply(world, described.json).json
    assert again["created"] == again["changed"] == again["removed"] == []


def test_a_key_left_out_keeps_the_stored_one(world: World) -> None:
    apply(world, document())
    later = document()
    del later["credentials"][0]["api_key"]
    assert apply(world, later).json["unchanged"][0] == "credential openai"


def test_a_document_reaches_only_its_keys_project(world: World) -> None:
    apply(world, document())
    assert world.mallory.get(f"/api/projects/{world.mallorys_project}/models").json["items"] == []


def test_a_name_described_twice_is_refused(world: World) -> None:
    twice = document()
    twice["credentials"] *= 2
    answer = apply(world, twice)
    assert answer.error["param"] == "credentials.1.name"


def test_a_wrong_key_is_refused_with_the_header_to_send(world: World) -> None:
    answer = world.program("sk-md-wrong")("POST", "/api/apply", document())
    assert answer.status == 401
    assert answer.error["code"] == "invalid_api_key"
    assert "Bearer" in answer.error["message"]


def test_a_browsers_session_is_no_key(world: World) -> None:
    assert world.alice.post("/api/apply", document()).status == 401
