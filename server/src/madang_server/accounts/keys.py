"""Project key pairs: public `pk-md-…`, secret `sk-md-…`. The secret is shown once; only its digest is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import insert, or_, select, update

from madang_server.accounts.problems import Conflict, NotFound
from madang_server.accounts.randomness import RandomBytes, digest, new_id, new_secret
from madang_server.accounts.tables import project_keys, users
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection, Select


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key pair as people see it. `created_by` is an e-mail; None when the platform made the key itself."""

    id: str
    name: str
    public_key: str
    secret_hint: str
    created_at: datetime
    created_by: str | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeyPair(NamedTuple):
    public_key: str
    secret_key: str


@dataclass(frozen=True, kw_only=True)
class ActiveKey:
    """What a gateway needs to recognise a key."""

    key_id: str
    project_id: str
    public_key: str
    secret_digest: str = field(repr=False)


def new_key_pair(random_bytes: RandomBytes) -> KeyPair:
    return KeyPair(f"pk-md-{new_id(random_bytes)}", f"sk-md-{new_secret(random_bytes)}")


def add_key(
    connection: Connection,
    project_id: str,
    pair: KeyPair,
    *,
    key_id: str,
    name: str,
    created_by: str | None,
    now: datetime,
) -> None:
    """Store a pair; `created_by` is a user's id. Raises `Conflict` when either half is in use already."""
    version.bump(connection)
    taken = select(project_keys.c.id).where(
        or_(project_keys.c.public_key == pair.public_key, project_keys.c.secret_digest == digest(pair.secret_key))
    )
    if connection.execute(taken).first() is not None:
        raise Conflict("This key is in use already; give another pair.", param="public_key", code="key_taken")
    connection.execute(
        insert(project_keys).values(
            id=key_id,
            project_id=project_id,
            name=name,
            public_key=pair.public_key,
            secret_digest=digest(pair.secret_key),
            secret_hint=hint(pair.secret_key),
            created_at=now,
            created_by=created_by,
        )
    )


def keys_of(connection: Connection, project_id: str) -> list[Key]:
    """All keys of a project, also the revoked ones, newest first."""
    asked = _keys().where(project_keys.c.project_id == project_id)
    ordered = asked.order_by(project_keys.c.created_at.desc(), project_keys.c.id)
    return [Key(**row._mapping) for row in connection.execute(ordered)]


def key(connection: Connection, project_id: str, key_id: str) -> Key:
    """One key of this project. Raises `NotFound`."""
    asked = _keys().where(project_keys.c.project_id == project_id, project_keys.c.id == key_id)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NotFound("There is no such key in this project.")
    return Key(**row._mapping)


def revoke_key(connection: Connection, project_id: str, key_id: str, *, now: datetime) -> Key:
    """Make a key worthless for good; revoking it again changes nothing. Raises `NotFound`."""
    if key(connection, project_id, key_id).revoked_at is None:
        version.bump(connection)
        connection.execute(
            update(project_keys)
            .where(project_keys.c.id == key_id, project_keys.c.project_id == project_id)
            .values(revoked_at=now)
        )
    return key(connection, project_id, key_id)


def all_active(connection: Connection) -> list[ActiveKey]:
    """Every key that opens something, of all projects."""
    asked = select(
        project_keys.c.id.label("key_id"),
        project_keys.c.project_id,
        project_keys.c.public_key,
        project_keys.c.secret_digest,
    ).where(project_keys.c.revoked_at.is_(None))
    return [ActiveKey(**row._mapping) for row in connection.execute(asked.order_by(project_keys.c.id))]


def active_key_of_secret(connection: Connection, secret_key: str) -> ActiveKey | None:
    """The key whose secret this is; None when there is none or it is revoked."""
    asked = select(
        project_keys.c.id.label("key_id"),
        project_keys.c.project_id,
        project_keys.c.public_key,
        project_keys.c.secret_digest,
    ).where(project_keys.c.secret_digest == digest(secret_key), project_keys.c.revoked_at.is_(None))
    row = connection.execute(asked).one_or_none()
    return ActiveKey(**row._mapping) if row else None


def mark_used(connection: Connection, used_at: Mapping[str, datetime]) -> None:
    """Remember when keys (by id) were last used. Not a change of configuration: the counter stays."""
    for key_id, moment in used_at.items():
        connection.execute(
            update(project_keys)
            .where(
                project_keys.c.id == key_id,
                or_(project_keys.c.last_used_at.is_(None), project_keys.c.last_used_at < moment),
            )
            .values(last_used_at=moment)
        )


def hint(secret: str) -> str:
    """The last four characters, enough to tell keys apart; nothing of a secret too short to spare them."""
    return secret[-4:] if len(secret) >= 12 else ""


def _keys() -> Select[Any]:
    return select(
        project_keys.c.id,
        project_keys.c.name,
        project_keys.c.public_key,
        project_keys.c.secret_hint,
        project_keys.c.created_at,
        users.c.email.label("created_by"),
        project_keys.c.last_used_at,
        project_keys.c.revoked_at,
    ).join(users, users.c.id == project_keys.c.created_by, isouter=True)
