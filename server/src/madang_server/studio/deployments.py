"""Models and their deployments at work: what they did lately, taking one out of service and back, a test call."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from madang_server.accounts import users
from madang_server.credentials import store as credentials
from madang_server.http.access import ProjectEditor, ProjectReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.later import Later
from madang_server.http.member_call import MemberCall
from madang_server.http.surroundings import Around, DeploymentHealth, Now
from madang_server.http.trace_store import STORE_DOWN, TraceStore
from madang_server.models import store
from madang_server.models.model import Deployment as StoredDeployment
from madang_server.spans.deployments import Activity, activity_of
from madang_server.spans.models import calls_of
from madang_server.studio.credentials import facts_of
from madang_server.studio.models import Health, Model, shown
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/projects/{project_id}/models", tags=["models"])

_PROMPT = "Say hello in one short sentence."


class ErrorCount(Shown):
    error_type: str
    count: int


class ActivityHour(Shown):
    """Requests that began in the hour from `time` on."""

    time: datetime
    calls: int
    failures: int


class DeploymentActivity(Shown):
    """`calls` are requests to the vendor: answered, cancelled by their callers, or failed. Latency is of answered ones, in
    milliseconds, None without any; the first token is of streams. `health` is what the gateway sees now."""

    deployment: str
    vendor: str
    vendor_model: str
    region: str
    enabled: bool
    health: Health | None
    calls: int
    answered: int
    cancelled: int
    failures: int
    errors: list[ErrorCount]
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    first_token_p50_ms: float | None
    first_token_p95_ms: float | None
    hours: list[ActivityHour]


class ModelActivity(Shown):
    """From `start` up to `end`. Every deployment has the same hours, from the one on in which `start` lies."""

    start: datetime
    end: datetime
    deployments: list[DeploymentActivity]


class ModelCalls(Shown):
    """What the callers of one model saw: a call counts once however many requests to vendors it took. Latency is of
    answered calls, in milliseconds, None without any."""

    model: str
    calls: int
    failures: int
    p50_ms: float | None
    p95_ms: float | None
    hours: list[ActivityHour]


class ProjectActivity(Shown):
    """From `start` up to `end`, for every model. All have the same hours."""

    start: datetime
    end: datetime
    models: list[ModelCalls]


class Enabling(Sent):
    enabled: bool


class TestCallInput(Sent):
    """Without `deployment` the model's routing chooses."""

    deployment: str | None = Field(default=None, max_length=128)
    prompt: str = Field(default=_PROMPT, min_length=1, max_length=4_000)
    operation: Literal["chat", "embeddings"] = "chat"


class TestAttempt(Shown):
    """One request to a vendor. `outcome` is "answered" or the kind of failure, which `message` tells in words."""

    deployment: str
    model: str
    vendor: str
    reason: str
    outcome: str
    message: str
    latency_ms: int | None


class TestCall(Shown):
    """What came of it. `failure` and `message` are "" for an answered call. Tokens and cost are None where unknown."""

    trace_id: str
    text: str
    failure: str
    message: str
    latency_ms: int
    first_token_ms: int | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    simulated: bool
    attempts: list[TestAttempt]


@router.get("/activity", responses=STORE_DOWN)
def models_activity(
    access: ProjectReader,
    now: Now,
    reading: Reading,
    traces: TraceStore,
    hours: Annotated[int, Query(ge=1, le=168, description="How far back, in hours.")] = 24,
) -> ProjectActivity:
    """What the callers of each of the project's models saw in the last hours."""
    start = now - timedelta(hours=hours)
    names = [one.alias for one in store.models_of(reading, access.project_id)]
    found = calls_of(traces, access.project_id, names, start, now)
    return ProjectActivity(start=start, end=now, models=[ModelCalls.model_validate(one) for one in found])


@router.get("/{alias:path}/activity", responses=STORE_DOWN)
def model_activity(
    alias: str,
    access: ProjectReader,
    around: Around,
    now: Now,
    reading: Reading,
    traces: TraceStore,
    hours: Annotated[int, Query(ge=1, le=168, description="How far back, in hours.")] = 24,
) -> ModelActivity:
    """What the model's deployments did in the last hours, and how they are now."""
    found = store.model(reading, access.project_id, alias)
    health = around.health_of(access.project_id)
    start = now - timedelta(hours=hours)
    names = [one.name for one in found.deployments]
    activities = activity_of(traces, access.project_id, found.alias, names, start, now)
    return ModelActivity(
        start=start,
        end=now,
        deployments=[
            _shown_activity(one, activity, health.get((found.alias, one.name)))
            for one, activity in zip(found.deployments, activities, strict=True)
        ],
    )


@router.put("/{alias:path}/deployments/{name:path}/enabled")
def set_enabled(
    alias: str, name: str, body: Enabling, access: ProjectEditor, around: Around, now: Now, writing: Transaction
) -> Model:
    """Take a deployment out of service, or put it back. Calls under way finish; new ones go elsewhere."""
    known = credentials.credentials_of(writing, access.project_id)
    after = store.set_enabled(
        writing, access.project_id, alias, name, body.enabled, credentials=facts_of(known), now=now
    )
    return shown(after, {one.id: one.name for one in known}, around.health_of(access.project_id))


@router.post("/{alias:path}/test", response_model=TestCall)
def test_model(alias: str, body: TestCallInput, access: ProjectEditor, around: Around, reading: Reading) -> Later:
    """Make one real call, of 30 seconds at most. It costs what such a call costs, and leaves a trace with the tag "test"."""
    found = store.model(reading, access.project_id, alias)
    if body.deployment:
        store.deployment(found, body.deployment)
    person = users.user_by_id(reading, access.user_id)
    wish = MemberCall(
        project_id=access.project_id,
        user=person.email if person else "",
        model=found.alias,
        deployment=body.deployment or "",
        prompt=body.prompt,
        operation=body.operation,
    )

    async def call() -> TestCall:
        return TestCall.model_validate(await around.call_for(wish))

    return Later(call)


def _shown_activity(one: StoredDeployment, activity: Activity, health: DeploymentHealth | None) -> DeploymentActivity:
    return DeploymentActivity(
        deployment=one.name,
        vendor=one.vendor,
        vendor_model=one.vendor_model,
        region=one.region,
        enabled=one.enabled,
        health=None if health is None else Health.model_validate(health),
        calls=activity.calls,
        answered=activity.answered,
        cancelled=activity.cancelled,
        failures=sum(activity.errors.values()),
        errors=[ErrorCount(error_type=kind, count=count) for kind, count in activity.errors.items()],
        p50_ms=activity.p50_ms,
        p95_ms=activity.p95_ms,
        p99_ms=activity.p99_ms,
        first_token_p50_ms=activity.first_token_p50_ms,
        first_token_p95_ms=activity.first_token_p95_ms,
        hours=[ActivityHour.model_validate(hour) for hour in activity.hours],
    )
