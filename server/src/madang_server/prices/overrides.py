"""Prices a project agreed with its vendors, each from a day on (UTC). What was paid before stays as it was recorded."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from madang.calls.target import AMOUNTS, Price
from madang_server.accounts.problems import Invalid, NotFound
from madang_server.prices.tables import price_overrides
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from sqlalchemy import Connection, Row

SOURCE = "project"

_HIGHEST = Decimal(1_000_000)  # US dollars
_VENDOR = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_MOST_PER_PROJECT = 2_000


@dataclass(frozen=True, kw_only=True)
class Override:
    """What models of a vendor cost this project from `valid_from` on. `model` is a name, or a beginning followed by *.

    An amount that is None is left to the price list.
    """

    id: str
    vendor: str
    model: str
    valid_from: date
    price: Price
    updated_by: str | None
    updated_at: datetime


def overrides_of(connection: Connection, project_id: str) -> list[Override]:
    """A project's own prices by vendor and model, the newest of each first."""
    table = price_overrides.c
    asked = (
        select(price_overrides)
        .where(table.project_id == project_id)
        .order_by(table.vendor, table.model, table.valid_from.desc())
    )
    return [_override(row) for row in connection.execute(asked)]


def all_overrides(connection: Connection) -> Mapping[str, list[Override]]:
    """Every project's own prices, by project."""
    by_project: dict[str, list[Override]] = defaultdict(list)
    for row in connection.execute(select(price_overrides)):
        by_project[row.project_id].append(_override(row))
    return by_project


def put_override(connection: Connection, project_id: str, wanted: Override) -> Override:
    """The stored price. It replaces what the project had for the same vendor, model and day. Raises `Invalid`."""
    version.bump(connection)
    _check(wanted)
    before = overrides_of(connection, project_id)
    place = (wanted.vendor, wanted.model, wanted.valid_from)
    same = [one for one in before if (one.vendor, one.model, one.valid_from) == place]
    if not same and len(before) >= _MOST_PER_PROJECT:
        raise Invalid(
            f"A project can have up to {_MOST_PER_PROJECT} prices of its own. Delete some that no longer hold."
        )
    if same:
        connection.execute(delete(price_overrides).where(price_overrides.c.id == same[0].id))
    row = {
        "id": same[0].id if same else wanted.id,
        "project_id": project_id,
        "vendor": wanted.vendor,
        "model": wanted.model,
        "valid_from": wanted.valid_from,
        "updated_by": wanted.updated_by,
        "updated_at": wanted.updated_at,
    }
    connection.execute(insert(price_overrides).values(row | {name: getattr(wanted.price, name) for name in AMOUNTS}))
    return next(one for one in overrides_of(connection, project_id) if one.id == row["id"])


def remove_override(connection: Connection, project_id: str, override_id: str) -> None:
    """Delete one of the project's prices. Raises `NotFound`."""
    version.bump(connection)
    gone = delete(price_overrides).where(
        price_overrides.c.project_id == project_id, price_overrides.c.id == override_id
    )
    if connection.execute(gone).rowcount == 0:
        raise NotFound(f"This project has no price {override_id!r} of its own.", param="override_id")


def _check(wanted: Override) -> None:
    if not _VENDOR.fullmatch(wanted.vendor):
        raise Invalid(f"Vendor {wanted.vendor!r} cannot be: give a vendor such as 'openai'.", param="vendor")
    model = wanted.model
    if not 1 <= len(model) <= 256 or not model.isprintable() or model != model.strip():
        raise Invalid("Give the vendor's name of the model, or a beginning and *.", param="model")
    if "*" in model[:-1]:
        raise Invalid(f"Model {model!r} has a * before its end; only a beginning and a last * match.", param="model")
    amounts = {name: amount for name in AMOUNTS if (amount := getattr(wanted.price, name)) is not None}
    if not amounts:
        raise Invalid("Give at least one price.", param="price")
    for name, amount in amounts.items():
        # 48 digits are kept; more would be cut, and money must not be.
        if not (amount.is_finite() and 0 <= amount <= _HIGHEST) or len(format(amount, "f")) > 48:
            raise Invalid(f"Give a price of 0 to {_HIGHEST:,} US dollars.", param=name)


def _override(row: Row[tuple[object, ...]]) -> Override:
    values = row._mapping
    return Override(
        id=values["id"],
        vendor=values["vendor"],
        model=values["model"],
        valid_from=values["valid_from"],
        price=Price(**{name: values[name] for name in AMOUNTS}, source=SOURCE),
        updated_by=values["updated_by"],
        updated_at=values["updated_at"],
    )
