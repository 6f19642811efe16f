"""What a whole project says about calls that come twice: whether equal ones are one call, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from madang_server.accounts.problems import Invalid
from madang_server.models.tables import project_duplicates
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Connection, Row

LONGEST_WINDOW_S = 3_600.0


@dataclass(frozen=True, kw_only=True)
class DuplicateRules:
    """`joins_duplicates`: a call with the same key and body as one before is the same call, while that is under way and
    `window_s` seconds longer. Calls with an Idempotency-Key need no such rule."""

    joins_duplicates: bool = False
    window_s: float = 60.0


PLAIN_DUPLICATE_RULES = DuplicateRules()


def duplicate_rules(connection: Connection, project_id: str) -> DuplicateRules:
    """The project's rules; plain until somebody chose some."""
    asked = select(project_duplicates).where(project_duplicates.c.project_id == project_id)
    row = connection.execute(asked).one_or_none()
    return PLAIN_DUPLICATE_RULES if row is None else _rules(row)


def all_duplicate_rules(connection: Connection) -> dict[str, DuplicateRules]:
    """By project, for those that chose some."""
    rows = connection.execute(select(project_duplicates))
    return {row.project_id: _rules(row) for row in rows}


def set_duplicate_rules(
    connection: Connection, project_id: str, rules: DuplicateRules, *, now: datetime
) -> DuplicateRules:
    """The rules as they are now stored. Raises `Invalid`."""
    if not (math.isfinite(rules.window_s) and 0 <= rules.window_s <= LONGEST_WINDOW_S):
        raise Invalid(f"Give a window of 0 to {LONGEST_WINDOW_S:.0f} seconds.", param="window_s")
    version.bump(connection)
    connection.execute(delete(project_duplicates).where(project_duplicates.c.project_id == project_id))
    connection.execute(
        insert(project_duplicates).values(
            project_id=project_id, joins_duplicates=rules.joins_duplicates, window_s=rules.window_s, updated_at=now
        )
    )
    return rules


def _rules(row: Row[Any]) -> DuplicateRules:
    return DuplicateRules(joins_duplicates=row.joins_duplicates, window_s=row.window_s)
