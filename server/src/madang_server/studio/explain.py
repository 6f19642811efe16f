"""Where a call would go, and why, for the page of models."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter

from madang.calls.operation import Operation
from madang.calls.target import Feature
from madang_server.http.access import ProjectReader
from madang_server.http.surroundings import Around
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/projects/{project_id}/explain", tags=["models"])


class ExplainInput(Sent):
    """The call to explain. `routing` is what a caller may send in `x-madang-routing`."""

    model: str
    operation: Operation = "chat"
    stream: bool = False
    features: list[Feature] = []
    prompt_tokens: int = 0
    session_id: str = ""
    user_id: str = ""
    routing: dict[str, Any] = {}


class ExplainedStep(Shown):
    """One deployment at its place in the line. `share` of such calls (0 to 1) try it first; latency is of lately."""

    deployment: str
    model: str
    vendor: str
    vendor_model: str
    region: str
    reason: str
    share: float
    state: Literal["healthy", "cooling", "trial"]
    rests_s: float
    in_flight: int
    p50_ms: int | None
    p95_ms: int | None
    calls_known: int


class Skipped(Shown):
    """A deployment that cannot serve such a call."""

    deployment: str
    model: str
    why: str


class NextAfter(Shown):
    """Who is asked after the first deployment failed in this way; nobody when that failure is final."""

    after: Literal["outage", "throttled", "timeout", "context_overflow", "policy_block", "misconfigured"]
    deployments: list[str]


class Explanation(Shown):
    model: str
    strategy: str
    steps: list[ExplainedStep]
    skipped: list[Skipped]
    next_after: list[NextAfter]


@router.post("")
def explain_call(body: ExplainInput, access: ProjectReader, around: Around) -> Explanation:
    """Where such a call would go now. Nobody is called."""
    return Explanation.model_validate(around.explain_of(access.project_id, body.model_dump()))
