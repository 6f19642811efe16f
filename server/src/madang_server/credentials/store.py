"""Credentials kept, found, opened. What is meant for people never holds the key, only its last four characters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, insert, select, update

from madang_server.accounts.names import tidy_name
from madang_server.accounts.problems import Conflict, Invalid, NotFound
from madang_server.accounts.vendor_url import tidy_api_version, tidy_base_url
from madang_server.credentials.cipher import WrongSecretKey
from madang_server.credentials.secret_text import secret_hint, tidy_secret
from madang_server.credentials.tables import credentials
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from madang.calls.operation import Vendor
    from madang_server.credentials.cipher import Cipher

# Vendors whose servers never answer without a key, wherever they are.
_ALWAYS_KEYED = ("azure", "anthropic", "gemini", "vertex", "bedrock")


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A credential as people see it. An empty hint means that it has no key, or one too short to show anything of."""

    id: str
    project_id: str
    name: str
    vendor: Vendor
    base_url: str | None
    api_version: str | None
    secret_hint: str
    has_key: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class OpenedCredential:
    """A credential with its key, for the gateway and the check. Never put it into an answer, a log or an error."""

    id: str
    project_id: str
    name: str
    vendor: Vendor
    base_url: str | None
    api_version: str | None
    api_key: str | None = field(repr=False)


class AllOpened(NamedTuple):
    """`closed` are the ids of credentials that do not open with the secret key in force."""

    opened: list[OpenedCredential]
    closed: list[str]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a credential shall be. `api_key` None keeps the key it has."""

    name: str
    vendor: Vendor
    base_url: str | None
    api_version: str | None
    api_key: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Sealing:
    """What storing a key takes: the cipher and where its nonces come from."""

    cipher: Cipher
    random_bytes: Callable[[int], bytes]


def tidy(wanted: Wanted, *, has_key: bool) -> Wanted:
    """`wanted` in its stored form. Raises `Invalid` naming the field. `has_key`: whether a key is stored already."""
    name = tidy_name(wanted.name)
    base_url = tidy_base_url(wanted.base_url)
    api_version = tidy_api_version(wanted.api_version)
    api_key = tidy_secret(wanted.vendor, wanted.api_key or "")
    if wanted.vendor == "azure" and base_url is None:
        raise Invalid("Azure needs its address, such as https://NAME.openai.azure.com.", param="base_url")
    needs_key = wanted.vendor in _ALWAYS_KEYED or (wanted.vendor == "openai" and base_url is None)
    if needs_key and api_key is None and not has_key:
        raise Invalid("Give the vendor's key.", param="api_key")
    return Wanted(
        name=name,
        vendor=wanted.vendor,
        base_url=base_url,
        api_version=api_version,
        api_key=api_key,
    )


def credentials_of(connection: Connection, project_id: str) -> list[Credential]:
    """All credentials of a project, by name."""
    asked = select(credentials).where(credentials.c.project_id == project_id)
    ordered = asked.order_by(credentials.c.name, credentials.c.id)
    return [_credential(dict(row._mapping)) for row in connection.execute(ordered)]


def credential(connection: Connection, project_id: str, credential_id: str) -> Credential:
    """One credential of this project. Raises `NotFound`."""
    return _credential(_row(connection, project_id, credential_id))


def opened(connection: Connection, project_id: str, credential_id: str, cipher: Cipher) -> OpenedCredential:
    """One credential of this project with its key. Raises `NotFound` or `WrongSecretKey`."""
    return _opened(_row(connection, project_id, credential_id), cipher)


def all_opened(connection: Connection, cipher: Cipher) -> AllOpened:
    """Every credential of every project with its key, but for those that another secret key sealed."""
    found: list[OpenedCredential] = []
    closed: list[str] = []
    for row in connection.execute(select(credentials).order_by(credentials.c.id)):
        try:
            found.append(_opened(dict(row._mapping), cipher))
        except WrongSecretKey:
            closed.append(row.id)
    return AllOpened(found, closed)


def add_credential(
    connection: Connection, project_id: str, wanted: Wanted, *, credential_id: str, sealing: Sealing, now: datetime
) -> Credential:
    """The stored credential. Raises `Invalid`, or `Conflict` when the project has one of this name."""
    version.bump(connection)
    ready = tidy(wanted, has_key=False)
    _refuse_taken_name(connection, project_id, ready.name, but=credential_id)
    connection.execute(
        insert(credentials).values(
            id=credential_id,
            project_id=project_id,
            name=ready.name,
            vendor=ready.vendor,
            base_url=ready.base_url,
            api_version=ready.api_version,
            created_at=now,
            updated_at=now,
            **_sealed(ready, project_id, credential_id, sealing),
        )
    )
    return credential(connection, project_id, credential_id)


def change_credential(
    connection: Connection, project_id: str, credential_id: str, wanted: Wanted, *, sealing: Sealing, now: datetime
) -> Credential:
    """The changed credential. Raises `NotFound`, `Invalid` or `Conflict`.

    A new address asks for the key again: otherwise whoever may edit could have the stored key sent to their server.
    """
    version.bump(connection)
    before = credential(connection, project_id, credential_id)
    ready = tidy(wanted, has_key=before.has_key)
    moves = (ready.base_url, ready.vendor) != (before.base_url, before.vendor)
    if before.has_key and ready.api_key is None and moves:
        raise Invalid(
            "Enter the key again: the stored one is only sent to the address it was saved for.", param="api_key"
        )
    _refuse_taken_name(connection, project_id, ready.name, but=credential_id)
    new_key = _sealed(ready, project_id, credential_id, sealing) if ready.api_key is not None else {}
    connection.execute(
        update(credentials)
        .where(credentials.c.id == credential_id, credentials.c.project_id == project_id)
        .values(
            name=ready.name,
            vendor=ready.vendor,
            base_url=ready.base_url,
            api_version=ready.api_version,
            updated_at=now,
            **new_key,
        )
    )
    return credential(connection, project_id, credential_id)


def remove_credential(connection: Connection, project_id: str, credential_id: str, *, used_by: Sequence[str]) -> None:
    """Delete a credential. Raises `NotFound`, or `Conflict` while models (their aliases: `used_by`) rely on it."""
    version.bump(connection)
    credential(connection, project_id, credential_id)
    if used_by:
        raise Conflict(
            f"Models still use this credential: {', '.join(used_by)}. Give them another one first.", code="in_use"
        )
    connection.execute(
        delete(credentials).where(credentials.c.id == credential_id, credentials.c.project_id == project_id)
    )


def _sealed(ready: Wanted, project_id: str, credential_id: str, sealing: Sealing) -> dict[str, str | None]:
    if ready.api_key is None:
        return {"sealed_key": None, "secret_hint": ""}
    sealed = sealing.cipher.seal(
        ready.api_key, project_id=project_id, credential_id=credential_id, random_bytes=sealing.random_bytes
    )
    return {"sealed_key": sealed, "secret_hint": secret_hint(ready.vendor, ready.api_key)}


def _row(connection: Connection, project_id: str, credential_id: str) -> dict[str, object]:
    asked = select(credentials).where(credentials.c.project_id == project_id, credentials.c.id == credential_id)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NotFound("There is no such credential in this project.")
    return dict(row._mapping)


def _refuse_taken_name(connection: Connection, project_id: str, name: str, *, but: str) -> None:
    taken = select(credentials.c.id).where(
        credentials.c.project_id == project_id, credentials.c.name == name, credentials.c.id != but
    )
    if connection.execute(taken).first() is not None:
        raise Conflict(f"The project already has a credential named {name!r}.", param="name", code="name_taken")


def _credential(row: dict[str, object]) -> Credential:
    sealed_key = row.pop("sealed_key")
    return Credential(has_key=sealed_key is not None, **row)  # type: ignore[arg-type]  # a row's columns are these fields


def _opened(row: dict[str, object], cipher: Cipher) -> OpenedCredential:
    sealed = row["sealed_key"]
    api_key = (
        None
        if sealed is None
        else cipher.open(str(sealed), project_id=str(row["project_id"]), credential_id=str(row["id"]))
    )
    kept = {name: row[name] for name in ("id", "project_id", "name", "vendor", "base_url", "api_version")}
    return OpenedCredential(api_key=api_key, **kept)  # type: ignore[arg-type]  # a row's columns are these fields
