"""Drills kept and found. One that has not moved for a minute belongs to a server that is gone, and is shown as lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, func, insert, select, update

from madang_server.accounts.problems import Conflict, NotFound
from madang_server.drill.tables import drills

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

State = Literal["waiting", "running", "done", "failed", "stopped", "lost"]

KEPT_PER_PROJECT = 50
MOST_UNFINISHED = 5  # of a project; each waits in a thread, and drills are played one after the other
_LOST_AFTER = timedelta(seconds=60)
_UNFINISHED = ("waiting", "running")


@dataclass(frozen=True, kw_only=True)
class StoredDrill:
    """`minutes` is what has been played so far; `report` is there when all of it has."""

    id: str
    model: str
    scenario: dict[str, Any]
    state: State
    minutes: list[dict[str, Any]]
    report: dict[str, Any] | None
    problem: str
    started_by: str | None
    created_at: datetime
    updated_at: datetime


def add_drill(
    connection: Connection, project_id: str, drill_id: str, scenario: dict[str, Any], *, user_id: str, now: datetime
) -> StoredDrill:
    """A drill that waits to be played. The oldest ones of the project make room for it. Raises `Conflict` while many wait."""
    waiting = select(func.count()).where(
        drills.c.project_id == project_id, drills.c.state.in_(_UNFINISHED), drills.c.updated_at > now - _LOST_AFTER
    )
    if connection.execute(waiting).scalar_one() >= MOST_UNFINISHED:
        raise Conflict(
            f"{MOST_UNFINISHED} drills of this project are waiting or playing. Stop one, or wait for its end."
        )
    newest = select(drills.c.id).where(drills.c.project_id == project_id).order_by(drills.c.created_at.desc())
    kept = [row.id for row in connection.execute(newest.limit(KEPT_PER_PROJECT - 1))]
    connection.execute(delete(drills).where(drills.c.project_id == project_id, drills.c.id.not_in(kept)))
    connection.execute(
        insert(drills).values(
            id=drill_id,
            project_id=project_id,
            model=str(scenario["model"]),
            scenario=scenario,
            state="waiting",
            minutes=[],
            problem="",
            started_by=user_id,
            created_at=now,
            updated_at=now,
        )
    )
    return drill(connection, project_id, drill_id, now=now)


def drill(connection: Connection, project_id: str, drill_id: str, *, now: datetime) -> StoredDrill:
    """One drill of this project. Raises `NotFound`."""
    asked = select(drills).where(drills.c.project_id == project_id, drills.c.id == drill_id)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NotFound("There is no such drill in this project.")
    return _stored(row, now)


def drills_of(connection: Connection, project_id: str, *, now: datetime) -> list[StoredDrill]:
    """The project's drills, newest first."""
    asked = select(drills).where(drills.c.project_id == project_id).order_by(drills.c.created_at.desc())
    return [_stored(row, now) for row in connection.execute(asked)]


def note(connection: Connection, drill_id: str, *, now: datetime, **changes: Any) -> bool:
    """Writes how far an unfinished drill has come; False when it was stopped or removed meanwhile."""
    changed = update(drills).where(drills.c.id == drill_id, drills.c.state.in_(_UNFINISHED))
    return connection.execute(changed.values(updated_at=now, **changes)).rowcount > 0


def stop_drill(connection: Connection, project_id: str, drill_id: str, *, now: datetime) -> StoredDrill:
    """Ends an unfinished drill; whoever plays it sees that at its next minute. Raises `NotFound`."""
    found = drill(connection, project_id, drill_id, now=now)
    note(connection, found.id, now=now, state="stopped")
    return drill(connection, project_id, drill_id, now=now)


def _stored(row: Row[Any], now: datetime) -> StoredDrill:
    values = {name: value for name, value in row._mapping.items() if name != "project_id"}
    if values["state"] in _UNFINISHED and now - values["updated_at"] > _LOST_AFTER:
        values["state"] = "lost"
    return StoredDrill(**values)
