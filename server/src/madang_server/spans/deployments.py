"""What the deployments of a model did lately: calls, failures by kind, latency, hour by hour. One scan of the range.

Every request to a vendor is an attempt span, whose `model` is the alias that the deployment stands behind. Attempts are
written once, when they have ended, so versions are not merged here: that would take more than twice as long, and a span
that was delivered twice counts twice only until the store has merged it by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from madang_server.spans.filter import time_text
from madang_server.storage.clickhouse.client import Row, Store

_HOUR = timedelta(hours=1)
# A caller who left says nothing about a deployment, nor does the slower one of two that ran beside each other.
LEFT = "cancelled"

_QUESTION = """
SELECT
    deployment,
    toStartOfHour(start_time) AS hour,
    grouping(hour) AS is_total,
    count() AS calls,
    countIf(status != 'error') AS answered,
    countIf(error_type = {left:String}) AS left_early,
    sumMapIf(map(toString(error_type), toUInt64(1)), status = 'error' AND error_type != {left:String}) AS errors,
    quantilesTDigestIf(0.5, 0.95, 0.99)(duration_us / 1000, status != 'error') AS latency,
    countIf(status != 'error' AND first_token_ms IS NOT NULL) AS streamed,
    quantilesTDigestIf(0.5, 0.95)(ifNull(first_token_ms, 0), status != 'error' AND first_token_ms IS NOT NULL) AS first
FROM spans
PREWHERE project_id = {project:String}
    AND start_time >= {start:DateTime64(6, 'UTC')} AND start_time < {end:DateTime64(6, 'UTC')}
    AND kind = 'attempt' AND model = {model:String} AND deployment IN {deployments:Array(String)}
WHERE is_deleted = 0
GROUP BY GROUPING SETS ((deployment), (deployment, hour))
"""


@dataclass(frozen=True)
class Hour:
    """Requests that began in the hour from `time` on, and how many of them failed."""

    time: datetime
    calls: int
    failures: int


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Of one deployment. `calls` = answered + cancelled + the sum of `errors`. Latency, in milliseconds, is of answered
    requests, None without any; the first token is of streams."""

    deployment: str
    calls: int = 0
    answered: int = 0
    cancelled: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)  # by error type, most frequent first
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    first_token_p50_ms: float | None = None
    first_token_p95_ms: float | None = None
    hours: tuple[Hour, ...] = ()


def activity_of(
    store: Store, project_id: str, model: str, deployments: Sequence[str], start: datetime, end: datetime
) -> list[Activity]:
    """For each of the model's deployments, in this order, what it did from `start` up to `end`. Raises StoreError."""
    rows = store.rows(
        _QUESTION,
        {
            "project": project_id,
            "model": model,
            "deployments": list(deployments),
            "start": time_text(start),
            "end": time_text(end),
            "left": LEFT,
        },
        {"force_grouping_standard_compatibility": 1},
    )
    totals = {row["deployment"]: row for row in rows if row["is_total"]}
    by_hour = {(row["deployment"], row["hour"]): row for row in rows if not row["is_total"]}
    times = hours_between(start, end)
    return [
        _activity(name, totals.get(name), [by_hour.get((name, time)) for time in times], times) for name in deployments
    ]


def _activity(name: str, total: Row | None, rows: Sequence[Row | None], times: Sequence[datetime]) -> Activity:
    hours = tuple(_hour(time, row) for time, row in zip(times, rows, strict=True))
    if total is None:
        return Activity(deployment=name, hours=hours)
    latency: Sequence[Any] = total["latency"] if total["answered"] else (None, None, None)
    first: Sequence[Any] = total["first"] if total["streamed"] else (None, None)
    return Activity(
        deployment=name,
        calls=total["calls"],
        answered=total["answered"],
        cancelled=total["left_early"],
        errors=dict(sorted(total["errors"].items(), key=lambda each: (-each[1], each[0]))),
        p50_ms=latency[0],
        p95_ms=latency[1],
        p99_ms=latency[2],
        first_token_p50_ms=first[0],
        first_token_p95_ms=first[1],
        hours=hours,
    )


def _hour(time: datetime, row: Row | None) -> Hour:
    if row is None:
        return Hour(time, 0, 0)
    return Hour(time, row["calls"], row["calls"] - row["answered"] - row["left_early"])


def hours_between(start: datetime, end: datetime) -> list[datetime]:
    """The hours from the one on in which `start` lies up to `end`, UTC."""
    first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    count = -(-(end - first) // _HOUR)
    return [first + number * _HOUR for number in range(count)]
