"""What the Traces page asks: lists, cursors, totals, charts, facets and one trace, always of one project and range."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.store.store_process import a_span

from madang.calls.span import Span
from madang_server.spans.filter import TraceFilter
from madang_server.spans.row import encode_row
from madang_server.spans.totals import chart, facets, summarise
from madang_server.spans.traces import Place, has_traces, list_traces, read_trace
from madang_server.storage.clickhouse.client import Store

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
START_US = int(START.timestamp()) * 1_000_000
SECOND = 1_000_000

Keep = Callable[..., None]


@pytest.fixture
def keep(store: Store, project: str) -> Keep:
    """Stores spans in the test's project."""

    def insert(*spans: Span, version: int = 1, project_id: str = project) -> None:
        rows = [encode_row(project_id, span, version) for span in spans]
        store.insert_json("spans", b"\n".join(rows) + b"\n")

    return insert


@pytest.fixture
def wanted(project: str) -> TraceFilter:
    return TraceFilter(project_id=project, start=START, end=START + timedelta(hours=2))


def root(number: int, at_s: float = 0, **more: Any) -> Span:
    return a_span(number, start_us=START_US + int(at_s * SECOND), **more)


def child(number: int, of: int, at_s: float = 0, **more: Any) -> Span:
    trace = f"{of + 1:032x}"
    return a_span(number, start_us=START_US + int(at_s * SECOND), **{"is_root": False, "trace_id": trace, **more})


def ids(rows: Sequence[Any]) -> list[int]:
    return [int(row.trace_id, 16) - 1 for row in rows]


def test_newest_traces_come_first_page_by_page(store: Store, keep: Keep, wanted: TraceFilter) -> None:
    keep(*(root(number, at_s=number // 3) for number in range(25)))
    seen: list[int] = []
    after: Place | None = None
    while True:
        page = list_traces(store, wanted, 4, after)
        seen += ids(page.rows)
        after = page.next
        if after is None:
            break
    assert seen == sorted(range(25), key=lambda number: (number // 3, number), reverse=True)


def test_a_span_is_stored_with_what_its_row_leaves_out(store: Store, keep: Keep, project: str) -> None:
    empty = Span(trace_id="a" * 32, span_id="b" * 16, start_us=START_US)
    full = root(1, cost_usd=Decimal("0.1"), cost_details={"input": Decimal("0.1")}, tags=("t",), attributes={"k": "v"})
    keep(full, empty, full)
    names = [name for name in Span.__struct_fields__ if name not in ("start_us", "end_us")]
    statement = (
        f"SELECT {', '.join(names)} FROM spans WHERE project_id = {{project:String}} AND span_id = {{span:String}}"
    )
    for span in (empty, full):
        (stored,) = store.rows(f"{statement} LIMIT 1", {"project": project, "span": span.span_id})
        stored["tags"] = tuple(stored["tags"])
        assert stored == {name: getattr(span, name) for name in names}


def test_a_row_sums_tokens_and_cost_over_its_trace_without_counting_attempts(
    store: Store, keep: Keep, wanted: TraceFilter
) -> None:
    keep(
        root(1, kind="agent", model="", end_us=START_US + 5 * SECOND),
        child(2, of=1, kind="generation", input_tokens=10, output_tokens=5, cost_usd=Decimal("0.1")),
        child(3, of=1, kind="attempt", input_tokens=10, output_tokens=5),
        child(4, of=1, kind="generation", input_tokens=7, cost_usd=Decimal("0.2")),
    )
    row = list_traces(store, wanted, 10).rows[0]
    assert (row.kind, row.spans, row.duration_ms) == ("agent", 4, 5000)
    assert (row.input_tokens, row.output_tokens, row.total_tokens, row.cost_usd) == (17, 5, 22, Decimal("0.3"))
    alone = read_trace(store, wanted.project_id, row.trace_id)
    assert alone is not None
    assert alone[0] == row


def test_unknown_numbers_stay_unknown(store: Store, keep: Keep, wanted: TraceFilter) -> None:
    keep(root(1, end_us=None))
    row = list_traces(store, wanted, 10).rows[0]
    assert (row.duration_ms, row.total_tokens, row.cost_usd, row.first_token_ms) == (None, None, None, None)


def test_a_later_version_replaces_what_was_listed(store: Store, keep: Keep, wanted: TraceFilter) -> None:
    keep(root(1, status="unset", end_us=None, name="running"))
    keep(root(1, status="error", name="failed"), version=2)
    assert [row.name for row in list_traces(store, wanted, 10).rows] == ["failed"]
    assert list_traces(store, replace(wanted, status=["unset"]), 10).rows == []
    assert ids(list_traces(store, replace(wanted, status=["error"]), 10).rows) == [1]
    assert summarise(store, wanted).traces == 1


@pytest.mark.parametrize(
    ("condition", "matching"),
    [
        ({"status": ["error"]}, [3]),
        ({"model": ["small", "large"]}, [3, 2, 1]),
        ({"model": ["small"]}, [1]),
        ({"deployment": ["east"]}, [2]),
        ({"environment": ["staging"]}, [1]),
        ({"kind": ["embedding"]}, [4]),
        ({"error_type": ["timeout"]}, [3]),
        ({"user": "ann"}, [2]),
        ({"session": "s-9"}, [4]),
        ({"min_duration_ms": 2500}, [4]),
        ({"min_cost_usd": Decimal("0.01")}, [2]),
        ({"text": "COURTyard"}, [1]),
        ({"text": "urtya"}, [1]),
        ({"text": "마당"}, [2]),
        ({"text": "마당 없음"}, []),
        ({"text": "answer, courtyard"}, [1]),
        ({"text": "100%"}, [3]),
        ({"text": "!!"}, [4]),
        ({"text": "'; DROP TABLE spans --"}, []),
        ({"status": ["ok"], "user": "ann", "model": ["large"]}, [2]),
    ],
)
def test_conditions_choose_traces(
    store: Store, keep: Keep, wanted: TraceFilter, condition: dict[str, Any], matching: list[int]
) -> None:
    keep(
        root(1, 1, model="small", environment="staging", input="the Courtyard of a house", output="an answer"),
        root(
            2, 2, model="large", deployment="east", user_id="ann", cost_usd=Decimal("0.02"), input="한옥의 마당은 넓다"
        ),
        root(3, 3, model="large", status="error", error_type="timeout", output="100 percent"),
        root(4, 4, kind="embedding", model="tiny", session_id="s-9", end_us=START_US + 7 * SECOND, input="odd !! sign"),
    )
    chosen = replace(wanted, **condition)
    assert ids(list_traces(store, chosen, 10).rows) == matching
    assert summarise(store, chosen).traces == len(matching)


def test_a_trace_with_several_roots_is_listed_once_at_the_first_that_matches(
    store: Store, keep: Keep, wanted: TraceFilter
) -> None:
    keep(root(1, 1, model="first"), child(9, of=1, at_s=60, is_root=True, model="second"), root(2, 30))
    assert ids(list_traces(store, wanted, 10).rows) == [2, 1]
    assert [row.model for row in list_traces(store, replace(wanted, model=["second"]), 10).rows] == ["second"]
    assert summarise(store, wanted).traces == 2


def test_other_projects_and_other_times_are_never_shown(store: Store, keep: Keep, wanted: TraceFilter) -> None:
    keep(root(1), root(2, at_s=-1), root(3, at_s=7200))
    keep(root(4), root(1, name="of others"), project_id="somebody-else")
    assert [(ids([row]), row.name) for row in list_traces(store, wanted, 10).rows] == [([1], "chat")]
    assert summarise(store, wanted).traces == 1
    assert read_trace(store, wanted.project_id, f"{5:032x}") is None


def test_one_trace_has_all_its_spans_in_order_with_bodies(store: Store, keep: Keep, project: str) -> None:
    keep(
        root(1, 0, output="whole " * 500), child(2, of=1, at_s=0.5, attributes={"k": "v"}), child(3, of=1, at_s=40_000)
    )
    found = read_trace(store, project, f"{2:032x}")
    assert found is not None
    row, spans = found
    assert (row.spans, row.name) == (3, "chat")
    assert [int(span["span_id"], 16) - 1 for span in spans] == [1, 2, 3]
    assert spans[0]["output"] == "whole " * 500
    assert spans[1]["attributes"] == {"k": "v"}


def test_a_trace_whose_root_never_came_can_be_read(store: Store, keep: Keep, project: str) -> None:
    keep(child(2, of=1, name="orphan", parent_span_id="f" * 16))
    found = read_trace(store, project, f"{2:032x}")
    assert found is not None
    assert found[0].name == "orphan"


def test_the_summary_is_over_the_whole_filter(store: Store, keep: Keep, wanted: TraceFilter) -> None:
    keep(
        *(root(number, number, end_us=START_US + (2 * number + 1) * SECOND, cost_usd=Decimal("0.001"), input_tokens=10)
          for number in range(100)),
        root(200, 200, status="error", output_tokens=3),
    )  # fmt: skip
    found = summarise(store, wanted)
    assert (found.traces, found.errors, found.unknown_cost) == (101, 1, 1)
    assert (found.input_tokens, found.output_tokens, found.total_tokens) == (1000, 3, 1003)
    assert found.cost_usd == Decimal("0.1")
    assert found.p50_ms == pytest.approx(50_000, rel=0.05)
    assert found.p95_ms == pytest.approx(95_000, rel=0.05)


def test_a_summary_of_nothing_is_zero_and_has_no_percentiles(store: Store, wanted: TraceFilter) -> None:
    found = summarise(store, wanted)
    assert (found.traces, found.cost_usd, found.p50_ms, found.p95_ms) == (0, Decimal(0), None, None)


def test_the_chart_has_every_bucket_and_adds_up(store: Store, keep: Keep, wanted: TraceFilter) -> None:
    keep(root(1, 0), root(2, 59), root(3, 3600, status="error", cost_usd=Decimal("0.5")))
    seconds, points = chart(store, wanted, 120)
    assert (seconds, len(points)) == (60, 120)
    assert points[0].time == START
    assert [(number, point.traces, point.errors) for number, point in enumerate(points) if point.traces] == [
        (0, 2, 0),
        (60, 1, 1),
    ]
    assert points[60].cost_usd == Decimal("0.5")
    assert points[1].p50_ms is None


def test_facets_count_each_field_without_its_own_condition(store: Store, keep: Keep, wanted: TraceFilter) -> None:
    keep(root(1, model="a"), root(2, model="a", user_id="ann"), root(3, model="b", status="error"))
    found = facets(store, replace(wanted, model=["a"]))
    assert [(value.value, value.count) for value in found["model"]] == [("a", 2), ("b", 1)]
    assert [(value.value, value.count) for value in found["status"]] == [("ok", 2)]
    assert [(value.value, value.count) for value in found["user"]] == [("ann", 1)]


def test_a_project_knows_whether_it_has_traces(store: Store, keep: Keep, project: str) -> None:
    assert not has_traces(store, project)
    keep(root(1))
    assert has_traces(store, project)
