"""Prices a project agreed with its vendors, each from a day on (UTC). What was paid before stays as it was recorded."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from madang.calls.operation import VENDORS
from madang.calls.target import AMOUNTS, Price
from madang_server.accounts.problems import Invalid, NotFound
from madang_server.accounts.tables import users
from madang_server.accounts.usd import HIGHEST_USD, MOST_DECIMALS, is_price
from madang_server.prices.tables import price_overrides
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from sqlalchemy import Connection, Row, Select

SOURCE = "project"

_MOST_PER_PROJECT = 2_000


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What models of a vendor cost from `valid_from` on. `model` is a name, or a beginning followed by *.

    An amount that is None is left to the price list.
    """

    vendor: str
    model: str
    valid_from: date
    price: Price


@dataclass(frozen=True, kw_only=True)
class Override(Agreement):
    """An agreement as it is kept. `updated_by` is an e-mail; None when that person has left."""

    id: str
    updated_by: str | None
    updated_at: datetime


def overrides_of(connection: Connection, project_id: str) -> list[Override]:
    """A project's own prices by vendor and model, the newest of each first."""
    table = price_overrides.c
    asked = _all().where(table.project_id == project_id).order_by(table.vendor, table.model, table.valid_from.desc())
    return [_override(row) for row in connection.execute(asked)]


def all_overrides(connection: Connection) -> Mapping[str, list[Override]]:
    """Every project's own prices, by project."""
    by_project: dict[str, list[Override]] = defaultdict(list)
    for row in connection.execute(_all()):
        by_project[row.project_id].append(_override(row))
    return by_project


def put_override(
    connection: Connection, project_id: str, wanted: Agreement, *, override_id: str, user_id: str, now: datetime
) -> Override:
    """The stored price, under `override_id` unless it replaces one for the same vendor, model and day, which keeps its id.

    Raises `Invalid`.
    """
    version.bump(connection)
    _check(wanted)
    before = overrides_of(connection, project_id)
    place = (wanted.vendor, wanted.model, wanted.valid_from)
    same = next((one.id for one in before if (one.vendor, one.model, one.valid_from) == place), None)
    if same is None and len(before) >= _MOST_PER_PROJECT:
        raise Invalid(
            f"A project can have up to {_MOST_PER_PROJECT:,} prices of its own. Delete those that no longer hold."
        )
    columns = {name: getattr(wanted.price, name) for name in AMOUNTS} | {"updated_by": user_id, "updated_at": now}
    if same is None:
        columns |= {"vendor": wanted.vendor, "model": wanted.model, "valid_from": wanted.valid_from}
        connection.execute(insert(price_overrides).values(id=override_id, project_id=project_id, **columns))
    else:
        connection.execute(update(price_overrides).where(price_overrides.c.id == same).values(**columns))
    return next(one for one in overrides_of(connection, project_id) if one.id == (same or override_id))


def remove_override(connection: Connection, project_id: str, override_id: str) -> None:
    """Delete one of the project's prices. Raises `NotFound`."""
    version.bump(connection)
    gone = delete(price_overrides).where(
        price_overrides.c.project_id == project_id, price_overrides.c.id == override_id
    )
    if connection.execute(gone).rowcount == 0:
        raise NotFound(f"This project has no price {override_id!r} of its own.", param="override_id")


def _check(wanted: Agreement) -> None:
    if wanted.vendor not in VENDORS:
        raise Invalid(f"There is no vendor {wanted.vendor!r}; there are {', '.join(VENDORS)}.", param="vendor")
    model = wanted.model
    if not 1 <= len(model) <= 256 or not model.isprintable() or model != model.strip():
        raise Invalid("Give the vendor's name of the model, or a beginning and *.", param="model")
    if "*" in model[:-1]:
        raise Invalid(f"Model {model!r} has a * before its end; only a beginning and a last * match.", param="model")
    amounts = {name: amount for name in AMOUNTS if (amount := getattr(wanted.price, name)) is not None}
    if not amounts:
        raise Invalid("Give at least one price.", param="price")
    for name, amount in amounts.items():
        if not is_price(amount):
            raise Invalid(
                f"Give a price of 0 to {HIGHEST_USD:,} US dollars with up to {MOST_DECIMALS} decimals.", param=name
            )


def _all() -> Select[Any]:
    by = price_overrides.c.updated_by == users.c.id
    return select(price_overrides, users.c.email).select_from(price_overrides.outerjoin(users, by))


def _override(row: Row[Any]) -> Override:
    values = row._mapping
    return Override(
        id=values["id"],
        vendor=values["vendor"],
        model=values["model"],
        valid_from=values["valid_from"],
        price=Price(**{name: values[name] for name in AMOUNTS}, source=SOURCE),
        updated_by=values["email"],
        updated_at=values["updated_at"],
    )
