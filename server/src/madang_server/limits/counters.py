"""The three ways of counting: a bucket that refills, calls in hand, and money of a day or month. Pure; amounts are Decimal.

Each knows what this gateway took by itself, and what it was told of the others.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol

from madang_server.limits.limit import MONEY, day_of, month_of, window_end

if TYPE_CHECKING:
    from madang.calls.clock import Clock
    from madang_server.limits.limit import Limit

NOTHING = Decimal(0)
_MINUTE_S = Decimal(60)
# After this long without a call a bucket is full and nobody is in hand.
_IDLE_S = 120.0


class Moment(NamedTuple):
    """`monotonic` in seconds, for what passes; `utc` for days and months."""

    monotonic: float
    utc: datetime


def moment_of(clock: Clock) -> Moment:
    """The present."""
    return Moment(clock.monotonic(), datetime.fromtimestamp(clock.now_us() / 1_000_000, UTC))


class Counter(Protocol):
    """How much of one limit one subject uses. `claim` and what comes back are in the limit's unit."""

    def used(self, limit: Limit, now: Moment) -> Decimal:
        """How much of the amount is not free at this moment; more than the amount while in debt."""

    def has_room(self, limit: Limit, claim: Decimal, now: Moment) -> bool: ...

    def wait_s(self, limit: Limit, claim: Decimal, now: Moment) -> float | None:
        """Seconds until there is room; None when that depends on calls in hand."""

    def take(self, limit: Limit, claim: Decimal, now: Moment) -> None: ...

    def settle(self, limit: Limit, claim: Decimal, consumed: Decimal, now: Moment) -> None:
        """Counts what was really consumed in place of the claim."""

    def is_idle(self, now: Moment) -> bool:
        """Whether it can be forgotten: it would be the same when made anew."""


class Bucket:
    """Holds the amount of a minute, and refills evenly. What was taken beyond it is a debt that is refilled first."""

    __slots__ = ("at", "level")

    def __init__(self, level: Decimal, at: float) -> None:
        self.level = level
        self.at = at

    def used(self, limit: Limit, now: Moment) -> Decimal:
        self._refill(limit, now)
        return limit.amount - self.level

    def has_room(self, limit: Limit, claim: Decimal, now: Moment) -> bool:
        self._refill(limit, now)
        return self.level >= claim

    def wait_s(self, limit: Limit, claim: Decimal, now: Moment) -> float | None:
        self._refill(limit, now)
        return float(max(claim - self.level, NOTHING) * _MINUTE_S / limit.amount)

    def take(self, limit: Limit, claim: Decimal, now: Moment) -> None:
        self._refill(limit, now)
        self.level -= claim

    def settle(self, limit: Limit, claim: Decimal, consumed: Decimal, now: Moment) -> None:
        self._refill(limit, now)
        self.level = min(limit.amount, self.level + claim - consumed)

    def is_idle(self, now: Moment) -> bool:
        return self.level >= 0 and now.monotonic - self.at > _IDLE_S

    def _refill(self, limit: Limit, now: Moment) -> None:
        elapsed = now.monotonic - self.at
        if elapsed > 0:
            self.level += Decimal(elapsed) * limit.amount / _MINUTE_S
            self.at = now.monotonic
        self.level = min(limit.amount, self.level)


class InHand:
    """Calls under way: `own` of this gateway, `others` as last told."""

    __slots__ = ("others", "own")

    def __init__(self) -> None:
        self.own = NOTHING
        self.others = NOTHING

    def used(self, _limit: Limit, _now: Moment) -> Decimal:
        return self.own + self.others

    def has_room(self, limit: Limit, claim: Decimal, _now: Moment) -> bool:
        return self.own + self.others + claim <= limit.amount

    def wait_s(self, limit: Limit, claim: Decimal, now: Moment) -> float | None:
        return 0.0 if self.has_room(limit, claim, now) else None

    def take(self, _limit: Limit, claim: Decimal, _now: Moment) -> None:
        self.own += claim

    def settle(self, _limit: Limit, claim: Decimal, _consumed: Decimal, _now: Moment) -> None:
        self.own = max(self.own - claim, NOTHING)

    def is_idle(self, _now: Moment) -> bool:
        return not self.own


class Spend:
    """Money of one window. `paid` by all gateways as far as known; `own` and `others` is held for calls in hand; `unsaved`
    was paid here and is not yet in the database.
    """

    __slots__ = ("others", "own", "paid", "unsaved", "window")

    def __init__(self, window: str) -> None:
        self.window = window
        self.paid = NOTHING
        self.own = NOTHING
        self.others = NOTHING
        self.unsaved = NOTHING

    def used(self, _limit: Limit, _now: Moment) -> Decimal:
        return self.paid + self.own + self.others

    def has_room(self, limit: Limit, claim: Decimal, now: Moment) -> bool:
        # A call whose cost nobody can tell before is let in as long as the budget is not used up.
        used = self.used(limit, now)
        return used + claim <= limit.amount if claim else used < limit.amount

    def wait_s(self, limit: Limit, claim: Decimal, now: Moment) -> float | None:
        if self.has_room(limit, claim, now):
            return 0.0
        if self.paid + claim <= limit.amount and self.paid < limit.amount:
            return None  # what calls in hand do not need of what is held for them comes back
        return (window_end(limit.kind, now.utc) - now.utc).total_seconds()

    def take(self, _limit: Limit, claim: Decimal, _now: Moment) -> None:
        self.own += claim

    def settle(self, _limit: Limit, claim: Decimal, consumed: Decimal, _now: Moment) -> None:
        self.own = max(self.own - claim, NOTHING)
        self.paid += consumed
        self.unsaved += consumed

    def is_idle(self, now: Moment) -> bool:
        is_over = self.window not in (day_of(now.utc), month_of(now.utc))
        return is_over and not self.own and not self.unsaved


def new_counter(limit: Limit, window: str, now: Moment) -> Bucket | InHand | Spend:
    """A counter of which nothing is used."""
    if limit.kind in MONEY:
        return Spend(window)
    if limit.kind == "concurrency":
        return InHand()
    return Bucket(limit.amount, now.monotonic)
