"""What a limit is, and which limits a call has to keep. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

LimitScope = Literal["organisation", "project", "key", "user", "model"]
LimitKind = Literal["requests_per_minute", "tokens_per_minute", "concurrency", "usd_per_day", "usd_per_month"]
SCOPES: tuple[LimitScope, ...] = get_args(LimitScope)
KINDS: tuple[LimitKind, ...] = get_args(LimitKind)
MONEY: frozenset[LimitKind] = frozenset({"usd_per_day", "usd_per_month"})
ESTIMATED: frozenset[LimitKind] = MONEY | {"tokens_per_minute"}
"""The kinds of which nobody knows before a call how much it takes."""

EACH = "*"
"""The subject of a limit that holds for every key, user or model by itself."""

SOFT_SHARE = Decimal("0.8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`amount` is in the kind's unit: requests, tokens, calls at once, US dollars. `project_id` is None where it is the
    organisation's. `subject` is a key's public key, a user's id as callers tell it, or a model's alias; or EACH; and empty
    for a whole organisation or project. From `soft_share` (0 to 1) of the amount on, callers are warned.
    """

    id: str
    organisation_id: str
    project_id: str | None
    scope: LimitScope
    subject: str
    kind: LimitKind
    amount: Decimal
    soft_share: Decimal = SOFT_SHARE


class Held(NamedTuple):
    """A limit that one call has to keep, and whose share of it the call counts in: of a limit for each user, the user."""

    limit: Limit
    subject: str


class Limits:
    """All limits of one project, its organisation's included. False when there is none."""

    __slots__ = ("_always", "_by_subject", "_each", "_is_any")

    def __init__(self, limits: Iterable[Limit] = ()) -> None:
        self._always: list[Held] = []
        self._each: dict[LimitScope, list[Limit]] = defaultdict(list)
        self._by_subject: dict[tuple[LimitScope, str], list[Held]] = defaultdict(list)
        for limit in limits:
            if limit.scope in ("organisation", "project"):
                self._always.append(Held(limit, ""))
            elif limit.subject == EACH:
                self._each[limit.scope].append(limit)
            else:
                self._by_subject[limit.scope, limit.subject].append(Held(limit, limit.subject))
        self._is_any = bool(self._always or self._each or self._by_subject)

    def __bool__(self) -> bool:
        return self._is_any

    def of_call(self, key: str, user: str, model: str) -> list[Held]:
        """The limits that a call with this public key, user and model has to keep. A call without a user is no user's."""
        held = list(self._always)
        subjects: tuple[tuple[LimitScope, str], ...] = (("key", key), ("user", user), ("model", model))
        for scope, subject in subjects:
            if not subject:
                continue
            if not subject.isprintable():  # a database may not take it
                subject = "".join(sign if sign.isprintable() else "\ufffd" for sign in subject)
            held.extend(self._by_subject.get((scope, subject), ()))
            if scope in self._each:
                held.extend(Held(limit, subject) for limit in self._each[scope])
        return held


NO_LIMITS = Limits()


def day_of(at: datetime) -> str:
    """The day of a moment in UTC, as 2026-11-22."""
    return at.date().isoformat()


def month_of(at: datetime) -> str:
    """The month of a moment in UTC, as 2026-11."""
    return at.date().isoformat()[:7]


def window_of(kind: LimitKind, at: datetime) -> str:
    """The day or month (UTC) in which money is counted at this moment, as 2026-11-22 or 2026-11; else empty."""
    if kind == "usd_per_day":
        return day_of(at)
    if kind == "usd_per_month":
        return month_of(at)
    return ""


def window_end(kind: LimitKind, at: datetime) -> datetime:
    """When the day or month (UTC) of a limit on money ends."""

    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "usd_per_day":
        return midnight + timedelta(days=1)
    return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)


def limits_by_project(limits: Iterable[Limit], organisation_of: Mapping[str, str]) -> dict[str, Limits]:
    """The limits of each project that has any. `organisation_of`: the organisation of each project."""
    of_organisation: dict[str, list[Limit]] = defaultdict(list)
    of_project: dict[str, list[Limit]] = defaultdict(list)
    for limit in limits:
        if limit.project_id is None:
            of_organisation[limit.organisation_id].append(limit)
        else:
            of_project[limit.project_id].append(limit)
    both = {
        project: [*of_organisation.get(organisation, ()), *of_project.get(project, ())]
        for project, organisation in organisation_of.items()
    }
    return {project: Limits(each) for project, each in both.items() if each}
