"""Drills of a project: start one, watch it, read its report."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, BackgroundTasks
from pydantic import Field

from madang_server.accounts.problems import Invalid
from madang_server.accounts.randomness import new_id
from madang_server.drill import store
from madang_server.drill.places import paces_of, route_of
from madang_server.drill.scenario import BadScenario, DisturbanceKind, read_scenario
from madang_server.http.access import ProjectEditor, ProjectReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.surroundings import Around, Now
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/projects/{project_id}/drills", tags=["drills"])


class DisturbanceInput(Sent):
    """What goes wrong with the deployments that fit; an empty field fits all. Minutes count from the drill's start."""

    kind: DisturbanceKind
    vendor: str = ""
    region: str = ""
    deployment: str = ""
    share: float = 1.0
    seconds: float = 30.0
    from_minute: float = 2.0
    to_minute: float = 8.0


class ScenarioInput(Sent):
    """Traffic for one model: `per_second` calls over `minutes`, `stream_share` of them streamed."""

    model: str
    minutes: int = 10
    per_second: float = 40.0
    stream_share: float = 0.5
    prompt_tokens: int = 400
    answer_tokens: int = 120
    seed: int = 1
    disturbances: list[DisturbanceInput] = []


class Played(Shown):
    """What a minute's calls, or all of them, came to. Latencies are of answered calls, in milliseconds."""

    calls: int
    answered: int
    success_rate: float | None
    failures: dict[str, int]
    attempts: int
    by_deployment: dict[str, int]
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    first_token_p50_ms: int | None
    first_token_p95_ms: int | None
    cost_usd: str
    calls_without_price: int


class PlayedMinute(Played):
    minute: int


class Noticed(Shown):
    """`after_s`: seconds from the disturbance until the deployment was no longer asked first; None when that never came."""

    deployment: str
    kind: str
    after_s: float | None


class Drill(Shown):
    """`total` and `noticed` are there when the drill is done."""

    id: str
    model: str
    scenario: ScenarioInput
    state: Literal["waiting", "running", "done", "failed", "stopped", "lost"]
    problem: str
    minutes: list[PlayedMinute]
    total: Played | None
    noticed: list[Noticed]
    created_at: datetime
    updated_at: datetime


class DrillSummary(Shown):
    id: str
    model: str
    state: Literal["waiting", "running", "done", "failed", "stopped", "lost"]
    disturbances: list[DisturbanceInput]
    success_rate: float | None
    calls: int = Field(description="Played so far.")
    created_at: datetime


class DrillPage(Shown):
    items: list[DrillSummary]


@router.get("")
def list_drills(access: ProjectReader, now: Now, reading: Reading) -> DrillPage:
    """The project's last drills, newest first."""
    return DrillPage(items=[_summary(each) for each in store.drills_of(reading, access.project_id, now=now)])


@router.post("", status_code=201)
def start_drill(
    body: ScenarioInput,
    access: ProjectEditor,
    around: Around,
    now: Now,
    writing: Transaction,
    after: BackgroundTasks,
) -> Drill:
    """A new drill, which begins as soon as the one before it has ended. No vendor is called."""
    scenario = body.model_dump()
    models = around.described_models(access.project_id)
    try:
        planned = read_scenario(scenario)
        told = around.explain_of(access.project_id, {"model": body.model})
        route_of(planned, models)
    except BadScenario as error:
        raise Invalid(str(error), param=error.param) from None
    asked = {
        "scenario": scenario,
        "models": models,
        "paces": {name: pace._asdict() for name, pace in paces_of(told["steps"]).items()},
    }
    drill_id = new_id(around.random_bytes)
    made = store.add_drill(writing, access.project_id, drill_id, scenario, user_id=access.user_id, now=now)
    after.add_task(around.drills.start, drill_id, asked)  # once the row can be seen
    return _shown(made)


@router.get("/{drill_id}")
def get_drill(drill_id: str, access: ProjectReader, now: Now, reading: Reading) -> Drill:
    """One drill, as far as it has been played."""
    return _shown(store.drill(reading, access.project_id, drill_id, now=now))


@router.post("/{drill_id}/stop")
def stop_drill(drill_id: str, access: ProjectEditor, now: Now, writing: Transaction) -> Drill:
    """Stop a drill that is under way."""
    return _shown(store.stop_drill(writing, access.project_id, drill_id, now=now))


def _shown(one: store.StoredDrill) -> Drill:
    report: dict[str, Any] = one.report or {}
    fields = asdict(one)
    return Drill.model_validate(
        {**fields, "total": report.get("total"), "noticed": report.get("noticed", [])}, extra="ignore"
    )


def _summary(one: store.StoredDrill) -> DrillSummary:
    calls = sum(minute["calls"] for minute in one.minutes)
    answered = sum(minute["answered"] for minute in one.minutes)
    return DrillSummary(
        id=one.id,
        model=one.model,
        state=one.state,
        disturbances=[DisturbanceInput.model_validate(each) for each in one.scenario["disturbances"]],
        success_rate=answered / calls if calls else None,
        calls=calls,
        created_at=one.created_at,
    )
