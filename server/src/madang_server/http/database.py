"""One request, one transaction. The edge here commits when the handler returned, and before the answer leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Connection

from madang_server.http.surroundings import Around


async def _slot(around: Around) -> AsyncIterator[None]:
    async with around.database_slots:
        yield


_InSlot = Annotated[None, Depends(_slot, scope="function")]


def _transaction(around: Around, _slot: _InSlot) -> Iterator[Connection]:
    with around.database.lazy_transaction() as connection:
        yield connection


def _reading(around: Around, _slot: _InSlot) -> Iterator[Connection]:
    with around.database.reading() as connection:
        yield connection


# Scope "function": the commit happens before the answer is sent, so that nobody is told of a change that failed.
Transaction = Annotated[Connection, Depends(_transaction, scope="function")]
Reading = Annotated[Connection, Depends(_reading, scope="function")]
