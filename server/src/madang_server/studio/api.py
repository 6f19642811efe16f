"""The control plane, put together: every noun's router around one set of surroundings."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from madang_server.accounts.passwords import Passwords
from madang_server.accounts.problems import NotFound
from madang_server.accounts.throttle import SignInThrottle
from madang_server.credentials.cipher import Cipher
from madang_server.credentials.secret_key import secret_key
from madang_server.drill.runner import DrillRunner
from madang_server.http.api import create_api
from madang_server.http.static_ui import UI_DIRECTORY
from madang_server.http.surroundings import Surroundings
from madang_server.http.trace_store import use_trace_store
from madang_server.studio import (
    apply,
    credentials,
    deployments,
    duplicates,
    explain,
    first_call,
    keys,
    limits,
    members,
    models,
    organisations,
    prices,
    profile,
    routing,
    session,
    traces,
)
from madang_server.studio import (
    drills as drill_pages,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from fastapi import APIRouter, FastAPI

    from madang_server.http.member_call import CallFor, CallReport, MemberCall
    from madang_server.http.surroundings import Database, DescribedModels, ExplainOf, HealthOf, LimitsInUse, Settings
    from madang_server.http.trace_store import Store

ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    profile.router,
    organisations.router,
    members.router,
    keys.router,
    credentials.router,
    deployments.router,  # before models: an alias may hold slashes, so that its paths there match these too
    models.router,
    routing.router,
    duplicates.router,
    prices.router,
    limits.router,
    drill_pages.router,
    explain.router,
    first_call.router,
    apply.router,
    traces.router,
)


def create_control_plane(
    settings: Settings,
    database: Database,
    *,
    version: str,
    health_of: HealthOf = lambda _project_id: {},
    explain_of: ExplainOf | None = None,
    described_models: DescribedModels = lambda _project_id: [],
    call_for: CallFor | None = None,
    trace_store: Store | None = None,
    drills: DrillRunner | None = None,
    limits_in_use: LimitsInUse = lambda _limits: {},
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    seconds: Callable[[], float] = time.monotonic,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    passwords: Passwords | None = None,
    ui_directory: Path = UI_DIRECTORY,
) -> FastAPI:
    """The application that answers /api/… and the UI's pages. Raises `SecretKeyUnavailable`."""
    surroundings = Surroundings(
        settings=settings,
        database=database,
        cipher=Cipher(secret_key(settings, random_bytes)),
        passwords=passwords or Passwords(),
        throttle=SignInThrottle(),
        version=version,
        now=now,
        seconds=seconds,
        random_bytes=random_bytes,
        health_of=health_of,
        explain_of=explain_of or _no_gateway,
        described_models=described_models,
        call_for=call_for or _no_call,
        drills=drills or DrillRunner(database, now),
        limits_in_use=limits_in_use,
    )
    api = create_api(surroundings, ROUTERS, ui_directory=ui_directory)
    use_trace_store(api, trace_store)
    return api


def _no_gateway(_project_id: str, _wish: Mapping[str, Any]) -> dict[str, Any]:
    raise NotFound("No gateway runs in this process.")


async def _no_call(_wish: MemberCall) -> CallReport:
    raise NotFound("No gateway runs in this process.")
