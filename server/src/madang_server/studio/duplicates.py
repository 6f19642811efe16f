"""Calls that came twice or were answered from the cache: what they would have cost, and the project's rules about them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query

from madang_server.accounts import keys
from madang_server.http.access import ProjectEditor, ProjectReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.surroundings import Now
from madang_server.http.trace_store import STORE_DOWN, TraceStore
from madang_server.models.project_duplicates import DuplicateRules as StoredRules
from madang_server.models.project_duplicates import duplicate_rules, set_duplicate_rules
from madang_server.spans.duplicates import SavedBy, savings_of
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/projects/{project_id}/duplicates", tags=["duplicates"])


class DuplicateRow(Shown):
    """The calls with one key for one user; "" where no user was named. `key_name` is None for a key of another time or of
    the platform's own calls."""

    key_id: str
    key_name: str | None
    user_id: str
    joined: int
    cache_hits: int
    saved_usd: Decimal
    unknown_cost: int
    paid_again: int
    paid_again_usd: Decimal


class DuplicateReport(Shown):
    """From `start` up to `end`. `joined` are calls that got the answer of another one, `cache_hits` those answered from the
    cache. `saved_usd` is what both would have cost, as far as it is known; `unknown_cost` counts those of which it is not.
    `paid_again` are calls that the client itself repeated and that joined nothing, with what they cost."""

    start: datetime
    end: datetime
    joined: int
    cache_hits: int
    saved_usd: Decimal
    unknown_cost: int
    paid_again: int
    paid_again_usd: Decimal
    rows: list[DuplicateRow]


class DuplicateRules(Shown):
    """`joins_duplicates`: a call with the same key and body as one before gets its answer, while that is under way and
    `window_s` seconds longer."""

    joins_duplicates: bool
    window_s: float


class DuplicateRulesInput(Sent):
    joins_duplicates: bool
    window_s: float = 60.0


@router.get("", responses=STORE_DOWN)
def get_duplicates(
    access: ProjectReader,
    now: Now,
    reading: Reading,
    traces: TraceStore,
    hours: Annotated[int, Query(ge=1, le=744, description="How far back, in hours.")] = 24,
) -> DuplicateReport:
    """The calls of the last hours that came twice, saved or paid again, by key and user, the most money first."""
    start = now - timedelta(hours=hours)
    found = savings_of(traces, access.project_id, start, now)
    names = {one.public_key: one.name for one in keys.keys_of(reading, access.project_id)}
    return DuplicateReport(
        start=start,
        end=now,
        joined=found.total.joined,
        cache_hits=found.total.cache_hits,
        saved_usd=found.total.saved_usd,
        unknown_cost=found.total.unknown_cost,
        paid_again=found.total.paid_again,
        paid_again_usd=found.total.paid_again_usd,
        rows=[_row(one, names.get(one.key_id)) for one in found.by],
    )


@router.get("/rules")
def get_duplicate_rules(access: ProjectReader, reading: Reading) -> DuplicateRules:
    """What the project says about calls that come twice."""
    return DuplicateRules.model_validate(duplicate_rules(reading, access.project_id))


@router.put("/rules")
def replace_duplicate_rules(
    body: DuplicateRulesInput, access: ProjectEditor, now: Now, writing: Transaction
) -> DuplicateRules:
    """Replace what the project says about calls that come twice."""
    rules = StoredRules(joins_duplicates=body.joins_duplicates, window_s=body.window_s)
    return DuplicateRules.model_validate(set_duplicate_rules(writing, access.project_id, rules, now=now))


def _row(one: SavedBy, key_name: str | None) -> DuplicateRow:
    return DuplicateRow(
        key_id=one.key_id,
        key_name=key_name,
        user_id=one.user_id,
        joined=one.joined,
        cache_hits=one.cache_hits,
        saved_usd=one.saved_usd,
        unknown_cost=one.unknown_cost,
        paid_again=one.paid_again,
        paid_again_usd=one.paid_again_usd,
    )
