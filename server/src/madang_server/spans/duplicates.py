"""Calls that came twice: those that joined another one, those answered from the cache, and those that a client made again
and that were paid again. One scan of the range.

Such a call is written once, as one root span, so versions are not merged here; a span that was delivered twice counts
twice only until the store has merged it by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from madang_server.spans.filter import time_text
from madang_server.storage.clickhouse.client import Row, Store

MOST_ROWS = 500

_NOTHING: Mapping[str, Any] = {
    "joined": 0,
    "cache_hits": 0,
    "saved_usd": Decimal(0),
    "unknown_cost": 0,
    "paid_again": 0,
    "paid_again_usd": Decimal(0),
}

_QUESTION = """
WITH attributes['madang.joined.trace_id'] != '' OR attributes['madang.cache'] = 'hit' AS is_saved
SELECT
    grouping(key_id) AS is_total,
    key_id,
    user_id,
    countIf(attributes['madang.joined.trace_id'] != '') AS joined,
    countIf(attributes['madang.cache'] = 'hit') AS cache_hits,
    countIf(is_saved AND attributes['madang.saved.cost_usd'] = '') AS unknown_cost,
    sum(toDecimal128OrZero(attributes['madang.saved.cost_usd'], 9)) AS saved_usd,
    countIf(NOT is_saved) AS paid_again,
    sumIf(toDecimal128(ifNull(cost_usd, 0), 9), NOT is_saved) AS paid_again_usd
FROM spans
PREWHERE project_id = {project:String}
    AND start_time >= {start:DateTime64(6, 'UTC')} AND start_time < {end:DateTime64(6, 'UTC')}
WHERE is_deleted = 0 AND is_root
    AND (is_saved OR attributes['madang.client_retry'] != '')
GROUP BY GROUPING SETS ((), (key_id, user_id))
ORDER BY is_total DESC, saved_usd + paid_again_usd DESC, joined + cache_hits + paid_again DESC, key_id, user_id
LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, kw_only=True)
class Saved:
    """`saved_usd` is what joined calls and cache hits would have cost as far as it is known; `unknown_cost` counts those of
    which it is not. `paid_again` are calls that a client said to be repeated and that joined nothing, with their cost."""

    joined: int
    cache_hits: int
    saved_usd: Decimal
    unknown_cost: int
    paid_again: int
    paid_again_usd: Decimal


@dataclass(frozen=True, kw_only=True)
class SavedBy(Saved):
    """Of the calls with one key (by its public part) for one user; "" where no user was named."""

    key_id: str
    user_id: str


@dataclass(frozen=True)
class Savings:
    """`by` has those with the most money in it first, `MOST_ROWS` at most; `total` counts everybody."""

    total: Saved
    by: Sequence[SavedBy]


def savings_of(store: Store, project_id: str, start: datetime, end: datetime) -> Savings:
    """What was saved, and paid again, by calls that began from `start` up to `end`. Raises StoreError."""
    rows = store.rows(
        _QUESTION,
        {"project": project_id, "start": time_text(start), "end": time_text(end), "limit": MOST_ROWS + 1},
        {"force_grouping_standard_compatibility": 1},
    )
    total = next((row for row in rows if row["is_total"]), None)
    by = [SavedBy(key_id=row["key_id"], user_id=row["user_id"], **_counts(row)) for row in rows if not row["is_total"]]
    return Savings(Saved(**(_NOTHING if total is None else _counts(total))), by)


def _counts(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in _NOTHING}
