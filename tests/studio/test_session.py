"""Signing in and out, as a person in a browser meets it."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from tests.studio.world import PASSWORD, World

from madang_server.accounts import links


def link_token(world: World, name: str) -> str:
    with world.database.transaction() as connection:
        link = links.make_link(
            connection,
            world.user_ids[name],
            world.settings.base_url,
            now=world.clock.now(),
            random_bytes=secrets.token_bytes,
        )
    return link.partition("token=")[2]


def test_signing_in_shows_the_person_and_their_projects(world: World) -> None:
    browser = world.browser()
    answer = browser.post("/api/sign-in", {"email": " Alice@Example.com ", "password": PASSWORD})
    assert answer.status == 200
    assert answer.json["user"]["email"] == "alice@example.com"
    assert answer.json["organisations"][0]["projects"] == [{"id": world.menu, "name": "Menu", "is_sandbox": False}]
    assert browser.get("/api/session").json == answer.json


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(world: World) -> None:
    answer = world.browser().post("/api/sign-in", {"email": "alice@example.com", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("madang_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(world: World) -> None:
    wrong = world.browser().post("/api/sign-in", {"email": "alice@example.com", "password": "wrong password"})
    unknown = world.browser().post("/api/sign-in", {"email": "nobody@example.com", "password": "wrong password"})
    assert wrong.status == unknown.status == 401
    assert wrong.json == unknown.json
    assert wrong.error["code"] == "wrong_credentials"


def test_guessing_is_slowed_down_and_the_right_password_has_to_wait_too(world: World) -> None:
    browser = world.browser()
    for _ in range(5):
        assert browser.post("/api/sign-in", {"email": "alice@example.com", "password": "guess"}).status == 401
    refused = browser.post("/api/sign-in", {"email": "alice@example.com", "password": PASSWORD})
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= 30
    world.clock.pass_by(timedelta(seconds=31))
    assert browser.post("/api/sign-in", {"email": "alice@example.com", "password": PASSWORD}).status == 200


def test_guessing_at_one_account_does_not_lock_out_others(world: World) -> None:
    for _ in range(6):
        world.browser().post("/api/sign-in", {"email": "alice@example.com", "password": "guess"})
    assert world.browser().post("/api/sign-in", {"email": "bob@example.com", "password": PASSWORD}).status == 200


def test_without_a_cookie_nobody_is_signed_in(world: World) -> None:
    answer = world.browser().get("/api/session")
    assert answer.status == 401
    assert answer.error["code"] == "not_signed_in"


def test_signing_out_ends_the_session_for_whoever_copied_the_cookie(world: World) -> None:
    copied = world.browser()
    copied.token = world.alice.token
    assert world.alice.post("/api/sign-out").status == 204
    assert copied.get("/api/session").status == 401


def test_a_session_ends_after_fourteen_days_without_use(world: World) -> None:
    world.clock.pass_by(timedelta(days=14, seconds=1))
    assert world.alice.get("/api/session").status == 401


def test_a_session_in_use_lives_on(world: World) -> None:
    for _ in range(3):
        world.clock.pass_by(timedelta(days=10))
        assert world.alice.get("/api/session").status == 200


def test_a_change_slides_an_old_session_without_getting_in_its_own_way(world: World) -> None:
    world.clock.pass_by(timedelta(days=10))
    assert world.alice.patch("/api/profile", {"name": "Alice B."}).status == 200
    world.clock.pass_by(timedelta(days=10))
    assert world.alice.get("/api/session").json["user"]["name"] == "Alice B."


def test_a_sign_in_link_works_once(world: World) -> None:
    token = link_token(world, "carol")
    browser = world.browser()
    assert browser.post("/api/sign-in/link", {"token": token}).json["user"]["email"] == "carol@example.com"
    assert browser.get("/api/session").status == 200
    again = world.browser().post("/api/sign-in/link", {"token": token})
    assert again.status == 401
    assert again.error["code"] == "link_invalid"
    assert "madang sign-in-link" in again.error["message"]


def test_a_sign_in_link_is_worthless_after_an_hour(world: World) -> None:
    token = link_token(world, "carol")
    world.clock.pass_by(timedelta(hours=1, seconds=1))
    assert world.browser().post("/api/sign-in/link", {"token": token}).status == 401


def test_a_change_without_the_csrf_header_is_refused(world: World) -> None:
    world.alice.csrf = None
    answer = world.alice.patch("/api/profile", {"name": "Eve"})
    assert answer.status == 403
    assert answer.error["code"] == "csrf_failed"


def test_another_sessions_csrf_token_does_not_help(world: World) -> None:
    world.alice.csrf = world.mallory.csrf
    assert world.alice.patch("/api/profile", {"name": "Eve"}).error["code"] == "csrf_failed"


def test_a_page_of_another_address_cannot_sign_anybody_in(world: World) -> None:
    browser = world.browser()
    browser.origin = "https://evil.example"
    answer = browser.post("/api/sign-in", {"email": "alice@example.com", "password": PASSWORD})
    assert answer.status == 403
    assert answer.error["code"] == "wrong_origin"
    assert "set-cookie" not in answer.headers


def test_a_sandboxed_page_counts_as_another_address(world: World) -> None:
    world.alice.origin = "null"
    assert world.alice.patch("/api/profile", {"name": "Eve"}).error["code"] == "wrong_origin"


@pytest.mark.parametrize(("origin", "host"), [("http://[", "127.0.0.1"), ("http://[", ""), ("null", "")])
def test_an_origin_that_is_no_address_counts_as_another_one(world: World, origin: str, host: str) -> None:
    world.alice.origin = origin
    answer = world.alice.send("PATCH", "/api/profile", {"name": "Eve"}, headers={"host": host})
    assert (answer.status, answer.error["code"]) == (403, "wrong_origin")


def test_a_password_change_ends_all_other_sessions_and_links(world: World) -> None:
    elsewhere = world.browser()
    elsewhere.post("/api/sign-in", {"email": "alice@example.com", "password": PASSWORD})
    token = link_token(world, "alice")
    change = {"password": "another good password", "current_password": PASSWORD}
    assert world.alice.patch("/api/profile", change).status == 200
    assert world.alice.get("/api/session").status == 200
    assert elsewhere.get("/api/session").status == 401
    assert world.browser().post("/api/sign-in/link", {"token": token}).status == 401
    new = {"email": "alice@example.com", "password": "another good password"}
    assert world.browser().post("/api/sign-in", new).status == 200


def test_a_new_password_asks_for_the_current_one(world: World) -> None:
    answer = world.alice.patch("/api/profile", {"password": "another good password", "current_password": "wrong"})
    assert answer.status == 400
    assert answer.error["param"] == "current_password"


def test_a_short_password_is_refused_with_the_rule(world: World) -> None:
    answer = world.alice.patch("/api/profile", {"password": "short", "current_password": PASSWORD})
    assert answer.status == 400
    assert answer.error["param"] == "password"
    assert "10" in answer.error["message"]


def test_an_email_that_somebody_has_is_refused(world: World) -> None:
    answer = world.alice.patch("/api/profile", {"email": "bob@example.com", "current_password": PASSWORD})
    assert answer.status == 409
    assert answer.error["param"] == "email"


def test_language_and_name_are_changed_without_the_password(world: World) -> None:
    answer = world.alice.patch("/api/profile", {"language": "ko", "name": "앨리스"})
    assert answer.json["user"]["language"] == "ko"
    assert world.alice.get("/api/session").json["user"]["name"] == "앨리스"
