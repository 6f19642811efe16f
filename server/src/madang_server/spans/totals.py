"""Totals over everything a filter means: summary, chart over time, and how often each value occurs."""

# ruff: noqa: S608 -- SQL is put together from names written in this folder; every value is a bound parameter.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from madang_server.spans.filter import TraceFilter, in_range, matching_root, settings_for
from madang_server.storage.clickhouse.client import Row, Store

FACETS: Mapping[str, str] = {
    "model": "model",
    "status": "toString(status)",
    "deployment": "deployment",
    "environment": "environment",
    "user": "user_id",
    "error_type": "error_type",
}
_FACET_VALUES = 50
_CONDITIONS = (
    "status", "model", "deployment", "environment", "kind", "error_type", "user", "session", "min_duration_ms",
    "min_cost_usd", "text",
)  # fmt: skip
_BUCKETS_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    1_209_600, 2_592_000,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Totals of a whole filter. Percentiles are of root spans; tokens and cost are of all spans of the traces that
    started in the range. `unknown_cost` counts calls that have no price."""

    traces: int
    errors: int
    total_tokens: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    p50_ms: float | None
    p95_ms: float | None
    unknown_cost: int


@dataclass(frozen=True, kw_only=True)
class Point:
    """One bucket of a chart, from `time` on."""

    time: datetime
    traces: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    cost_usd: Decimal
    total_tokens: int


@dataclass(frozen=True)
class FacetValue:
    value: str
    count: int


def summarise(store: Store, wanted: TraceFilter) -> Summary:
    """Totals of the filter. Raises StoreError."""
    statement, parameters = _aggregate(wanted, "")
    row = store.rows(statement, parameters, settings_for(wanted))[0]
    return Summary(
        **_numbers(row), input_tokens=row["all_input"], output_tokens=row["all_output"],
        unknown_cost=row["unknown_cost"],
    )  # fmt: skip


def chart(store: Store, wanted: TraceFilter, buckets: int) -> tuple[int, list[Point]]:
    """Seconds of one bucket, and a point for every bucket of the range, empty ones too. At most `buckets` of them, unless
    the range is longer than the longest bucket allows. Raises StoreError."""
    seconds = bucket_seconds(wanted, buckets)
    statement, parameters = _aggregate(wanted, f"intDiv(toUnixTimestamp(start_time), {seconds}) AS bucket")
    found = {row["bucket"]: row for row in store.rows(statement, parameters, settings_for(wanted))}
    first = int(wanted.start.timestamp()) // seconds
    last = int(wanted.end.timestamp() - 1e-6) // seconds
    empty = {"traces": 0, "errors": 0, "p": [], "all_cost": Decimal(0), "all_input": 0, "all_output": 0}
    return seconds, [
        Point(time=datetime.fromtimestamp(number * seconds, UTC), **_numbers(found.get(number, empty)))
        for number in range(first, last + 1)
    ]


def bucket_seconds(wanted: TraceFilter, buckets: int) -> int:
    """The shortest round length that cuts the range into no more than `buckets` pieces."""
    length = (wanted.end - wanted.start).total_seconds()
    return next((size for size in _BUCKETS_S if length / size <= buckets), _BUCKETS_S[-1])


def facets(store: Store, wanted: TraceFilter) -> dict[str, list[FacetValue]]:
    """For each field, the most frequent values and their counts of roots, as they would be without that field's own
    condition. Raises StoreError."""
    free = [field for field in FACETS if not wanted.has(field)]
    found = _counted(store, wanted, free)
    for field in FACETS:
        if wanted.has(field):
            found |= _counted(store, wanted.without(field), [field])
    return {field: found.get(field, []) for field in FACETS}


def _counted(store: Store, wanted: TraceFilter, fields: Sequence[str]) -> dict[str, list[FacetValue]]:
    if not fields:
        return {}
    scope, roots = in_range(wanted), matching_root(wanted)
    columns = ", ".join(f"{FACETS[field]} AS f_{field}" for field in fields)
    sets = ", ".join(f"(f_{field})" for field in fields)
    which = ", ".join(f"grouping(f_{field}) AS g_{field}" for field in fields)
    rows = store.rows(
        f"SELECT {columns}, {which}, count() AS count FROM spans FINAL WHERE {scope.sql} AND {roots.sql} "
        f"GROUP BY GROUPING SETS ({sets}) ORDER BY count DESC "
        f"LIMIT {_FACET_VALUES} BY {', '.join(f'g_{field}' for field in fields)}",
        {**scope.parameters, **roots.parameters},
        {**settings_for(wanted), "force_grouping_standard_compatibility": 0},
    )
    found: dict[str, list[FacetValue]] = {field: [] for field in fields}
    for row in rows:
        field = next(field for field in fields if row[f"g_{field}"])
        if row[f"f_{field}"]:
            found[field].append(FacetValue(str(row[f"f_{field}"]), row["count"]))
    return found


def _aggregate(wanted: TraceFilter, group: str) -> tuple[str, dict[str, Any]]:
    scope, roots = in_range(wanted), matching_root(wanted)
    traces = ""
    if any(wanted.has(field) for field in _CONDITIONS):
        traces = f" AND trace_id IN (SELECT trace_id FROM spans FINAL WHERE {scope.sql} AND {roots.sql})"
    statement = (
        f"SELECT {group + ', ' if group else ''}"
        "uniqExactIf(trace_id, matched) AS traces, "
        "uniqExactIf(trace_id, matched AND status = 'error') AS errors, "
        "quantilesTDigestIf(0.5, 0.95)(duration_us / 1000, matched AND end_time IS NOT NULL) AS p, "
        "countIf(matched AND end_time IS NOT NULL) AS ended, "
        "toUInt64(sumIf(ifNull(input_tokens, 0), kind != 'attempt')) AS all_input, "
        "toUInt64(sumIf(ifNull(output_tokens, 0), kind != 'attempt')) AS all_output, "
        "sum(ifNull(cost_usd, toDecimal64(0, 9))) AS all_cost, "
        "countIf(kind IN ('generation', 'embedding') AND cost_usd IS NULL) AS unknown_cost "
        f"FROM (SELECT *, duration_us, {roots.sql} AS matched FROM spans FINAL WHERE {scope.sql}{traces})"
        f"{' GROUP BY bucket' if group else ''}"
    )
    return statement, {**scope.parameters, **roots.parameters}


def _numbers(row: Row) -> dict[str, Any]:
    percentiles = list(row["p"]) if row.get("ended") else [None, None]
    return {
        "traces": row["traces"],
        "errors": row["errors"],
        "p50_ms": percentiles[0],
        "p95_ms": percentiles[1],
        "cost_usd": row["all_cost"],
        "total_tokens": row["all_input"] + row["all_output"],
    }
