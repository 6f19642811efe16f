"""Project keys: made, listed, revoked."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from madang_server.accounts import keys
from madang_server.accounts.names import tidy_name
from madang_server.accounts.randomness import new_id
from madang_server.http.access import ProjectEditor, ProjectReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.paging import Page, cut
from madang_server.http.surroundings import Around, Now
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/projects/{project_id}/keys", tags=["keys"])


class Key(Shown):
    """`secret_hint` is the end of the secret. `created_by` is an e-mail, or None for keys the platform made."""

    id: str
    name: str
    public_key: str
    secret_hint: str
    created_at: datetime
    created_by: str | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeyPage(Shown):
    items: list[Key]
    next_cursor: str | None


class NewKey(Sent):
    name: str


class CreatedKey(Key):
    """`secret_key` is shown this once and cannot be had again."""

    secret_key: str


@router.get("")
def list_keys(access: ProjectReader, page: Page, reading: Reading) -> KeyPage:
    """The project's keys, also the revoked ones, newest first."""
    found, next_cursor = cut(keys.keys_of(reading, access.project_id), page, lambda one: one.id)
    return KeyPage(items=[Key.model_validate(one) for one in found], next_cursor=next_cursor)


@router.post("", status_code=201)
def create_key(body: NewKey, access: ProjectEditor, around: Around, now: Now, writing: Transaction) -> CreatedKey:
    """A new key pair. The secret is in this answer only."""
    pair = keys.new_key_pair(around.random_bytes)
    key_id = new_id(around.random_bytes)
    name = tidy_name(body.name)
    keys.add_key(writing, access.project_id, pair, key_id=key_id, name=name, created_by=access.user_id, now=now)
    made = Key.model_validate(keys.key(writing, access.project_id, key_id))
    return CreatedKey(**made.model_dump(), secret_key=pair.secret_key)


@router.delete("/{key_id}")
def revoke_key(key_id: str, access: ProjectEditor, now: Now, writing: Transaction) -> Key:
    """Make a key worthless for good."""
    return Key.model_validate(keys.revoke_key(writing, access.project_id, key_id, now=now))
