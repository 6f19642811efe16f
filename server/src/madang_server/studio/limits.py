"""Limits of organisations and projects, and how much of them is in use."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from pydantic import Field

from madang_server.accounts.randomness import new_id
from madang_server.http.access import OrganisationAdmin, OrganisationReader, ProjectEditor, ProjectReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.paging import Page, PageAsked, cut
from madang_server.http.surroundings import Around, Now
from madang_server.limits import store
from madang_server.limits.limit import EACH, MONEY, SOFT_SHARE, LimitKind, LimitScope, window_end
from madang_server.limits.store import Place, StoredLimit, WantedLimit
from madang_server.models import store as models
from madang_server.studio.shapes import Sent, Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from madang_server.http.surroundings import LimitUse, Surroundings

router = APIRouter(tags=["limits"])

_MOST_SUBJECTS = 20  # of a limit for each by itself, those that use most


class SubjectUse(Shown):
    """How much one subject uses, as this gateway knows it. `share` is of the amount, above 1 while in debt; `resets_at` is
    when money is counted afresh."""

    subject: str
    used: Decimal
    share: float
    is_warned: bool
    resets_at: datetime | None


class Limit(Shown):
    """`project_id` is null for the organisation's. `updated_by` is an e-mail, or null when that person has left.

    `refused_today` counts the calls it refused since midnight (UTC). `use` has the subjects that use most of it.
    """

    id: str
    project_id: str | None
    scope: LimitScope
    subject: str
    kind: LimitKind
    amount: Decimal
    soft_share: Decimal
    updated_by: str | None
    updated_at: datetime
    refused_today: int
    use: list[SubjectUse]


class LimitPage(Shown):
    items: list[Limit]
    next_cursor: str | None


class LimitInput(Sent):
    """`subject`: a key's public key, a user's id as callers tell it, or a model's alias; * for each by itself; empty for the
    whole organisation or project. `amount`: requests, tokens, calls at once, or US dollars."""

    scope: LimitScope
    subject: str = ""
    kind: LimitKind
    amount: Annotated[Decimal, Field(max_digits=48)]
    soft_share: Annotated[Decimal, Field(max_digits=48)] = SOFT_SHARE


@router.get("/projects/{project_id}/limits")
def list_project_limits(access: ProjectReader, page: Page, around: Around, now: Now, reading: Reading) -> LimitPage:
    """The limits that calls of this project keep, the organisation's first."""
    return _page(store.limits_at(reading, _of_project(access)), page, around, now)


@router.put("/projects/{project_id}/limits")
def put_project_limit(body: LimitInput, access: ProjectEditor, around: Around, now: Now, writing: Transaction) -> Limit:
    """Set a limit. It replaces the one for the same scope, subject and kind; what was counted stays counted."""
    if body.scope == "model" and body.subject != EACH:
        models.model(writing, access.project_id, body.subject)
    return _put(body, _of_project(access), access.user_id, around, now, writing)


@router.delete("/projects/{project_id}/limits/{limit_id}", status_code=204)
def delete_project_limit(limit_id: str, access: ProjectEditor, writing: Transaction) -> None:
    """Lift a limit of the project, and forget what was counted under it."""
    store.remove_limit(writing, _of_project(access), limit_id)


@router.get("/organisations/{organisation_id}/limits")
def list_organisation_limits(
    access: OrganisationReader, page: Page, around: Around, now: Now, reading: Reading
) -> LimitPage:
    """The limits of the whole organisation: calls of all its projects count together."""
    return _page(store.limits_at(reading, Place(organisation_id=access.organisation_id)), page, around, now)


@router.put("/organisations/{organisation_id}/limits")
def put_organisation_limit(
    body: LimitInput, access: OrganisationAdmin, around: Around, now: Now, writing: Transaction
) -> Limit:
    """Set a limit of the whole organisation. It replaces the one of the same kind; what was counted stays counted."""
    return _put(body, Place(organisation_id=access.organisation_id), access.user_id, around, now, writing)


@router.delete("/organisations/{organisation_id}/limits/{limit_id}", status_code=204)
def delete_organisation_limit(limit_id: str, access: OrganisationAdmin, writing: Transaction) -> None:
    """Lift a limit of the organisation, and forget what was counted under it."""
    store.remove_limit(writing, Place(organisation_id=access.organisation_id), limit_id)


def _of_project(access: ProjectReader) -> Place:
    return Place(organisation_id=access.project.organisation_id, project_id=access.project_id)


def _put(
    body: LimitInput, place: Place, user_id: str, around: Surroundings, now: datetime, writing: Transaction
) -> Limit:
    wanted = WantedLimit(
        scope=body.scope, subject=body.subject, kind=body.kind, amount=body.amount, soft_share=body.soft_share
    )
    limit_id = new_id(around.random_bytes)
    stored = store.put_limit(writing, place, wanted, limit_id=limit_id, user_id=user_id, now=now)
    return _shown(stored, around.limits_in_use([stored.limit]).get(stored.limit.id), now)


def _page(found: Sequence[StoredLimit], page: PageAsked, around: Surroundings, now: datetime) -> LimitPage:
    items, next_cursor = cut(found, page, lambda one: one.limit.id)
    in_use = around.limits_in_use([one.limit for one in items])
    return LimitPage(items=[_shown(one, in_use.get(one.limit.id), now) for one in items], next_cursor=next_cursor)


def _shown(stored: StoredLimit, use: LimitUse | None, now: datetime) -> Limit:
    limit = stored.limit
    resets_at = window_end(limit.kind, now) if limit.kind in MONEY else None
    fullest = sorted(use.standings, key=lambda one: one.used, reverse=True)[:_MOST_SUBJECTS] if use else []
    return Limit(
        id=limit.id,
        project_id=limit.project_id,
        scope=limit.scope,
        subject=limit.subject,
        kind=limit.kind,
        amount=limit.amount,
        soft_share=limit.soft_share,
        updated_by=stored.updated_by,
        updated_at=stored.updated_at,
        refused_today=use.refused_today if use else 0,
        use=[
            SubjectUse(
                subject=one.held.subject,
                used=one.used if limit.kind in MONEY else one.used.to_integral_value(ROUND_CEILING),
                share=float(one.share),
                is_warned=one.is_soft_passed,
                resets_at=resets_at,
            )
            for one in fullest
        ],
    )
