"""Kept responses, for thirty days, each seen by its own project only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, insert, select

from madang_server.responses.tables import kept_responses

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from madang_server.storage.sql.engine import Database

KEPT_FOR = timedelta(days=30)


class KeptResponse(NamedTuple):
    """Both as JSON: the list of all items that the answer was given to, and the answer."""

    input: bytes
    response: bytes


class ResponseStore:
    """Reads and writes in threads, so that a slow database holds up only the call that waits for it."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def keep(self, project_id: str, response_id: str, kept: KeptResponse) -> None:
        def work() -> None:
            with self._database.transaction() as connection:
                keep(connection, project_id, response_id, kept, now=self._now())

        await asyncio.to_thread(work)

    async def find(self, project_id: str, response_id: str) -> KeptResponse | None:
        def work() -> KeptResponse | None:
            with self._database.reading() as connection:
                return find(connection, project_id, response_id, now=self._now())

        return await asyncio.to_thread(work)

    async def forget(self, project_id: str, response_id: str) -> bool:
        def work() -> bool:
            with self._database.transaction() as connection:
                return forget(connection, project_id, response_id)

        return await asyncio.to_thread(work)


def keep(connection: Connection, project_id: str, response_id: str, kept: KeptResponse, *, now: datetime) -> None:
    """Keeps one response, or one from the cache once more. What is older than thirty days makes room, whoever's it is."""
    connection.execute(delete(kept_responses).where(kept_responses.c.created_at < now - KEPT_FOR))
    forget(connection, project_id, response_id)
    connection.execute(
        insert(kept_responses).values(
            project_id=project_id,
            id=response_id,
            input=kept.input.decode(),
            response=kept.response.decode(),
            created_at=now,
        )
    )


def find(connection: Connection, project_id: str, response_id: str, *, now: datetime) -> KeptResponse | None:
    """The project's response of this id; None where there is none, or none any more."""
    asked = select(kept_responses.c.input, kept_responses.c.response).where(
        kept_responses.c.project_id == project_id,
        kept_responses.c.id == response_id,
        kept_responses.c.created_at >= now - KEPT_FOR,
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else KeptResponse(row.input.encode(), row.response.encode())


def forget(connection: Connection, project_id: str, response_id: str) -> bool:
    """Whether there was such a response."""
    gone = delete(kept_responses).where(kept_responses.c.project_id == project_id, kept_responses.c.id == response_id)
    return connection.execute(gone).rowcount > 0
