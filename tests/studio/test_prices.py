"""Prices as people meet them: the list as their project pays it, and what they agreed with their vendors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.studio.world import Answer, World

from madang_server.storage.sql import version

AGREED: dict[str, Any] = {"vendor": "openai", "model": "gpt-4o", "valid_from": "2026-01-01", "input": "2.00"}


def put(world: World, **fields: Any) -> Answer:
    return world.bob.put(f"/api/projects/{world.menu}/prices/overrides", AGREED | fields)


def listed(world: World, query: str) -> dict[tuple[str, str], Any]:
    items = world.carol.get(f"/api/projects/{world.menu}/prices?query={query}").json["items"]
    return {(one["vendor"], one["model"]): one for one in items}


def test_the_list_tells_prices_context_and_where_they_are_from(world: World) -> None:
    one = listed(world, "gpt-4o")["openai", "gpt-4o"]
    assert (one["input"], one["cached_input"], one["output"]) == ("2.5", "1.25", "10")
    assert one["per_image"] is None
    assert one["context_window"] == 128_000
    assert one["source"].startswith("genai-prices ")


def price_of(world: World, **query: str) -> Any:
    answer = world.carol.get(f"/api/projects/{world.menu}/prices/of?{urlencode(query)}")
    assert answer.status == 200
    return answer.json


def test_a_deployment_without_its_own_price_is_told_which_one_it_pays(world: World) -> None:
    listed_price = price_of(world, vendor="openai", model="gpt-4o")
    assert (listed_price["input"], listed_price["context_window"]) == ("2.5", 128_000)
    put(world)
    agreed = price_of(world, vendor="openai", model="gpt-4o")
    assert (agreed["input"], agreed["output"]) == ("2.00", "10")


def test_an_opaque_name_has_the_price_of_the_model_behind_it(world: World) -> None:
    assert price_of(world, vendor="azure", model="team-menu") is None
    assert price_of(world, vendor="azure", model="team-menu", base_model="gpt-4o")["input"] == "2.5"


def test_a_price_that_rises_with_the_prompt_shows_from_which_length_on(world: World) -> None:
    tiers = listed(world, "gemini-2.5-pro")["gemini", "gemini-2.5-pro"]["tiers"]
    assert [(tier["above_input_tokens"], tier["input"]) for tier in tiers] == [(200_000, "2.5")]


def test_the_list_comes_in_pages_without_gap_or_repeat(world: World) -> None:
    path = f"/api/projects/{world.menu}/prices?query=claude&limit=50"
    page = world.carol.get(path).json
    seen = [(one["vendor"], one["model"]) for one in page["items"]]
    while page["next_cursor"]:
        page = world.carol.get(f"{path}&cursor={page['next_cursor']}").json
        seen += [(one["vendor"], one["model"]) for one in page["items"]]
    assert len(seen) == len(set(seen)) > 100


def test_an_agreed_price_shows_who_set_it_and_when_and_counts_in_the_list(world: World) -> None:
    made = put(world, cached_input="0.9")
    assert made.status == 200
    assert (made.json["input"], made.json["output"], made.json["updated_by"]) == ("2.00", None, "bob@example.com")
    assert made.json["updated_at"].endswith("Z")
    one = listed(world, "gpt-4o")["openai", "gpt-4o"]
    assert (one["input"], one["cached_input"], one["output"]) == ("2.00", "0.9", "10")
    assert one["source"].startswith("project, genai-prices ")


def test_the_same_vendor_model_and_day_has_one_price(world: World) -> None:
    first = put(world).json
    world.clock.pass_by(timedelta(minutes=1))
    changed = world.alice.put(
        f"/api/projects/{world.menu}/prices/overrides", AGREED | {"input": "3", "output": "9"}
    ).json
    assert (changed["id"], changed["input"], changed["output"]) == (first["id"], "3", "9")
    assert (changed["updated_by"], changed["updated_at"] > first["updated_at"]) == ("alice@example.com", True)
    later = put(world, valid_from="2026-09-01").json
    items = world.carol.get(f"/api/projects/{world.menu}/prices/overrides").json["items"]
    assert [one["id"] for one in items] == [later["id"], first["id"]]


def test_a_deleted_price_is_gone_and_the_list_holds_again(world: World) -> None:
    made = put(world).json
    path = f"/api/projects/{world.menu}/prices/overrides/{made['id']}"
    assert world.bob.delete(path).status == 204
    assert world.bob.delete(path).status == 404
    assert listed(world, "gpt-4o")["openai", "gpt-4o"]["input"] == "2.5"


def test_a_price_that_begins_tomorrow_is_not_paid_today(world: World) -> None:
    tomorrow = (world.clock.now() + timedelta(days=1)).date().isoformat()
    assert put(world, valid_from=tomorrow).status == 200
    assert listed(world, "gpt-4o")["openai", "gpt-4o"]["input"] == "2.5"


def test_another_project_sees_neither_the_agreement_nor_its_effect(world: World) -> None:
    put(world)
    mine = f"/api/projects/{world.mallorys_project}/prices"
    assert world.mallory.get(f"{mine}/overrides").json["items"] == []
    items = world.mallory.get(f"{mine}?query=gpt-4o").json["items"]
    assert {one["input"] for one in items if (one["vendor"], one["model"]) == ("openai", "gpt-4o")} == {"2.5"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": None}, "price"),
        ({"input": "-1"}, "input"),
        ({"output": "1000001"}, "output"),
        ({"per_image": "0." + "1" * 60}, "per_image"),
        ({"per_image": "1E-999999"}, "per_image"),  # a short number that is long to write down
        ({"per_request": "0E-999999"}, "per_request"),
        ({"model": "gpt*4o"}, "model"),
        ({"model": ""}, "model"),
        ({"model": " gpt-4o"}, "model"),
        ({"vendor": "Open AI"}, "vendor"),
    ],
    ids=str,
)
def test_a_price_that_cannot_be_names_its_field(world: World, fields: dict[str, Any], param: str) -> None:
    answer = put(world, **fields)
    assert (answer.status, answer.error["param"]) == (400, param)


@pytest.mark.parametrize("fields", [{"valid_from": "soon"}, {"input": "much"}, {"input": "NaN"}, {"inptu": "1"}])
def test_what_is_no_price_at_all_is_refused(world: World, fields: dict[str, Any]) -> None:
    assert put(world, **fields).status in (400, 422)


def test_every_change_moves_the_counter_that_gateways_watch(world: World) -> None:
    def current() -> int:
        with world.database.reading() as connection:
            return version.current(connection)

    before = current()
    made = put(world).json
    between = current()
    world.bob.delete(f"/api/projects/{world.menu}/prices/overrides/{made['id']}")
    assert before < between < current()


def test_a_price_outlives_the_person_who_set_it(world: World) -> None:
    put(world)
    with world.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM users WHERE email = 'bob@example.com'")
    items = world.carol.get(f"/api/projects/{world.menu}/prices/overrides").json["items"]
    assert [(one["input"], one["updated_by"]) for one in items] == [("2.00", None)]
