"""The traces API over real HTTP: who may read what, what is refused, and what is said when the store is away."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from tests.store.store_process import a_span, until
from tests.studio.world import CHEAP_PASSWORDS, Clock, World, populate

from madang_server.settings import read_settings
from madang_server.spans.row import encode_row
from madang_server.storage.clickhouse.client import Store
from madang_server.storage.sql.engine import open_database
from madang_server.storage.sql.migrate import upgrade
from madang_server.studio.api import create_control_plane

HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


@contextmanager
def control_plane(home: Path, store: Store | None) -> Iterator[World]:
    """A server with the people of `World` and that store."""
    settings = read_settings({"MADANG_HOME": str(home), "MADANG_SECRET_KEY": "k" * 32})
    home.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database_url)
    upgrade(database)
    clock = Clock()
    app = create_control_plane(
        settings, database, version="1", now=clock.now, seconds=clock.seconds, passwords=CHEAP_PASSWORDS,
        trace_store=store, ui_directory=home / "ui",
    )  # fmt: skip
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        until(lambda: server.started, "the server starts")
        yield populate(database, settings, clock, listening.getsockname()[1])
        server.should_exit = True
        thread.join(30)
    database.close()


@pytest.fixture
def world(tmp_path: Path, store: Store) -> Iterator[World]:
    """A control plane whose project Menu has three traces of an hour ago."""
    with control_plane(tmp_path, store) as made:
        start_us = int(HOUR_AGO.timestamp()) * 1_000_000
        rows = [
            encode_row(made.menu, a_span(number, start_us=start_us + number, model=f"m{number}"), version=1)
            for number in range(3)
        ]
        store.insert_json("spans", b"\n".join(rows))
        yield made


def traces(world: World, rest: str = "") -> str:
    return f"/api/projects/{world.menu}/traces{rest}"


def test_a_viewer_reads_the_list_page_by_page(world: World) -> None:
    first = world.carol.get(traces(world, "?limit=2")).json
    second = world.carol.get(traces(world, f"?limit=2&cursor={first['next_cursor']}")).json
    assert [row["model"] for row in first["items"] + second["items"]] == ["m2", "m1", "m0"]
    assert second["next_cursor"] is None
    assert first["items"][0]["start_time"].endswith("Z")
    assert first["items"][0]["duration_ms"] == pytest.approx(1000, abs=0.01)


def test_summary_chart_and_facets_follow_the_filter(world: World) -> None:
    assert world.carol.get(traces(world, "/summary?model=m1")).json["traces"] == 1
    chart = world.carol.get(traces(world, "/chart?model=m1&model=m2&buckets=10")).json
    assert sum(point["traces"] for point in chart["points"]) == 2
    facets = world.carol.get(traces(world, "/facets")).json
    assert {value["value"] for value in facets["model"]} == {"m0", "m1", "m2"}


def test_one_trace_comes_with_its_spans(world: World) -> None:
    found = world.carol.get(traces(world, f"/{1:032x}")).json
    assert found["trace"]["model"] == "m0"
    assert [span["span_id"] for span in found["spans"]] == [f"{1:016x}"]
    assert "hello" in found["spans"][0]["input"]


@pytest.mark.parametrize("rest", ["", "/summary", "/chart", "/facets", f"/{1:032x}"])
def test_a_stranger_finds_nothing_and_learns_nothing(world: World, rest: str) -> None:
    assert world.mallory.get(traces(world, rest)).status == 404
    assert world.browser().get(traces(world, rest)).status == 401


def test_a_trace_of_another_project_is_not_found(world: World) -> None:
    path = f"/api/projects/{world.mallorys_project}/traces/{1:032x}"
    assert world.mallory.get(path).status == 404


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("?from=yesterday", "from"),
        ("?from=2026-01-01T00:00:00", "from"),
        ("?to=9999-01-01T00:00:00Z", "to"),
        ("?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?cursor=nonsense", "cursor"),
        ("?cursor=WyJ4Il0", "cursor"),
        ("?status=broken", "status.0"),
        ("?min_cost_usd=NaN", "min_cost_usd"),
        ("?min_duration_ms=-1", "min_duration_ms"),
    ],
)
def test_a_filter_that_cannot_be_used_names_its_field(world: World, query: str, param: str) -> None:
    refused = world.carol.get(traces(world, query))
    assert refused.status == 400
    assert refused.error["param"] == param


@pytest.mark.parametrize("rest", ["", "/summary", "/chart", "/facets", f"/{1:032x}"])
def test_a_store_that_does_not_answer_is_an_error_and_not_an_empty_list(
    tmp_path: Path, rest: str, dead_store: Callable[[], Store]
) -> None:
    with control_plane(tmp_path, dead_store()) as made:
        answer = made.carol.get(traces(made, rest))
    assert answer.status == 503
    assert answer.error["code"] == "trace_store_unavailable"
    assert "does not answer" in answer.error["message"]


@pytest.fixture
def dead_store() -> Callable[[], Store]:
    """Makes a client of a store that nobody runs."""

    def make() -> Store:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return Store(f"http://madang:x@127.0.0.1:{free.getsockname()[1]}/madang")

    return make
