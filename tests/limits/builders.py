"""Limits, moments and claims for tests, short to write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from madang_server.limits.book import Consumed, LimitBook, Refusal, Reservation
from madang_server.limits.counters import Moment
from madang_server.limits.limit import Held, Limit, LimitKind, LimitScope

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def limit(
    kind: LimitKind,
    amount: str | int,
    *,
    scope: LimitScope = "project",
    subject: str = "",
    name: str = "",
    project_id: str | None = "prj_1",
) -> Limit:
    return Limit(
        id=name or f"{scope}-{subject}-{kind}",
        organisation_id="org_1",
        project_id=project_id,
        scope=scope,
        subject=subject,
        kind=kind,
        amount=Decimal(amount),
    )


def at(seconds: float = 0.0) -> Moment:
    """A moment so long after noon."""
    return Moment(1_000.0 + seconds, NOON + timedelta(seconds=seconds))


def takes(tokens: int = 0, usd: str = "0") -> Consumed:
    return Consumed(tokens, Decimal(usd))


def ask(
    book: LimitBook, *limits: Limit, estimate: Consumed | None = None, now: Moment | None = None
) -> Reservation | Refusal:
    """What a call that has to keep these limits is told."""
    now = now or at()
    shares = book.shares([Held(each, "") for each in limits], estimate or takes(), now)
    return book.reserve(shares, now)


def admitted(
    book: LimitBook, *limits: Limit, estimate: Consumed | None = None, now: Moment | None = None
) -> Reservation:
    """The reservation of a call for which there is room."""
    outcome = ask(book, *limits, estimate=estimate, now=now)
    assert isinstance(outcome, Reservation), outcome
    return outcome


def refused(book: LimitBook, *limits: Limit, estimate: Consumed | None = None, now: Moment | None = None) -> Refusal:
    """What stands in the way of a call for which there is no room."""
    outcome = ask(book, *limits, estimate=estimate, now=now)
    assert isinstance(outcome, Refusal), outcome
    return outcome


def used(book: LimitBook, of: Limit, now: Moment | None = None) -> Decimal:
    return book.standing(Held(of, ""), now or at()).used
