"""Members and organisations: who may let whom in, and what keeps an organisation from losing its last owner."""

from __future__ import annotations

import pytest
from tests.studio.world import Answer, Browser, World


def invite(browser: Browser, world: World, email: str, role: str = "member") -> Answer:
    return browser.post(f"/api/organisations/{world.acme}/members", {"email": email, "name": "New", "role": role})


def make_admin(world: World, name: str) -> None:
    path = f"/api/organisations/{world.acme}/members/{world.user_ids[name]}"
    assert world.alice.patch(path, {"role": "admin"}).status == 200


def test_every_member_sees_the_members(world: World) -> None:
    answer = world.carol.get(f"/api/organisations/{world.acme}/members")
    assert {(one["email"], one["role"]) for one in answer.json["items"]} == {
        ("alice@example.com", "owner"),
        ("bob@example.com", "member"),
        ("carol@example.com", "viewer"),
    }


def test_an_invited_person_signs_in_by_the_link_that_was_shown_once(world: World) -> None:
    invited = invite(world.alice, world, "dave@example.com", "viewer")
    assert invited.status == 201
    token = invited.json["sign_in_link"].partition("token=")[2]
    browser = world.browser()
    session = browser.post("/api/sign-in/link", {"token": token}).json
    assert session["organisations"][0]["role"] == "viewer"
    assert session["user"]["has_password"] is False


def test_inviting_somebody_with_an_account_gives_no_link_to_it(world: World) -> None:
    answer = invite(world.alice, world, "mallory@example.com")
    assert answer.status == 201
    assert answer.json["sign_in_link"] is None


def test_inviting_a_member_again_is_a_conflict(world: World) -> None:
    answer = invite(world.alice, world, "bob@example.com")
    assert answer.status == 409
    assert answer.error["code"] == "already_member"


@pytest.mark.parametrize("name", ["bob", "carol"])
def test_members_and_viewers_cannot_invite(world: World, name: str) -> None:
    answer = invite(getattr(world, name), world, "dave@example.com")
    assert answer.status == 403
    assert answer.error["code"] == "forbidden"


def test_an_admin_invites_members_but_makes_no_owners(world: World) -> None:
    make_admin(world, "bob")
    assert invite(world.bob, world, "dave@example.com", "admin").status == 201
    assert invite(world.bob, world, "erin@example.com", "owner").status == 403


def test_an_admin_cannot_change_or_remove_an_owner(world: World) -> None:
    make_admin(world, "bob")
    path = f"/api/organisations/{world.acme}/members/{world.user_ids['alice']}"
    assert world.bob.patch(path, {"role": "viewer"}).status == 403
    assert world.bob.delete(path).status == 403


def test_the_last_owner_cannot_be_demoted_or_removed(world: World) -> None:
    path = f"/api/organisations/{world.acme}/members/{world.user_ids['alice']}"
    assert world.alice.patch(path, {"role": "admin"}).error["code"] == "last_owner"
    assert world.alice.delete(path).error["code"] == "last_owner"
    assert world.alice.get("/api/session").json["organisations"][0]["role"] == "owner"


def test_an_owner_may_go_when_there_is_another(world: World) -> None:
    bob = f"/api/organisations/{world.acme}/members/{world.user_ids['bob']}"
    assert world.alice.patch(bob, {"role": "owner"}).status == 200
    assert world.alice.delete(f"/api/organisations/{world.acme}/members/{world.user_ids['alice']}").status == 204
    assert world.alice.get(f"/api/organisations/{world.acme}/members").status == 404


def test_everybody_may_leave_but_not_remove_others(world: World) -> None:
    assert world.carol.delete(f"/api/organisations/{world.acme}/members/{world.user_ids['bob']}").status == 403
    assert world.carol.delete(f"/api/organisations/{world.acme}/members/{world.user_ids['carol']}").status == 204
    assert world.carol.get(f"/api/projects/{world.menu}/keys").status == 404


def test_a_removed_member_sees_nothing_any_more(world: World) -> None:
    assert world.alice.delete(f"/api/organisations/{world.acme}/members/{world.user_ids['bob']}").status == 204
    assert world.bob.get(f"/api/projects/{world.menu}/models").status == 404
    assert world.bob.get("/api/session").json["organisations"] == []


def test_an_unknown_role_is_refused_with_the_known_ones(world: World) -> None:
    answer = invite(world.alice, world, "dave@example.com", "king")
    assert answer.status == 400
    assert answer.error["param"] == "role"
    assert "viewer" in answer.error["message"]


def test_a_new_organisation_belongs_to_who_made_it(world: World) -> None:
    made = world.carol.post("/api/organisations", {"name": "Carol's"})
    assert made.status == 201
    assert made.json["role"] == "owner"
    project = world.carol.post(f"/api/organisations/{made.json['id']}/projects", {"name": "첫 프로젝트"})
    assert project.json["name"] == "첫 프로젝트"


def test_organisation_and_project_are_renamed(world: World) -> None:
    assert world.alice.patch(f"/api/organisations/{world.acme}", {"name": "Acme Korea"}).status == 204
    assert world.alice.patch(f"/api/projects/{world.menu}", {"name": "Dinner"}).json["name"] == "Dinner"
    organisation = world.bob.get("/api/session").json["organisations"][0]
    assert (organisation["name"], organisation["projects"][0]["name"]) == ("Acme Korea", "Dinner")


def test_two_projects_of_one_name_are_a_conflict(world: World) -> None:
    answer = world.alice.post(f"/api/organisations/{world.acme}/projects", {"name": " Menu "})
    assert answer.status == 409
    assert answer.error["param"] == "name"


@pytest.mark.parametrize("name", ["bob", "carol"])
def test_members_and_viewers_neither_make_nor_delete_projects(world: World, name: str) -> None:
    browser: Browser = getattr(world, name)
    assert browser.post(f"/api/organisations/{world.acme}/projects", {"name": "X"}).status == 403
    assert browser.delete(f"/api/projects/{world.menu}").status == 403


def test_a_deleted_project_is_gone_with_its_key(world: World) -> None:
    assert world.alice.delete(f"/api/projects/{world.menu}").status == 204
    assert world.alice.get(f"/api/projects/{world.menu}/models").status == 404
    assert world.program(world.menu_secret_key)("POST", "/api/apply", {}).status == 401
