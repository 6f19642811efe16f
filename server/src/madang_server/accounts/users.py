"""People: found, made, changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from sqlalchemy import insert, select, update

from madang_server.accounts.problems import Conflict
from madang_server.accounts.tables import users

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

Language = Literal["ko", "en"]


@dataclass(frozen=True, kw_only=True)
class User:
    """One person. `password_hash` is None while they sign in by link only."""

    id: str
    email: str
    name: str
    language: Language
    password_hash: str | None = field(repr=False)
    created_at: datetime


def user_by_id(connection: Connection, user_id: str) -> User | None:
    row = connection.execute(select(users).where(users.c.id == user_id)).one_or_none()
    return _user(row) if row else None


def user_by_email(connection: Connection, email: str) -> User | None:
    """The person with this e-mail, given in its tidied form."""
    row = connection.execute(select(users).where(users.c.email == email)).one_or_none()
    return _user(row) if row else None


def any_user(connection: Connection) -> bool:
    """Whether anybody exists yet; False means that this is the first start."""
    return connection.execute(select(users.c.id).limit(1)).first() is not None


def first_user(connection: Connection) -> User | None:
    """The person who was there first; None before the first start."""
    row = connection.execute(select(users).order_by(users.c.created_at, users.c.id).limit(1)).one_or_none()
    return _user(row) if row else None


def add_user(connection: Connection, user: User) -> None:
    """Store a new person. Raises `Conflict` when the e-mail is taken."""
    _refuse_taken_email(connection, user.email, but=user.id)
    connection.execute(
        insert(users).values(
            id=user.id,
            email=user.email,
            name=user.name,
            language=user.language,
            password_hash=user.password_hash,
            created_at=user.created_at,
        )
    )


def save_user(connection: Connection, user: User) -> None:
    """Store a person's changed e-mail, name, language and password. Raises `Conflict` when the e-mail is taken."""
    _refuse_taken_email(connection, user.email, but=user.id)
    connection.execute(
        update(users)
        .where(users.c.id == user.id)
        .values(email=user.email, name=user.name, language=user.language, password_hash=user.password_hash)
    )


def _refuse_taken_email(connection: Connection, email: str, *, but: str) -> None:
    taken = select(users.c.id).where(users.c.email == email, users.c.id != but)
    if connection.execute(taken).first() is not None:
        raise Conflict("Somebody else has this e-mail address.", param="email", code="email_taken")


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(**row._mapping)
