"""Who belongs to an organisation, and the rules that keep it from losing its last owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from madang_server.accounts.problems import Conflict, Forbidden, NotFound
from madang_server.accounts.roles import may_change_member
from madang_server.accounts.tables import memberships, organisations, users

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection, Select

    from madang_server.accounts.roles import Role


@dataclass(frozen=True, kw_only=True)
class Member:
    user_id: str
    email: str
    name: str
    role: Role
    has_password: bool
    created_at: datetime


def members_of(connection: Connection, organisation_id: str) -> list[Member]:
    """Everybody in the organisation, in the order in which they came."""
    asked = _members().where(memberships.c.organisation_id == organisation_id)
    return [
        Member(**row._mapping)
        for row in connection.execute(asked.order_by(memberships.c.created_at, memberships.c.user_id))
    ]


def member(connection: Connection, organisation_id: str, user_id: str) -> Member:
    """One member. Raises `NotFound`."""
    asked = _members().where(memberships.c.organisation_id == organisation_id, memberships.c.user_id == user_id)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NotFound("There is no such member in this organisation.")
    return Member(**row._mapping)


def add_member(
    connection: Connection, organisation_id: str, user_id: str, role: Role, *, actor: Role, now: datetime
) -> None:
    """Let a person in. Raises `Forbidden` when `actor` may not give this role, `Conflict` when they are in already."""
    _lock(connection, organisation_id)
    _require(actor, None, role)
    known = select(memberships.c.role).where(
        memberships.c.organisation_id == organisation_id, memberships.c.user_id == user_id
    )
    if connection.execute(known).first() is not None:
        raise Conflict(
            "This person is already a member; change their role instead.", param="email", code="already_member"
        )
    connection.execute(
        insert(memberships).values(organisation_id=organisation_id, user_id=user_id, role=role, created_at=now)
    )


def change_role(connection: Connection, organisation_id: str, user_id: str, role: Role, *, actor: Role) -> None:
    """Give a member another role. Raises `Forbidden`, `NotFound`, or `Conflict` for the last owner."""
    _lock(connection, organisation_id)
    before = member(connection, organisation_id, user_id).role
    _require(actor, before, role)
    if before == "owner" and role != "owner":
        _keep_an_owner(connection, organisation_id)
    connection.execute(
        update(memberships)
        .where(memberships.c.organisation_id == organisation_id, memberships.c.user_id == user_id)
        .values(role=role)
    )


def remove_member(connection: Connection, organisation_id: str, user_id: str, *, actor: Role, is_self: bool) -> None:
    """Take a member out; everybody may leave. Raises `Forbidden`, `NotFound`, or `Conflict` for the last owner."""
    _lock(connection, organisation_id)
    before = member(connection, organisation_id, user_id).role
    if not is_self:
        _require(actor, before, None)
    if before == "owner":
        _keep_an_owner(connection, organisation_id)
    connection.execute(
        delete(memberships).where(memberships.c.organisation_id == organisation_id, memberships.c.user_id == user_id)
    )


def _members() -> Select[Any]:
    return select(
        users.c.id.label("user_id"),
        users.c.email,
        users.c.name,
        memberships.c.role,
        users.c.password_hash.is_not(None).label("has_password"),
        memberships.c.created_at,
    ).join(users, users.c.id == memberships.c.user_id)


def _lock(connection: Connection, organisation_id: str) -> None:
    # Two owners leaving at the same moment must not both see the other one still there.
    connection.execute(select(organisations.c.id).where(organisations.c.id == organisation_id).with_for_update())


def _require(actor: Role, before: Role | None, after: Role | None) -> None:
    if not may_change_member(actor, before, after):
        raise Forbidden("Only an owner may add, change or remove owners; admins manage the other roles.", param="role")


def _keep_an_owner(connection: Connection, organisation_id: str) -> None:
    owners = select(func.count()).where(memberships.c.organisation_id == organisation_id, memberships.c.role == "owner")
    if connection.execute(owners).scalar_one() <= 1:
        raise Conflict("This is the last owner. Make somebody else an owner first.", param="role", code="last_owner")
