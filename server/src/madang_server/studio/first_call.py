"""What the first page needs to show a newcomer how to make a call."""

from __future__ import annotations

from fastapi import APIRouter

from madang_server.accounts import keys
from madang_server.http.access import ProjectReader
from madang_server.http.database import Reading
from madang_server.http.surroundings import Around
from madang_server.http.trace_store import MaybeTraceStore, known_or_none
from madang_server.models import store
from madang_server.spans.traces import has_traces
from madang_server.studio.shapes import Shown

router = APIRouter(tags=["first call"])


class FirstCall(Shown):
    """`public_key` is the newest key that works, None when there is none.

    `has_calls` tells whether a trace has arrived; None while the trace store does not answer.
    """

    base_url: str
    public_key: str | None
    has_calls: bool | None
    models: list[str]
    sandbox: bool


@router.get("/projects/{project_id}/first-call")
def get_first_call(access: ProjectReader, around: Around, reading: Reading, traces: MaybeTraceStore) -> FirstCall:
    """Where to call, with what, and whether somebody has."""
    working = [key for key in keys.keys_of(reading, access.project_id) if key.revoked_at is None]
    return FirstCall(
        base_url=around.settings.base_url,
        public_key=working[0].public_key if working else None,
        has_calls=known_or_none(traces, lambda asked: has_traces(asked, access.project_id)),
        models=[model.alias for model in store.models_of(reading, access.project_id)],
        sandbox=access.project.is_sandbox,
    )
