"""What a whole project says about routing: which vendors may be asked after another's content filter refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from madang_server.models.routing_rules import tidy_block_vendors
from madang_server.models.tables import project_routing
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection


def policy_block_vendors(connection: Connection, project_id: str) -> tuple[str, ...]:
    """The project's vendors; none, so that a refusal is final, until somebody chose some."""
    asked = select(project_routing.c.policy_block_vendors).where(project_routing.c.project_id == project_id)
    return tuple(connection.execute(asked).scalar_one_or_none() or ())


def all_policy_block_vendors(connection: Connection) -> dict[str, tuple[str, ...]]:
    """By project, for those that chose some."""
    return {row.project_id: tuple(row.policy_block_vendors) for row in connection.execute(select(project_routing))}


def set_policy_block_vendors(
    connection: Connection, project_id: str, vendors: Sequence[str], *, now: datetime
) -> tuple[str, ...]:
    """The vendors as they are now stored. Raises `Invalid`."""
    version.bump(connection)
    ready = tidy_block_vendors(vendors)
    connection.execute(delete(project_routing).where(project_routing.c.project_id == project_id))
    connection.execute(
        insert(project_routing).values(project_id=project_id, policy_block_vendors=list(ready), updated_at=now)
    )
    return ready
