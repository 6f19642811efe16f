"""Questions about traces: the newest that meet a filter, and one with all its spans.

A list first finds candidates without merging versions, which may stop after a page; then it reads just these traces merged,
and drops those whose newest version does not meet the filter. Merging everything first would read the whole range.
"""

# ruff: noqa: S608 -- SQL is put together from names written in this folder; every value is a bound parameter.

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from madang_server.spans.filter import TraceFilter, in_range, matching_root, settings_for, time_text
from madang_server.storage.clickhouse.client import Row, Store

# PREWHERE reads the other columns only where the trace's id is right. Before merging versions that is safe for columns of
# the key alone, which every version shares.
# Spans of a trace are looked for this long before and after its root.
_BEFORE, _AFTER = timedelta(hours=1), timedelta(days=1)
MAX_SPANS = 10_000
_MOST_ROUNDS = 8
_CANDIDATES_FACTOR = 4

_SPAN_COLUMNS = (
    "trace_id, span_id, parent_span_id, is_root, kind, name, start_time, end_time, toString(status) AS status, "
    "error_type, status_message, environment, release, session_id, user_id, key_id, provider, model, response_model, "
    "deployment, prompt_name, prompt_version, input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd, "
    "cost_details, first_token_ms, attempts, simulated, tags, attributes, input, output"
)
# What a list shows of the root, in the order of TraceRow's fields of the same names.
_ROOT = (
    "name", "kind", "start_time", "duration_us", "end_time", "status", "error_type", "model", "response_model",
    "provider", "deployment", "user_id", "session_id", "environment", "tags", "first_token_ms", "attempts", "simulated",
    "input_preview", "output_preview",
)  # fmt: skip


class Place(NamedTuple):
    """Where a page ended: the next one goes on below it."""

    start_time: datetime
    trace_id: str


@dataclass(frozen=True, kw_only=True)
class TraceRow:
    """A trace as a list shows it: its first root that meets the filter, with counts and sums over all its spans."""

    trace_id: str
    name: str
    kind: str
    start_time: datetime
    duration_ms: float | None
    status: str
    error_type: str
    model: str
    response_model: str
    provider: str
    deployment: str
    user_id: str
    session_id: str
    environment: str
    tags: list[str]
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    cost_usd: Decimal | None
    first_token_ms: int | None
    attempts: int
    spans: int
    simulated: bool
    input_preview: str
    output_preview: str


@dataclass(frozen=True)
class TracePage:
    """Traces, newest first, and where the next page begins; None when there is none."""

    rows: list[TraceRow]
    next: Place | None


def list_traces(store: Store, wanted: TraceFilter, limit: int, after: Place | None = None) -> TracePage:
    """The newest traces that meet the filter, below `after`. Raises StoreError."""
    rows: list[TraceRow] = []
    size = limit + 1
    for _ in range(_MOST_ROUNDS):
        candidates = _candidates(store, wanted, size, after)
        rows += _read_traces(store, wanted, candidates)
        if len(rows) > limit:
            last = rows[limit - 1]
            return TracePage(rows[:limit], Place(last.start_time, last.trace_id))
        if len(candidates) < size:
            return TracePage(rows, None)
        after = candidates[-1]
        size *= _CANDIDATES_FACTOR
    return TracePage(rows, after)


def read_trace(store: Store, project_id: str, trace_id: str) -> tuple[TraceRow, list[Row]] | None:
    """One trace and its first 10,000 spans, oldest first; None when the project has none of it. Raises StoreError."""
    parameters = {"project": project_id, "trace": trace_id}
    found = store.rows(
        "SELECT min(start_time) AS first, max(start_time) AS last, count() AS versions FROM spans "
        "WHERE project_id = {project:String} AND trace_id = {trace:String}",
        parameters,
    )[0]
    if not found["versions"]:
        return None
    start, end = found["first"], found["last"] + timedelta(microseconds=1)
    spans = store.rows(
        f"SELECT {_SPAN_COLUMNS}, duration_us, input_preview, output_preview FROM spans FINAL "
        "PREWHERE trace_id = {trace:String} "
        "WHERE project_id = {project:String} "
        "AND start_time >= {start:DateTime64(6, 'UTC')} AND start_time < {end:DateTime64(6, 'UTC')} "
        f"ORDER BY start_time, is_root DESC, span_id LIMIT {MAX_SPANS}",
        {**parameters, "start": time_text(start), "end": time_text(end)},
    )
    return (_row_of(spans), spans) if spans else None


def has_traces(store: Store, project_id: str) -> bool:
    """Whether a project has any span. Raises StoreError."""
    found = store.rows(
        "SELECT 1 AS one FROM spans WHERE project_id = {project:String} LIMIT 1", {"project": project_id}
    )
    return bool(found)


def _candidates(store: Store, wanted: TraceFilter, size: int, after: Place | None) -> list[Place]:
    scope, roots = in_range(wanted), matching_root(wanted)
    parameters: dict[str, Any] = {**scope.parameters, **roots.parameters}
    below = ""
    if after is not None:
        below = (
            " AND start_time <= {after:DateTime64(6, 'UTC')}"
            " AND (start_time, trace_id) < ({after:DateTime64(6, 'UTC')}, {after_trace:String})"
        )
        parameters |= {"after": time_text(after.start_time), "after_trace": after.trace_id}
    # One line for each version of each root. Leaving out repetitions here (LIMIT BY, FINAL) would read the whole range.
    rows = store.rows(
        f"SELECT start_time, trace_id FROM spans WHERE {scope.sql} AND {roots.sql} AND is_deleted = 0{below} "
        f"ORDER BY start_time DESC, trace_id DESC LIMIT {size}",
        parameters,
        settings_for(wanted),
    )
    return [Place(row["start_time"], row["trace_id"]) for row in rows]


def _read_traces(store: Store, wanted: TraceFilter, places: Sequence[Place]) -> list[TraceRow]:
    """The traces whose first matching root is at one of these places, in their order."""
    if not places:
        return []
    roots = matching_root(wanted)
    scope = in_range(wanted)
    matches = f"({scope.sql} AND {roots.sql})"
    starts = [place.start_time for place in places]
    rows = store.rows(
        f"SELECT trace_id, argMinIf(tuple({', '.join(_ROOT)}), (start_time, span_id), {matches}) AS root, "
        f"countIf({matches}) AS matching, count() AS spans, "
        "sumIf(input_tokens, kind != 'attempt') AS all_input, "
        "sumIf(output_tokens, kind != 'attempt') AS all_output, "
        "sum(cost_usd) AS all_cost "
        "FROM spans FINAL PREWHERE trace_id IN {traces:Array(String)} WHERE project_id = {project:String} "
        "AND start_time >= {from:DateTime64(6, 'UTC')} AND start_time <= {until:DateTime64(6, 'UTC')} "
        "GROUP BY trace_id",
        {
            **scope.parameters,
            **roots.parameters,
            "from": time_text(min(starts) - _BEFORE),
            "until": time_text(max(starts) + _AFTER),
            "traces": sorted({place.trace_id for place in places}),
        },
    )
    found = {row["trace_id"]: _trace_row(row) for row in rows if row["matching"]}
    wanted_rows = ((place, found.get(place.trace_id)) for place in dict.fromkeys(places))
    return [row for place, row in wanted_rows if row is not None and row.start_time == place.start_time]


def _trace_row(row: Row) -> TraceRow:
    """The row of a list, from what the store added up."""
    shown = row["root"].values() if isinstance(row["root"], dict) else row["root"]
    return _shown(
        row["trace_id"], dict(zip(_ROOT, shown, strict=True)), row["spans"],
        row["all_input"], row["all_output"], row["all_cost"],
    )  # fmt: skip


def _row_of(spans: Sequence[Row]) -> TraceRow:
    """The same row, from all spans of a trace, oldest first."""
    root = next((span for span in spans if span["is_root"]), spans[0])
    counted = [span for span in spans if span["kind"] != "attempt"]
    costs = [span["cost_usd"] for span in spans if span["cost_usd"] is not None]
    return _shown(
        root["trace_id"], {name: root[name] for name in _ROOT}, len(spans),
        _known_sum(span["input_tokens"] for span in counted), _known_sum(span["output_tokens"] for span in counted),
        sum(costs, Decimal(0)) if costs else None,
    )  # fmt: skip


def _shown(
    trace_id: str, root: dict[str, Any], spans: int, input_tokens: int | None, output_tokens: int | None,
    cost_usd: Decimal | None,
) -> TraceRow:  # fmt: skip
    duration_us, end_time = root.pop("duration_us"), root.pop("end_time")
    return TraceRow(
        trace_id=trace_id,
        duration_ms=None if end_time is None else duration_us / 1000,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        total_tokens=_known_sum((input_tokens, output_tokens)),
        cost_usd=cost_usd,
        spans=spans,
        **{**root, "tags": list(root["tags"]), "simulated": bool(root["simulated"])},
    )


def _known_sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
