"""Drills as people meet them: started by who may change models, watched by who may look, stopped, lost and waited for."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.sdk.routing.test_document import described_model, described_target
from tests.studio.world import Answer, World
from tests.support.running_platform import Platform, until

from madang_server.accounts.problems import Conflict
from madang_server.accounts.randomness import new_id
from madang_server.drill import store
from madang_server.drill.runner import DrillRunner
from madang_server.drill.scenario import read_scenario

DOWN: dict[str, Any] = {"kind": "down", "deployment": "east", "from_minute": 1, "to_minute": 2}
SHORT: dict[str, Any] = {"model": "chat", "minutes": 3, "per_second": 2, "disturbances": [DOWN]}
ENDLESS: dict[str, Any] = {"model": "chat", "minutes": 60, "per_second": 16, "disturbances": []}
MODELS = [described_model("chat", described_target("east"), described_target("west"))]


@pytest.fixture
def runner(world: World) -> Iterator[DrillRunner]:
    playing = DrillRunner(world.database, lambda: datetime.now(UTC))
    yield playing
    playing.close()


def added(world: World, scenario: dict[str, Any] = SHORT) -> str:
    """A drill of the project Menu that waits to be played."""
    read_scenario(scenario)
    with world.database.transaction() as connection:
        drill_id = new_id(secrets.token_bytes)
        user_id = world.user_ids["bob"]
        store.add_drill(connection, world.menu, drill_id, scenario, user_id=user_id, now=world.clock.now())
    return drill_id


def path(world: World, drill_id: str = "") -> str:
    return f"/api/projects/{world.menu}/drills" + (f"/{drill_id}" if drill_id else "")


def seen(world: World, drill_id: str) -> Any:
    return world.carol.get(path(world, drill_id)).json


def plays(world: World, runner: DrillRunner, drill_id: str, scenario: dict[str, Any]) -> None:
    runner.start(drill_id, {"scenario": scenario, "models": MODELS, "paces": {}})


def minutes_of(world: World, drill_id: str) -> int:
    return len(seen(world, drill_id)["minutes"])


def test_a_drill_that_is_played_becomes_a_report(world: World, runner: DrillRunner) -> None:
    drill_id = added(world)
    assert seen(world, drill_id)["state"] == "waiting"
    plays(world, runner, drill_id, SHORT)
    until(lambda: seen(world, drill_id)["state"] == "done", "the drill is done", within_s=60)
    drill = seen(world, drill_id)
    assert [minute["minute"] for minute in drill["minutes"]] == [0, 1, 2]
    assert (drill["total"]["calls"], drill["total"]["failures"]) == (360, {})
    assert drill["noticed"][0]["deployment"] == "east"
    [listed] = world.carol.get(path(world)).json["items"]
    assert (listed["id"], listed["success_rate"], listed["calls"]) == (drill_id, 1.0, 360)


def test_a_drill_that_takes_too_long_is_ended_and_says_so(world: World) -> None:
    impatient = DrillRunner(world.database, lambda: datetime.now(UTC), longest_s=0.01)
    drill_id = added(world, ENDLESS)
    plays(world, impatient, drill_id, ENDLESS)
    until(lambda: seen(world, drill_id)["state"] == "failed", "the drill is ended", within_s=60)
    assert "took too long" in seen(world, drill_id)["problem"]
    impatient.close()


def test_only_so_many_drills_of_a_project_wait(world: World) -> None:
    waiting = [added(world) for _ in range(store.MOST_UNFINISHED)]
    with pytest.raises(Conflict, match="Stop one"):
        added(world)
    world.bob.post(path(world, waiting[0]) + "/stop")
    assert seen(world, added(world))["state"] == "waiting"


def test_a_stopped_drill_keeps_what_was_played_and_the_next_one_begins(world: World, runner: DrillRunner) -> None:
    first, second = added(world, ENDLESS), added(world)
    plays(world, runner, first, ENDLESS)
    until(lambda: minutes_of(world, first) > 0, "a minute has been played", within_s=60)
    plays(world, runner, second, SHORT)
    assert seen(world, second)["state"] == "waiting"
    stopped = world.bob.post(path(world, first) + "/stop").json
    assert (stopped["state"], stopped["total"]) == ("stopped", None)
    assert len(stopped["minutes"]) > 0
    until(lambda: seen(world, second)["state"] == "done", "the second drill is done", within_s=60)
    assert seen(world, first)["state"] == "stopped"


def test_a_drill_of_a_server_that_is_stopped_says_so_and_so_does_one_that_waits(
    world: World, runner: DrillRunner
) -> None:
    playing, waiting = added(world, ENDLESS), added(world)
    plays(world, runner, playing, ENDLESS)
    until(lambda: minutes_of(world, playing) > 0, "a minute has been played", within_s=60)
    plays(world, runner, waiting, SHORT)
    runner.close()
    for drill_id in (playing, waiting):
        drill = seen(world, drill_id)
        assert (drill["state"], drill["problem"]) == ("failed", "The server was stopped. Start the drill again.")


def test_a_drill_that_has_not_moved_for_a_minute_is_lost(world: World) -> None:
    drill_id = added(world)
    world.clock.pass_by(timedelta(seconds=59))
    assert seen(world, drill_id)["state"] == "waiting"
    world.clock.pass_by(timedelta(seconds=2))
    assert seen(world, drill_id)["state"] == "lost"
    assert world.carol.get(path(world)).json["items"][0]["state"] == "lost"


def test_what_the_process_cannot_play_is_a_failed_drill_with_its_reason(world: World, runner: DrillRunner) -> None:
    other = SHORT | {"model": "gone"}
    drill_id = added(world, other)
    plays(world, runner, drill_id, other)
    until(lambda: seen(world, drill_id)["state"] == "failed", "the drill has failed", within_s=60)
    assert seen(world, drill_id)["problem"] == "Model 'gone' is not set up in this project."


def test_a_drill_that_is_over_cannot_be_stopped_any_more(world: World, runner: DrillRunner) -> None:
    drill_id = added(world)
    plays(world, runner, drill_id, SHORT)
    until(lambda: seen(world, drill_id)["state"] == "done", "the drill is done", within_s=60)
    assert world.bob.post(path(world, drill_id) + "/stop").json["state"] == "done"


def test_the_newest_drill_comes_first_and_the_oldest_of_fifty_makes_room(world: World) -> None:
    made = []
    for _ in range(store.KEPT_PER_PROJECT + 1):
        made.append(added(world))
        world.bob.post(path(world, made[-1]) + "/stop")
        world.clock.pass_by(timedelta(seconds=1))
    listed = [one["id"] for one in world.carol.get(path(world)).json["items"]]
    assert listed == made[:0:-1]


def test_a_lost_drill_keeps_nobody_waiting(world: World) -> None:
    for _ in range(store.MOST_UNFINISHED):
        added(world)
    world.clock.pass_by(timedelta(minutes=2))
    assert seen(world, added(world))["state"] == "waiting"


def test_a_viewer_looks_but_neither_starts_nor_stops(world: World) -> None:
    drill_id = added(world)
    assert world.carol.get(path(world, drill_id)).status == 200
    for refused in (world.carol.post(path(world), SHORT), world.carol.post(path(world, drill_id) + "/stop")):
        assert refused.status == 403
        assert "Your role here is viewer" in refused.error["message"]
    assert seen(world, drill_id)["state"] == "waiting"


def test_a_stranger_learns_nothing(world: World) -> None:
    drill_id = added(world)
    asked = [
        ("GET", path(world), None),
        ("POST", path(world), SHORT),
        ("GET", path(world, drill_id), None),
        ("POST", path(world, drill_id) + "/stop", None),
    ]
    for method, where, body in asked:
        assert world.mallory.send(method, where, body).status == 404
        assert world.browser().send(method, where, body).status == 401
    assert seen(world, drill_id)["state"] == "waiting"


def test_a_drill_of_another_project_is_not_found_in_ones_own(world: World) -> None:
    drill_id = added(world)
    assert world.mallory.get(f"/api/projects/{world.mallorys_project}/drills/{drill_id}").status == 404


# On a whole platform, where a gateway knows the models


@pytest.fixture(scope="module")
def model(platform: Platform) -> str:
    return platform.model(
        platform.deployment(region="eastus"), platform.deployment(region="koreacentral"), alias="chat-to-rehearse"
    )


def started(platform: Platform, **scenario: Any) -> Answer:
    return platform.browser().post(f"/api/projects/{platform.project_id()}/drills", scenario)


def test_a_drill_plays_the_routing_of_the_project(platform: Platform, model: str) -> None:
    outage = {"kind": "down", "region": "eastus", "from_minute": 1, "to_minute": 2}
    made = started(platform, model=model, minutes=3, per_second=5, disturbances=[outage])
    assert (made.status, made.json["state"], made.json["scenario"]["seed"]) == (201, "waiting", 1)

    def drill() -> Any:
        return platform.browser().get(f"/api/projects/{platform.project_id()}/drills/{made.json['id']}").json

    until(lambda: drill()["state"] == "done", "the drill is done", within_s=90)
    done = drill()
    assert done["total"]["failures"] == {}
    assert [len(minute["by_deployment"]) for minute in done["minutes"]] == [2, 1, 2]
    assert float(done["total"]["cost_usd"]) > 0


@pytest.mark.parametrize(
    ("wrong", "status", "param", "words"),
    [
        ({"model": "no-such-model"}, 404, None, "no-such-model"),
        ({"minutes": 61}, 400, "minutes", "from 1 to 60"),
        ({"per_second": 200, "minutes": 60}, 400, "per_second", "up to 60,000"),
        ({"disturbances": [{"kind": "down", "region": "mars"}]}, 400, "disturbances.0", "there are: "),
        ({"disturbances": [{"kind": "down", "to_minute": 1}]}, 400, "disturbances.0.to_minute", "after it begins"),
        ({"disturbances": [{"kind": "fire"}]}, 400, "disturbances.0.kind", ""),
        ({"speed": 3}, 400, "speed", ""),
    ],
)
def test_what_cannot_be_played_is_refused_before_it_begins(
    platform: Platform, model: str, wrong: dict[str, Any], status: int, param: str | None, words: str
) -> None:
    refused = started(platform, **({"model": model} | wrong))
    assert refused.status == status
    assert words in refused.error["message"]
    assert refused.error["param"] == param
