"""Project keys as people meet them in the UI."""

from __future__ import annotations

from datetime import timedelta

from tests.studio.world import World

from madang_server.storage.sql import version


def test_a_new_key_shows_its_secret_once(world: World) -> None:
    world.clock.pass_by(timedelta(seconds=1))
    made = world.bob.post(f"/api/projects/{world.menu}/keys", {"name": "checkout"})
    assert made.status == 201
    secret = made.json["secret_key"]
    assert secret.startswith("sk-md-")
    assert made.json["public_key"].startswith("pk-md-")
    listed = world.carol.get(f"/api/projects/{world.menu}/keys")
    assert secret.encode() not in listed.body
    first = listed.json["items"][0]
    assert (first["name"], first["secret_hint"], first["created_by"]) == ("checkout", secret[-4:], "bob@example.com")


def test_the_secret_is_nowhere_in_the_database(world: World) -> None:
    secret = world.bob.post(f"/api/projects/{world.menu}/keys", {"name": "checkout"}).json["secret_key"]
    with world.database.reading() as connection:
        stored = repr(connection.exec_driver_sql("SELECT * FROM project_keys").all())
    assert secret not in stored


def test_a_revoked_key_stops_working_and_stays_in_the_list(world: World) -> None:
    made = world.bob.post(f"/api/projects/{world.menu}/keys", {"name": "old"}).json
    call = world.program(made["secret_key"])
    assert call("POST", "/api/apply", {}).status == 200
    revoked = world.bob.delete(f"/api/projects/{world.menu}/keys/{made['id']}")
    assert revoked.json["revoked_at"].endswith("Z")
    assert call("POST", "/api/apply", {}).status == 401
    listed = world.bob.get(f"/api/projects/{world.menu}/keys").json["items"]
    assert [key["revoked_at"] for key in listed if key["id"] == made["id"]] == [revoked.json["revoked_at"]]


def test_revoking_twice_keeps_the_first_moment(world: World) -> None:
    made = world.bob.post(f"/api/projects/{world.menu}/keys", {"name": "old"}).json
    path = f"/api/projects/{world.menu}/keys/{made['id']}"
    assert world.bob.delete(path).json == world.bob.delete(path).json


def test_every_change_to_keys_moves_the_counter_that_gateways_watch(world: World) -> None:
    def current() -> int:
        with world.database.reading() as connection:
            return version.current(connection)

    before = current()
    made = world.bob.post(f"/api/projects/{world.menu}/keys", {"name": "k"}).json
    after_making = current()
    world.bob.delete(f"/api/projects/{world.menu}/keys/{made['id']}")
    assert before < after_making < current()
    world.bob.get(f"/api/projects/{world.menu}/keys")
    assert current() == after_making + 1


def test_a_list_comes_in_pages_that_do_not_overlap(world: World) -> None:
    for number in range(4):
        world.bob.post(f"/api/projects/{world.menu}/keys", {"name": f"key {number}"})
    first = world.bob.get(f"/api/projects/{world.menu}/keys?limit=3").json
    second = world.bob.get(f"/api/projects/{world.menu}/keys?limit=3&cursor={first['next_cursor']}").json
    names = [key["name"] for key in first["items"] + second["items"]]
    assert len(first["items"]) == 3
    assert sorted(names) == ["apply", "key 0", "key 1", "key 2", "key 3"]
    assert second["next_cursor"] is None


def test_an_invented_cursor_is_refused(world: World) -> None:
    answer = world.bob.get(f"/api/projects/{world.menu}/keys?cursor=%7Bnonsense")
    assert answer.status == 400
    assert answer.error["param"] == "cursor"


def test_a_key_needs_a_name(world: World) -> None:
    answer = world.bob.post(f"/api/projects/{world.menu}/keys", {"name": "  "})
    assert answer.status == 400
    assert answer.error["param"] == "name"


def test_the_first_page_names_a_working_key_and_the_models(world: World) -> None:
    answer = world.carol.get(f"/api/projects/{world.menu}/first-call").json
    assert answer["public_key"].startswith("pk-md-")
    assert answer["base_url"] == world.settings.base_url
    assert (answer["has_calls"], answer["models"], answer["sandbox"]) == (None, [], False)
