"""Mallory, who owns another organisation, learns nothing about Acme: not even that something exists."""

from __future__ import annotations

from typing import Any

import pytest
from tests.studio.world import World

MODEL: dict[str, Any] = {
    "alias": "gpt-4o",
    "deployments": [
        {"name": "main", "vendor": "openai", "vendor_model": "gpt-4o", "base_url": "http://127.0.0.1:9/v1"}
    ],
}

PRICE: dict[str, Any] = {"vendor": "openai", "model": "gpt-4o", "valid_from": "2026-01-01", "input": "2"}

REQUESTS: list[tuple[str, str, Any]] = [
    ("PATCH", "/api/organisations/{acme}", {"name": "Mine"}),
    ("GET", "/api/organisations/{acme}/members", None),
    ("POST", "/api/organisations/{acme}/members", {"email": "m@example.com", "role": "owner"}),
    ("PATCH", "/api/organisations/{acme}/members/{alice}", {"role": "viewer"}),
    ("DELETE", "/api/organisations/{acme}/members/{alice}", None),
    ("POST", "/api/organisations/{acme}/projects", {"name": "Mine"}),
    ("PATCH", "/api/projects/{menu}", {"name": "Mine"}),
    ("DELETE", "/api/projects/{menu}", None),
    ("GET", "/api/projects/{menu}/keys", None),
    ("POST", "/api/projects/{menu}/keys", {"name": "mine"}),
    ("DELETE", "/api/projects/{menu}/keys/{key}", None),
    ("GET", "/api/projects/{menu}/credentials", None),
    ("POST", "/api/projects/{menu}/credentials", {"name": "c", "vendor": "openai", "api_key": "sk-abcdefabcdef"}),
    ("PATCH", "/api/projects/{menu}/credentials/{credential}", {"base_url": "https://evil.example"}),
    ("DELETE", "/api/projects/{menu}/credentials/{credential}", None),
    ("POST", "/api/projects/{menu}/credentials/{credential}/check", None),
    ("GET", "/api/projects/{menu}/models", None),
    ("POST", "/api/projects/{menu}/models", MODEL),
    ("PUT", "/api/projects/{menu}/models/gpt-4o", MODEL),
    ("DELETE", "/api/projects/{menu}/models/gpt-4o", None),
    ("GET", "/api/projects/{menu}/prices", None),
    ("GET", "/api/projects/{menu}/prices/overrides", None),
    ("PUT", "/api/projects/{menu}/prices/overrides", PRICE),
    ("DELETE", "/api/projects/{menu}/prices/overrides/{price}", None),
    ("GET", "/api/projects/{menu}/first-call", None),
]


@pytest.fixture
def ids(world: World) -> dict[str, str]:
    """Ids of things that Alice made, as somebody may have overheard them."""
    key = world.alice.post(f"/api/projects/{world.menu}/keys", {"name": "k"}).json
    sent = {"name": "openai", "vendor": "openai", "api_key": "sk-very-secret-1234"}
    credential = world.alice.post(f"/api/projects/{world.menu}/credentials", sent).json
    assert world.alice.post(f"/api/projects/{world.menu}/models", MODEL).status == 201
    price = world.alice.put(f"/api/projects/{world.menu}/prices/overrides", PRICE).json
    return {
        "acme": world.acme,
        "menu": world.menu,
        "alice": world.user_ids["alice"],
        "key": key["id"],
        "credential": credential["id"],
        "price": price["id"],
    }


def test_a_stranger_gets_the_same_404_as_for_what_does_not_exist(world: World, ids: dict[str, str]) -> None:
    for method, path, body in REQUESTS:
        foreign = world.mallory.send(method, path.format(**ids), body)
        invented = world.mallory.send(method, path.format(**dict.fromkeys(ids, "aaaaaaaaaaaaaaaa")), body)
        assert (method, path, foreign.status, invented.status) == (method, path, 404, 404)
        assert foreign.json == invented.json
        assert not any(secret in foreign.body for secret in (b"Acme", b"Menu", b"alice", b"1234"))


def test_nobody_gets_anything_without_signing_in(world: World, ids: dict[str, str]) -> None:
    for method, path, body in REQUESTS:
        answer = world.browser().send(method, path.format(**ids), body)
        assert (method, path, answer.status, answer.error["code"]) == (method, path, 401, "not_signed_in")


def test_a_viewer_reads_but_changes_nothing(world: World, ids: dict[str, str]) -> None:
    for method, path, body in REQUESTS:
        answer = world.carol.send(method, path.format(**ids), body)
        assert (method, path, answer.status) == (method, path, 200 if method == "GET" else 403)


def test_own_project_does_not_open_foreign_things(world: World, ids: dict[str, str]) -> None:
    mine = f"/api/projects/{world.mallorys_project}"
    assert world.mallory.delete(f"{mine}/keys/{ids['key']}").status == 404
    assert world.mallory.patch(f"{mine}/credentials/{ids['credential']}", {"name": "mine"}).status == 404
    assert world.mallory.delete(f"{mine}/credentials/{ids['credential']}").status == 404
    assert world.mallory.post(f"{mine}/credentials/{ids['credential']}/check").status == 404
    assert world.mallory.delete(f"{mine}/prices/overrides/{ids['price']}").status == 404
    assert world.mallory.put(f"{mine}/models/gpt-4o", MODEL).status == 404
    assert world.mallory.delete(f"{mine}/models/gpt-4o").status == 404


def test_a_foreign_credential_cannot_be_used_by_its_name(world: World, ids: dict[str, str]) -> None:
    model = {**MODEL, "deployments": [{**MODEL["deployments"][0], "credential": "openai"}]}
    answer = world.mallory.post(f"/api/projects/{world.mallorys_project}/models", model)
    assert answer.status == 400
    assert answer.error["param"] == "deployments.0.credential"
    assert ids
