"""What a request may use beyond what it sent: settings, database, cipher, clock, randomness. Made once, at start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from fastapi import Depends, Request

from madang_server.http.member_call import CallFor as CallFor
from madang_server.limits.book import Standing
from madang_server.limits.limit import Limit
from madang_server.settings import Settings as Settings
from madang_server.storage.sql.engine import Database as Database

if TYPE_CHECKING:
    from madang_server.accounts.passwords import Passwords
    from madang_server.accounts.throttle import SignInThrottle
    from madang_server.credentials.cipher import Cipher
    from madang_server.drill.runner import DrillRunner


class DeploymentHealth(NamedTuple):
    """What the gateway knows about one deployment. `until`: when a cooling one is tried again; in state "trial" the next
    call tries it. `in_flight`: calls under way in this process."""

    state: Literal["healthy", "cooling", "trial"]
    until: datetime | None
    reason: str
    in_flight: int = 0


class LimitUse(NamedTuple):
    """How a limit stands for each subject that the gateway knows of, and how many calls it refused since midnight (UTC)."""

    standings: tuple[Standing, ...]
    refused_today: int


# The use of limits, by their ids.
LimitsInUse = Callable[[Sequence[Limit]], Mapping[str, LimitUse]]

# Health by (alias, deployment) of one project; what is not in it is not known.
HealthOf = Callable[[str], Mapping[tuple[str, str], DeploymentHealth]]

# Where a call of one project would go, for a wish as `POST /api/explain` takes it. Raises `Invalid` or `NotFound`.
ExplainOf = Callable[[str, Mapping[str, Any]], dict[str, Any]]

# A project's models as the SDK's configuration describes them.
DescribedModels = Callable[[str], list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """`now` gives the time in UTC, and `seconds` a clock that never goes back."""

    settings: Settings
    database: Database
    cipher: Cipher
    passwords: Passwords
    throttle: SignInThrottle
    version: str
    now: Callable[[], datetime]
    seconds: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    health_of: HealthOf
    explain_of: ExplainOf
    described_models: DescribedModels
    call_for: CallFor
    drills: DrillRunner
    limits_in_use: LimitsInUse
    # Each request at the database holds up to two connections and needs threads to go on. More at once than this could
    # leave some waiting for a connection, on threads that the others need to give theirs back.
    database_slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(20))


def _surroundings(request: Request) -> Surroundings:
    surroundings: Surroundings = request.app.state.surroundings
    return surroundings


def _now(request: Request) -> datetime:
    return _surroundings(request).now()


Around = Annotated[Surroundings, Depends(_surroundings)]
Now = Annotated[datetime, Depends(_now)]
