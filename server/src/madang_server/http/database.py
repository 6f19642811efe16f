"""One request, one transaction. The edge here commits when the handler returned, and before the answer leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Connection

from madang_server.http.surroundings import Around


def _transaction(around: Around) -> Iterator[Connection]:
    with around.database.lazy_transaction() as connection:
        yield connection


def _reading(around: Around) -> Iterator[Connection]:
    with around.database.reading() as connection:
        yield connection


# Scope "function": the commit happens before the answer is sent, so that nobody is told of a change that failed.
Transaction = Annotated[Connection, Depends(_transaction, scope="function")]
Reading = Annotated[Connection, Depends(_reading, scope="function")]
