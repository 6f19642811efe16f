"""Totals by hour, computed again from the spans themselves for every hour that changed.

Adding up as rows come in would count a span again with every later version of it and with every repeated delivery.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from madang_server.spans.dirty_hours import Hour
from madang_server.storage.clickhouse.client import Store

# The second half brings back, as zeros, groups that had totals and have no spans any more.
_RECOMPUTE = """
INSERT INTO spans_hourly
SELECT
    project_id, hour, environment, kind, provider, model, deployment,
    countIf(real) AS spans,
    countIf(real AND failed) AS errors,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cached_tokens) AS cached_tokens,
    sum(cost_usd) AS cost_usd,
    countIf(real AND cost_unknown) AS unknown_cost,
    quantilesTDigestStateIf(0.5, 0.9, 0.95, 0.99)(duration_us, real) AS duration,
    {computed_at:UInt64} AS computed_at
FROM (
    SELECT
        project_id, toStartOfHour(start_time) AS hour, environment, kind, provider, model, deployment,
        true AS real,
        status = 'error' AS failed,
        toUInt64(ifNull(input_tokens, 0)) AS input_tokens,
        toUInt64(ifNull(output_tokens, 0)) AS output_tokens,
        toUInt64(ifNull(cached_tokens, 0)) AS cached_tokens,
        toDecimal128(ifNull(cost_usd, 0), 9) AS cost_usd,
        kind IN ('generation', 'embedding') AND cost_usd IS NULL AS cost_unknown,
        toFloat32(duration_us) AS duration_us
    FROM spans FINAL
    WHERE project_id = {project:String} AND start_time >= {start:DateTime} AND start_time < {end:DateTime}
        AND toStartOfHour(start_time) IN {hours:Array(DateTime)}
    UNION ALL
    SELECT
        project_id, hour, environment, kind, provider, model, deployment,
        false, false, 0, 0, 0, toDecimal128(0, 9), false, toFloat32(0)
    FROM spans_hourly FINAL
    WHERE project_id = {project:String} AND hour IN {hours:Array(DateTime)}
)
GROUP BY project_id, hour, environment, kind, provider, model, deployment
"""


def recompute_hours(store: Store, hours: Sequence[Hour], now_ns: int) -> None:
    """Replace the totals of these hours. Raises StoreError."""
    by_project: dict[str, list[int]] = {}
    for project, hour in hours:
        by_project.setdefault(project, []).append(hour)
    for project, numbers in by_project.items():
        store.run(
            _RECOMPUTE,
            {
                "project": project,
                "start": _time(min(numbers)),
                "end": _time(max(numbers) + 1),
                "hours": [_time(number) for number in sorted(numbers)],
                "computed_at": now_ns,
            },
        )


def _time(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)
