"""Money spent and calls refused under limits, in the database: each gateway adds what is new and reads the sum of all."""

from __future__ import annotations

import importlib
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from madang_server.limits.book import CounterId, Counts
from madang_server.limits.limit import day_of, month_of
from madang_server.limits.tables import limit_counts, limits

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_NANO = 10**9


def current_counts(connection: Connection, now: datetime) -> Counts:
    """What was counted today and this month, by all gateways."""
    windows = (day_of(now), month_of(now))
    counts = Counts()
    for row in connection.execute(select(limit_counts).where(limit_counts.c.window.in_(windows))):
        if row.nano_usd:
            counts.paid[CounterId(row.limit_id, row.subject, row.window)] = Decimal(row.nano_usd) / _NANO
        if row.refused:
            place = (row.limit_id, row.window)
            counts.refused[place] = counts.refused.get(place, 0) + row.refused
    return counts


def add_counts(connection: Connection, new: Counts) -> Counts:
    """Adds `new` to what is there and gives back the sums of what it touched. What belongs to a deleted limit is dropped."""
    rows: dict[CounterId, list[int]] = {}
    for place, usd in new.paid.items():
        rows.setdefault(place, [0, 0])[0] = int(usd * _NANO)
    for (limit_id, day), refused in new.refused.items():
        rows.setdefault(CounterId(limit_id, "", day), [0, 0])[1] = refused
    wanted = {place.limit_id for place in rows}
    # Held until the transaction ends, so that none of them is deleted meanwhile.
    known = set(
        connection.execute(select(limits.c.id).where(limits.c.id.in_(wanted)).with_for_update(read=True)).scalars()
    )
    sums = Counts()
    for place, (nano_usd, refused) in sorted(
        rows.items()
    ):  # always in one order, so that two gateways never lock crosswise
        if place.limit_id in known:
            _add(connection, place, nano_usd, refused, sums)
    return sums


def forget_old_counts(connection: Connection, now: datetime) -> None:
    """Deletes what was counted before the last month."""
    last_month = month_of(now.replace(day=1) - timedelta(days=1))
    connection.execute(delete(limit_counts).where(limit_counts.c.window < last_month))


def _add(connection: Connection, place: CounterId, nano_usd: int, refused: int, sums: Counts) -> None:
    values = {**place._asdict(), "nano_usd": nano_usd, "refused": refused}
    # The dialect in use only: PostgreSQL's costs a start a tenth of a second.
    dialect = importlib.import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    into = dialect.insert(limit_counts).values(**values)
    added = into.on_conflict_do_update(
        index_elements=[limit_counts.c.limit_id, limit_counts.c.subject, limit_counts.c.window],
        set_={
            "nano_usd": limit_counts.c.nano_usd + into.excluded.nano_usd,
            "refused": limit_counts.c.refused + into.excluded.refused,
        },
    ).returning(limit_counts.c.nano_usd, limit_counts.c.refused)
    row = connection.execute(added).one()
    if nano_usd:
        sums.paid[place] = Decimal(row.nano_usd) / _NANO
    if refused:
        sums.refused[place.limit_id, place.window] = row.refused
