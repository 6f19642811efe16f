"""Limits as people set them: who may, what is wrong with a wrong one, and who changed it last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.studio.world import Answer, Browser, World

from madang_server.storage.sql import version


def put(world: World, who: Browser | None = None, **fields: Any) -> Answer:
    body = {"scope": "project", "kind": "requests_per_minute", "amount": "60", **fields}
    return (who or world.bob).put(f"/api/projects/{world.menu}/limits", body)


def put_organisations(world: World, who: Browser, **fields: Any) -> Answer:
    body = {"scope": "organisation", "kind": "usd_per_month", "amount": "500", **fields}
    return who.put(f"/api/organisations/{world.acme}/limits", body)


def listed(world: World) -> list[Any]:
    items: list[Any] = world.carol.get(f"/api/projects/{world.menu}/limits").json["items"]
    return items


def config_version(world: World) -> int:
    with world.database.reading() as connection:
        return version.current(connection)


def test_a_limit_shows_who_set_it_and_when(world: World) -> None:
    made = put(world)
    assert made.status == 200, made.body
    assert (made.json["amount"], made.json["soft_share"], made.json["updated_by"]) == ("60", "0.8", "bob@example.com")
    assert made.json["updated_at"].endswith("Z")
    assert listed(world) == [made.json]


def test_setting_it_again_changes_the_same_limit(world: World) -> None:
    first = put(world).json
    world.clock.pass_by(timedelta(minutes=1))
    again = put(world, world.alice, amount="90", soft_share="0.5").json
    assert (again["id"], again["amount"], again["soft_share"]) == (first["id"], "90", "0.5")
    assert (again["updated_by"], again["updated_at"] > first["updated_at"]) == ("alice@example.com", True)
    assert len(listed(world)) == 1


def test_a_project_shows_the_organisations_limits_before_its_own(world: World) -> None:
    put(world)
    put_organisations(world, world.alice)
    assert [(one["scope"], one["project_id"]) for one in listed(world)] == [
        ("organisation", None),
        ("project", world.menu),
    ]


def test_gateways_learn_of_every_change(world: World) -> None:
    before = config_version(world)
    made = put(world).json
    assert config_version(world) > before
    before = config_version(world)
    world.bob.delete(f"/api/projects/{world.menu}/limits/{made['id']}")
    assert config_version(world) > before


def test_a_lifted_limit_is_gone(world: World) -> None:
    made = put(world).json
    path = f"/api/projects/{world.menu}/limits/{made['id']}"
    assert [world.bob.delete(path).status, world.bob.delete(path).status] == [204, 404]
    assert listed(world) == []


def test_viewers_may_look_and_not_set(world: World) -> None:
    made = put(world).json
    assert put(world, world.carol).status == 403
    assert world.carol.delete(f"/api/projects/{world.menu}/limits/{made['id']}").status == 403


def test_only_admins_set_the_organisations_limits(world: World) -> None:
    assert put_organisations(world, world.bob).status == 403
    made = put_organisations(world, world.alice)
    assert made.status == 200
    path = f"/api/organisations/{world.acme}/limits/{made.json['id']}"
    assert world.bob.delete(path).status == 403
    assert world.alice.delete(path).status == 204


def test_an_organisations_limit_cannot_be_lifted_through_its_project(world: World) -> None:
    made = put_organisations(world, world.alice).json
    assert world.bob.delete(f"/api/projects/{world.menu}/limits/{made['id']}").status == 404
    assert len(listed(world)) == 1


def test_strangers_find_no_limits_here(world: World) -> None:
    made = put(world).json
    own = f"/api/projects/{world.mallorys_project}/limits"
    assert world.mallory.get(f"/api/projects/{world.menu}/limits").status == 404
    assert put(world, world.mallory).status == 404
    assert put_organisations(world, world.mallory).status == 404
    assert world.mallory.delete(f"{own}/{made['id']}").status == 404
    assert world.mallory.get(own).json["items"] == []


def test_a_key_of_the_project_may_have_a_limit_of_its_own(world: World) -> None:
    key = world.carol.get(f"/api/projects/{world.menu}/keys").json["items"][0]["public_key"]
    assert put(world, scope="key", subject=key).status == 200
    assert put(world, scope="key", subject="*").status == 200
    assert put(world, scope="user", subject="ann").status == 200
    assert len(listed(world)) == 3


@pytest.mark.parametrize(
    ("wrong", "param", "words"),
    [
        ({"scope": "organisation"}, "scope", "scope project, key, user or model"),
        ({"subject": "ann"}, "subject", "leave it empty"),
        ({"scope": "user"}, "subject", "Say which user"),
        ({"scope": "user", "subject": " ann"}, "subject", "Say which user"),
        ({"scope": "user", "subject": "a\u0000b"}, "subject", "Say which user"),
        ({"scope": "key", "subject": "pk-md-nobodys"}, "subject", "no such key"),
        ({"scope": "model", "subject": "nobodys"}, None, "nobodys"),
        ({"amount": "0"}, "amount", "whole number"),
        ({"amount": "1.5"}, "amount", "whole number"),
        ({"amount": "-3"}, "amount", "whole number"),
        ({"amount": "1e30"}, "amount", "whole number"),
        ({"kind": "usd_per_day", "amount": "0.0000000001"}, "amount", "US dollars"),
        ({"kind": "usd_per_day", "amount": "1000000.01"}, "amount", "US dollars"),
        ({"soft_share": "0"}, "soft_share", "above 0"),
        ({"soft_share": "1.1"}, "soft_share", "above 0"),
    ],
)
def test_a_wrong_limit_is_refused_with_what_would_be_right(
    world: World, wrong: dict[str, Any], param: str | None, words: str
) -> None:
    refused = put(world, **wrong)
    assert refused.status in (400, 404), refused.body
    assert words in refused.json["error"]["message"]
    if param:
        assert refused.json["error"]["param"] == param


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": "1e999999999"},
        {"kind": "usd_per_day", "amount": "1e-999999999"},
        {"soft_share": "sNaN"},
        {"kind": "requests_per_year"},
        {"surprise": 1},
        {"amount": None},
    ],
)
def test_nonsense_is_refused_politely(world: World, wrong: dict[str, Any]) -> None:
    refused = put(world, **wrong)
    assert (refused.status, refused.json["error"]["type"]) == (400, "invalid_request_error"), refused.body
