"""A counter that every change to keys, models, credentials and projects moves on: gateways load afresh when it has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, Table, select, update

from madang_server.storage.sql.metadata import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

config_version = Table(
    "config_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
)

_ONLY_ROW = 1


def bump(connection: Connection) -> None:
    """Move the counter on, in the caller's transaction: whoever sees the new number sees the change as well.

    The row stays locked until that transaction ends, so two changes to the configuration never interleave.
    """
    connection.execute(
        update(config_version).where(config_version.c.id == _ONLY_ROW).values(value=config_version.c.value + 1)
    )


def current(connection: Connection) -> int:
    """The counter's value as this transaction sees it."""
    return int(connection.execute(select(config_version.c.value).where(config_version.c.id == _ONLY_ROW)).scalar_one())


def hold(connection: Connection) -> int:
    """The counter's value, locked until the transaction ends: whoever else changes the configuration waits."""
    asked = select(config_version.c.value).where(config_version.c.id == _ONLY_ROW).with_for_update()
    return int(connection.execute(asked).scalar_one())
