"""Vendor credentials of a project. The vendor's key comes in and never goes out again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from madang.calls.operation import Vendor
from madang_server.accounts.randomness import new_id
from madang_server.credentials import store
from madang_server.credentials.check import check_credential
from madang_server.credentials.secret_text import LONGEST_SECRET
from madang_server.credentials.store import Sealing, Wanted
from madang_server.http.access import ProjectAdmin, ProjectReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.later import Later
from madang_server.http.paging import Page, cut
from madang_server.http.surroundings import Around, Now, Surroundings
from madang_server.models import store as models
from madang_server.models.model import CredentialFacts
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/projects/{project_id}/credentials", tags=["credentials"])


class Credential(Shown):
    """`used_by` are the aliases of the models that rely on it."""

    id: str
    name: str
    vendor: Vendor
    base_url: str | None
    api_version: str | None
    has_key: bool
    secret_hint: str
    created_at: datetime
    updated_at: datetime
    used_by: list[str]


class CredentialPage(Shown):
    items: list[Credential]
    next_cursor: str | None


class NewCredential(Sent):
    name: str
    vendor: Vendor
    base_url: str | None = None
    api_version: str | None = None
    api_key: str | None = Field(default=None, max_length=LONGEST_SECRET)


class CredentialChange(Sent):
    """What is left out stays. A new address or vendor asks for the key again."""

    name: str | None = None
    vendor: Vendor | None = None
    base_url: str | None = None
    api_version: str | None = None
    api_key: str | None = Field(default=None, max_length=LONGEST_SECRET)


class CredentialCheck(Shown):
    """What came of calling the vendor; `latency_ms` is None when no answer came."""

    ok: bool
    latency_ms: int | None
    message: str


@router.get("")
def list_credentials(access: ProjectReader, page: Page, reading: Reading) -> CredentialPage:
    """The project's credentials, by name."""
    using = models.aliases_by_credential(reading, access.project_id)
    found, next_cursor = cut(store.credentials_of(reading, access.project_id), page, lambda one: one.id)
    return CredentialPage(items=[_shown(one, using.get(one.id, [])) for one in found], next_cursor=next_cursor)


@router.post("", status_code=201)
def create_credential(
    body: NewCredential, access: ProjectAdmin, around: Around, now: Now, writing: Transaction
) -> Credential:
    """Store a vendor's key, encrypted."""
    made = store.add_credential(
        writing,
        access.project_id,
        Wanted(**body.model_dump()),
        credential_id=new_id(around.random_bytes),
        sealing=sealing_of(around),
        now=now,
    )
    return _shown(made, [])


@router.patch("/{credential_id}")
def change_credential(
    credential_id: str, body: CredentialChange, access: ProjectAdmin, around: Around, now: Now, writing: Transaction
) -> Credential:
    """Change a credential. Models that use it must still fit."""
    before = store.credential(writing, access.project_id, credential_id)
    kept = {
        "name": before.name,
        "vendor": before.vendor,
        "base_url": before.base_url,
        "api_version": before.api_version,
    }
    wanted = Wanted(**{"api_key": None, **kept, **body.model_dump(exclude_unset=True)})
    changed = store.change_credential(
        writing, access.project_id, credential_id, wanted, sealing=sealing_of(around), now=now
    )
    models.check_project(writing, access.project_id, facts_of(store.credentials_of(writing, access.project_id)))
    using = models.aliases_by_credential(writing, access.project_id)
    return _shown(changed, using.get(changed.id, []))


@router.delete("/{credential_id}", status_code=204)
def delete_credential(credential_id: str, access: ProjectAdmin, writing: Transaction) -> None:
    """Delete a credential that no model uses."""
    using = models.aliases_by_credential(writing, access.project_id)
    store.remove_credential(writing, access.project_id, credential_id, used_by=using.get(credential_id, []))


@router.post("/{credential_id}/check", response_model=CredentialCheck)
def check(credential_id: str, access: ProjectAdmin, around: Around, now: Now, reading: Reading) -> Later:
    """Call the vendor with this credential, for 15 seconds at most; costs nothing."""
    opened = store.opened(reading, access.project_id, credential_id, around.cipher)
    region = models.region_by_credential(reading, access.project_id, credential_id)

    async def ask() -> CredentialCheck:
        result = await check_credential(opened, region=region, now_s=now.timestamp(), seconds=around.seconds)
        return CredentialCheck.model_validate(result)

    return Later(ask)


def sealing_of(around: Surroundings) -> Sealing:
    return Sealing(cipher=around.cipher, random_bytes=around.random_bytes)


def facts_of(found: Sequence[store.Credential]) -> dict[str, CredentialFacts]:
    """What the rules of models must know about a project's credentials, by id."""
    return {one.id: CredentialFacts(one.vendor, one.base_url, one.api_version) for one in found}


def _shown(one: store.Credential, used_by: list[str]) -> Credential:
    return Credential(
        id=one.id,
        name=one.name,
        vendor=one.vendor,
        base_url=one.base_url,
        api_version=one.api_version,
        has_key=one.has_key,
        secret_hint=one.secret_hint,
        created_at=one.created_at,
        updated_at=one.updated_at,
        used_by=used_by,
    )
