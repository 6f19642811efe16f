"""What the callers of each model saw lately: calls, failures, latency, hour by hour. One scan of the range for all models.

A call is one span however many attempts it took, and its `model` is the alias that was asked for. Like attempts, calls are
written once, when they have ended, so versions are not merged here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from madang_server.spans.deployments import LEFT, Hour, hours_between
from madang_server.spans.filter import time_text
from madang_server.storage.clickhouse.client import Row, Store

_QUESTION = """
SELECT
    model,
    toStartOfHour(start_time) AS hour,
    grouping(hour) AS is_total,
    count() AS calls,
    countIf(status = 'error' AND error_type != {left:String}) AS failures,
    countIf(status != 'error') AS answered,
    quantilesTDigestIf(0.5, 0.95)(duration_us / 1000, status != 'error') AS latency
FROM spans
PREWHERE project_id = {project:String}
    AND start_time >= {start:DateTime64(6, 'UTC')} AND start_time < {end:DateTime64(6, 'UTC')}
    AND kind IN ('generation', 'embedding') AND model IN {models:Array(String)}
WHERE is_deleted = 0 AND end_time IS NOT NULL
GROUP BY GROUPING SETS ((model), (model, hour))
"""


@dataclass(frozen=True, kw_only=True)
class ModelCalls:
    """Of one model. Latency, in milliseconds, is of answered calls, None without any."""

    model: str
    calls: int = 0
    failures: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    hours: tuple[Hour, ...] = ()


def calls_of(store: Store, project_id: str, models: Sequence[str], start: datetime, end: datetime) -> list[ModelCalls]:
    """For each of the models, in this order, what its callers saw from `start` up to `end`. Raises StoreError."""
    rows = store.rows(
        _QUESTION,
        {
            "project": project_id,
            "models": list(models),
            "start": time_text(start),
            "end": time_text(end),
            "left": LEFT,
        },
        {"force_grouping_standard_compatibility": 1},
    )
    totals = {row["model"]: row for row in rows if row["is_total"]}
    by_hour = {(row["model"], row["hour"]): row for row in rows if not row["is_total"]}
    times = hours_between(start, end)
    return [_calls(model, totals.get(model), [by_hour.get((model, time)) for time in times], times) for model in models]


def _calls(model: str, total: Row | None, rows: Sequence[Row | None], times: Sequence[datetime]) -> ModelCalls:
    hours = tuple(
        Hour(time, row["calls"], row["failures"]) if row else Hour(time, 0, 0)
        for time, row in zip(times, rows, strict=True)
    )
    if total is None:
        return ModelCalls(model=model, hours=hours)
    latency: Sequence[Any] = total["latency"] if total["answered"] else (None, None)
    return ModelCalls(
        model=model,
        calls=total["calls"],
        failures=total["failures"],
        p50_ms=latency[0],
        p95_ms=latency[1],
        hours=hours,
    )
