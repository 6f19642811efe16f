"""Limits kept and found: those of an organisation, and those of its projects."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, or_, select, update

from madang_server.accounts.problems import Invalid, NotFound
from madang_server.accounts.tables import project_keys, projects, users
from madang_server.accounts.usd import HIGHEST_USD
from madang_server.limits.limit import EACH, MONEY, Limit, LimitKind, LimitScope
from madang_server.limits.tables import limits
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

_MOST_PER_PLACE = 1_000
_HIGHEST_COUNT = Decimal(10**12)
_LONGEST_SUBJECT = 200  # characters, as of the labels that calls carry
_NANO = Decimal("0.000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose limits: an organisation's, or one of its projects'."""

    organisation_id: str
    project_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLimit:
    """A limit as somebody asks for it."""

    scope: LimitScope
    subject: str
    kind: LimitKind
    amount: Decimal
    soft_share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLimit:
    """A limit with who changed it last: an e-mail, or None when that person has left."""

    limit: Limit
    updated_by: str | None
    updated_at: datetime


def limits_at(connection: Connection, place: Place) -> list[StoredLimit]:
    """The limits that hold there: those of the organisation, and in a project its own after them."""
    asked = _all().where(limits.c.organisation_id == place.organisation_id)
    own = limits.c.project_id.is_(None)
    asked = asked.where(own if place.project_id is None else or_(own, limits.c.project_id == place.project_id))
    found = [_stored(row) for row in connection.execute(asked)]
    return sorted(found, key=_order)


def all_limits(connection: Connection) -> list[Limit]:
    """Every limit of everybody."""
    return [_limit(row) for row in connection.execute(select(limits))]


def organisations_of_projects(connection: Connection) -> Mapping[str, str]:
    """The organisation of each project."""
    return {
        row.id: row.organisation_id for row in connection.execute(select(projects.c.id, projects.c.organisation_id))
    }


def put_limit(
    connection: Connection, place: Place, wanted: WantedLimit, *, limit_id: str, user_id: str | None, now: datetime
) -> StoredLimit:
    """The stored limit, under `limit_id` unless it replaces one of the same scope, subject and kind, which keeps its id and
    what was counted under it. Raises `Invalid`.
    """
    version.bump(connection)
    _check(connection, place, wanted)
    before = [one.limit for one in limits_at(connection, place) if one.limit.project_id == place.project_id]
    same = next((one.id for one in before if _name(one) == _name(wanted)), None)
    if same is None and len(before) >= _MOST_PER_PLACE:
        raise Invalid(f"There can be up to {_MOST_PER_PLACE:,} limits here. Delete those that no longer hold.")
    columns = {
        "amount": wanted.amount,
        "soft_share": wanted.soft_share,
        "updated_by": user_id,
        "updated_at": now,
    }
    if same is None:
        connection.execute(
            insert(limits).values(
                id=limit_id,
                organisation_id=place.organisation_id,
                project_id=place.project_id,
                scope=wanted.scope,
                subject=wanted.subject,
                kind=wanted.kind,
                **columns,
            )
        )
    else:
        connection.execute(update(limits).where(limits.c.id == same).values(**columns))
    return next(one for one in limits_at(connection, place) if one.limit.id == (same or limit_id))


def remove_limit(connection: Connection, place: Place, limit_id: str) -> None:
    """Delete a limit that is set here. Raises `NotFound`."""
    version.bump(connection)
    here = limits.c.project_id.is_(None) if place.project_id is None else limits.c.project_id == place.project_id
    gone = delete(limits).where(limits.c.id == limit_id, limits.c.organisation_id == place.organisation_id, here)
    if connection.execute(gone).rowcount == 0:
        raise NotFound(f"There is no limit {limit_id!r} here.", param="limit_id")


def _check(connection: Connection, place: Place, wanted: WantedLimit) -> None:
    if (wanted.scope == "organisation") != (place.project_id is None):
        own = "organisation" if place.project_id is None else "project, key, user or model"
        raise Invalid(f"Here limits have the scope {own}; this one has {wanted.scope!r}.", param="scope")
    _check_subject(connection, place, wanted)
    is_money = wanted.kind in MONEY
    highest, unit = (HIGHEST_USD, _NANO) if is_money else (_HIGHEST_COUNT, Decimal(1))
    amount = wanted.amount
    if not amount.is_finite() or not unit <= amount <= highest or amount % unit:
        right = (
            f"US dollars, up to {highest:,} with up to 9 decimals"
            if is_money
            else f"a whole number of 1 to {highest:,}"
        )
        raise Invalid(f"Give {right}.", param="amount")
    share = wanted.soft_share
    if not share.is_finite() or not 0 < share <= 1 or share % _NANO:
        raise Invalid("Give a share above 0 and up to 1; 0.8 warns from 80 % on.", param="soft_share")


def _check_subject(connection: Connection, place: Place, wanted: WantedLimit) -> None:
    subject = wanted.subject
    if wanted.scope in ("organisation", "project"):
        if subject:
            raise Invalid(f"A limit of the whole {wanted.scope} has no subject; leave it empty.", param="subject")
        return
    if not 1 <= len(subject) <= _LONGEST_SUBJECT or not subject.isprintable() or subject != subject.strip():
        raise Invalid(f"Say which {wanted.scope}, or {EACH} for each by itself.", param="subject")
    if wanted.scope == "key" and subject != EACH:
        asked = select(project_keys.c.id).where(
            project_keys.c.project_id == place.project_id, project_keys.c.public_key == subject
        )
        if connection.execute(asked).first() is None:
            raise Invalid("This project has no such key; give its public key (pk-md-…).", param="subject")


def _name(one: Limit | WantedLimit) -> tuple[str, str, str]:
    return one.scope, one.subject, one.kind


def _order(one: StoredLimit) -> tuple[bool, str, str, str]:
    return one.limit.project_id is not None, *_name(one.limit)


def _all() -> Select[Any]:
    by = limits.c.updated_by == users.c.id
    return select(limits, users.c.email).select_from(limits.outerjoin(users, by))


def _stored(row: Row[Any]) -> StoredLimit:
    return StoredLimit(limit=_limit(row), updated_by=row.email, updated_at=row.updated_at)


def _limit(row: Row[Any]) -> Limit:
    return Limit(
        id=row.id,
        organisation_id=row.organisation_id,
        project_id=row.project_id,
        scope=row.scope,
        subject=row.subject,
        kind=row.kind,
        amount=row.amount,
        soft_share=row.soft_share,
    )
