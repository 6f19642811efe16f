"""How much of every limit is in use, and taking from all limits of a call together or from none. Pure: the time comes in.

One book per process, used from one event loop, so nothing happens between the check and the taking.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from madang_server.limits.counters import NOTHING, Bucket, InHand, Moment, Spend, new_counter
from madang_server.limits.limit import MONEY, Held, Limit, day_of, window_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ONE = Decimal(1)
_NANO = Decimal("0.000000001")


class CounterId(NamedTuple):
    """One subject's use of one limit; `window` is the day or month of money, else empty."""

    limit_id: str
    subject: str
    window: str


@dataclass(slots=True)
class Counts:
    """What outlives a restart: US dollars by counter, and refused calls by limit and day (UTC)."""

    paid: dict[CounterId, Decimal] = field(default_factory=dict)
    refused: dict[tuple[str, str], int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.paid or self.refused)


class Consumed(NamedTuple):
    """What a call takes beside itself: estimated before it, known after it."""

    tokens: int
    usd: Decimal


class Share(NamedTuple):
    """What one call takes of one limit, in the limit's unit."""

    held: Held
    counter_id: CounterId
    claim: Decimal


@dataclass(slots=True)
class Reservation:
    """What a call has taken. Settled or released once; doing it again changes nothing."""

    shares: tuple[Share, ...]
    is_open: bool = True


class Refusal(NamedTuple):
    """The limit that has no room: of several the one that keeps the caller waiting longest.

    `used` and `asked` are in its unit; `wait_s` is None where it depends on calls in hand.
    """

    held: Held
    used: Decimal
    asked: Decimal
    wait_s: float | None


class Standing(NamedTuple):
    """How one limit stands for one subject. `used` may be more than the amount while in debt."""

    held: Held
    used: Decimal

    @property
    def share(self) -> Decimal:
        return self.used / self.held.limit.amount

    @property
    def left(self) -> Decimal:
        return max(self.held.limit.amount - self.used, NOTHING)

    @property
    def is_soft_passed(self) -> bool:
        return self.share >= self.held.limit.soft_share


class LimitBook:
    """All counters of this process."""

    def __init__(self) -> None:
        self._counters: dict[CounterId, Bucket | InHand | Spend] = {}
        # Refused calls by limit and day (UTC).
        self._saved_refusals: dict[tuple[str, str], int] = {}
        self._unsaved_refusals: dict[tuple[str, str], int] = {}

    def shares(self, held: Sequence[Held], estimate: Consumed, now: Moment) -> tuple[Share, ...]:
        """What a call that may consume `estimate` has to take of each of its limits."""
        return tuple(
            Share(
                each,
                CounterId(each.limit.id, each.subject, window_of(each.limit.kind, now.utc)),
                _claim(each.limit, estimate),
            )
            for each in held
        )

    def reserve(self, shares: tuple[Share, ...], now: Moment) -> Reservation | Refusal:
        """Takes all shares, or none and tells which limit is in the way."""
        refusal = self.refusal_of(shares, now)
        return self.take(shares, now) if refusal is None else refusal

    def refusal_of(self, shares: Sequence[Share], now: Moment) -> Refusal | None:
        """The limit that keeps this call waiting longest; None when there is room in all."""
        worst: Refusal | None = None
        for share in shares:
            limit = share.held.limit
            counter = self._counter(share, now)
            if counter.has_room(limit, share.claim, now):
                continue
            wait_s = counter.wait_s(limit, share.claim, now)
            if worst is None or (wait_s or 0.0) > (worst.wait_s or 0.0):
                worst = Refusal(share.held, counter.used(limit, now), share.claim, wait_s)
        return worst

    def take(self, shares: tuple[Share, ...], now: Moment) -> Reservation:
        """Takes without asking: for what another authority has granted."""
        for share in shares:
            self._counter(share, now).take(share.held.limit, share.claim, now)
        return Reservation(shares)

    def settle(self, reservation: Reservation, consumed: Consumed, now: Moment) -> None:
        """The call is over and consumed this much: what it had taken too much is free again, what it took more is debt."""
        self._close(reservation, consumed, now)

    def release(self, reservation: Reservation, now: Moment) -> None:
        """The call never took place: everything is given back, the request included."""
        self._close(reservation, None, now)

    def note_refusal(self, refusal: Refusal, now: Moment) -> None:
        place = (refusal.held.limit.id, day_of(now.utc))
        self._unsaved_refusals[place] = self._unsaved_refusals.get(place, 0) + 1

    def refused_today(self, limit: Limit, now: Moment) -> int:
        """Calls that this limit refused since midnight (UTC), by all gateways as far as known."""
        place = (limit.id, day_of(now.utc))
        return self._saved_refusals.get(place, 0) + self._unsaved_refusals.get(place, 0)

    def standing(self, held: Held, now: Moment) -> Standing:
        """How the limit stands for this subject; what was never used is not remembered for the question."""
        window = window_of(held.limit.kind, now.utc)
        counter = self._counters.get(CounterId(held.limit.id, held.subject, window))
        return Standing(held, NOTHING if counter is None else counter.used(held.limit, now))

    def standings(self, limit: Limit, now: Moment) -> list[Standing]:
        """How a limit stands for each subject that this process knows of."""
        window = window_of(limit.kind, now.utc)
        subjects = [one.subject for one in self._counters if one.limit_id == limit.id and one.window == window]
        return [self.standing(Held(limit, subject), now) for subject in subjects]

    def counter(self, share: Share, now: Moment) -> Bucket | InHand | Spend:
        """The counter behind a share; made when nobody has used it yet."""
        return self._counter(share, now)

    def forget_others(self) -> None:
        """Nobody tells any longer what the others hold: what they have paid still counts, what they hold does not."""
        for counter in self._counters.values():
            if not isinstance(counter, Bucket):
                counter.others = NOTHING

    def forget_idle(self, now: Moment) -> None:
        """Lets go of counters that say nothing."""
        idle = [place for place, counter in self._counters.items() if counter.is_idle(now)]
        for place in idle:
            del self._counters[place]
        today = day_of(now.utc)
        for day in [place for place in self._saved_refusals if place[1] < today]:
            del self._saved_refusals[day]

    def take_unsaved(self) -> Counts:
        """What was counted since the last time; from now on it counts as saved."""
        unsaved = Counts(refused=self._unsaved_refusals)
        self._unsaved_refusals = {}
        for place, refused in unsaved.refused.items():
            self._saved_refusals[place] = self._saved_refusals.get(place, 0) + refused
        for at, counter in self._counters.items():
            if isinstance(counter, Spend) and counter.unsaved:
                unsaved.paid[at] = counter.unsaved
                counter.unsaved = NOTHING
        return unsaved

    def give_back_unsaved(self, unsaved: Counts) -> None:
        """It could not be saved after all."""
        for at, amount in unsaved.paid.items():
            self._spend(at).unsaved += amount
        for place, refused in unsaved.refused.items():
            self._saved_refusals[place] = self._saved_refusals.get(place, 0) - refused
            self._unsaved_refusals[place] = self._unsaved_refusals.get(place, 0) + refused

    def note_saved(self, sums: Counts) -> None:
        """What is saved as counted by all gateways: never less than that holds, and what is unsaved comes on top."""
        for at, total in sums.paid.items():
            spend = self._spend(at)
            spend.paid = max(spend.paid, total + spend.unsaved)
        self._saved_refusals.update(sums.refused)

    def held(self) -> Iterator[tuple[CounterId, Decimal]]:
        """What this process holds for calls in hand, by counter of calls or money."""
        return ((place, one.own) for place, one in self._counters.items() if not isinstance(one, Bucket))

    def _close(self, reservation: Reservation, consumed: Consumed | None, now: Moment) -> None:
        if not reservation.is_open:
            return
        reservation.is_open = False
        for share in reservation.shares:
            limit = share.held.limit
            self._counter(share, now).settle(limit, share.claim, consumed_of(limit, consumed), now)

    def _counter(self, share: Share, now: Moment) -> Bucket | InHand | Spend:
        place = share.counter_id
        counter = self._counters.get(place)
        if counter is None:
            counter = self._counters[place] = new_counter(share.held.limit, place.window, now)
        return counter

    def _spend(self, place: CounterId) -> Spend:
        counter = self._counters.get(place)
        if not isinstance(counter, Spend):
            counter = self._counters[place] = Spend(place.window)
        return counter


def consumed_of(limit: Limit, consumed: Consumed | None) -> Decimal:
    """What of it counts for this limit, in its unit; None is a call that never took place."""
    if consumed is None or limit.kind == "concurrency":
        return NOTHING
    if limit.kind == "requests_per_minute":
        return _ONE
    if limit.kind == "tokens_per_minute":
        return Decimal(consumed.tokens)
    return consumed.usd.quantize(_NANO)  # as the trace store and the database keep it


def _claim(limit: Limit, estimate: Consumed) -> Decimal:
    if limit.kind in MONEY:
        return estimate.usd.quantize(_NANO)
    if limit.kind == "tokens_per_minute":
        # A call that may take more than a whole minute's tokens waits until all of them are there, instead of for ever.
        return min(Decimal(estimate.tokens), limit.amount)
    return _ONE
