"""Keeps calls within their limits: takes from all of them before a call, and counts what it really consumed after it.

The outermost layer around the pipeline, so that retries and fallbacks of one call count as the one call they are.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from madang.calls.clock import Clock, new_span_id
from madang.calls.event import Event
from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.layers.trace import SpanSink
from madang_server.gateway.limits_answers import LimitReached, rate_headers, refused_span, warning_of
from madang_server.gateway.limits_estimate import AnswerSizes, consumed, estimate
from madang_server.gateway.limits_refusals import RefusalTraces
from madang_server.limits.book import Consumed, LimitBook, Refusal, Reservation, Standing
from madang_server.limits.counters import Moment, moment_of
from madang_server.limits.limit import ESTIMATED, Held, Limits

if TYPE_CHECKING:
    from madang_server.gateway.shared_limits import SharedLimits

_NOTHING = Consumed(0, Decimal(0))
_MOST_WARNED = 10_000
_FORGET_EVERY_S = 60.0

_log = logging.getLogger(__name__)


def with_limits(call: Call, *, guard: "LimitGuard", limits_of: Callable[[str], Limits]) -> Call:
    """`limits_of` gives a project's limits by its id. Raises LimitReached for a call that has to wait."""

    async def limited(request: Request) -> Reply:
        limits = limits_of(request.caller.project_id)
        if not limits:
            return await call(request)
        admission = await guard.admit(request, limits)
        if admission is None:
            return await call(request)
        try:
            reply = await call(request)
        except BaseException as error:
            admission.ended(error)
            raise
        return reply.seen_by(admission).watched()

    return limited


class LimitGuard:
    """What this process holds of all limits. `shared` is where it is held together with other gateways, if anywhere."""

    def __init__(
        self, keep: SpanSink, clock: Clock, *, book: LimitBook | None = None, shared: "SharedLimits | None" = None
    ) -> None:
        self.book = book or LimitBook()
        self._keep = keep
        self._clock = clock
        self._shared = shared
        self._sizes = AnswerSizes()
        self._traces = RefusalTraces()
        self._warned: dict[tuple[str, str, str], None] = {}
        self._forget_at = clock.monotonic() + _FORGET_EVERY_S

    async def admit(self, request: Request, limits: Limits) -> "Admission | None":
        """What the call has taken; None when no limit holds for it. Raises LimitReached."""
        caller = request.caller
        held = limits.of_call(caller.key_id, caller.user_id, request.route.model)
        if not held:
            return None
        now = self.now()
        self._forget(now)
        expected = _NOTHING
        if any(each.limit.kind in ESTIMATED for each in held):
            expected = estimate(request, self._sizes.usual(request, now.monotonic))
        shares = self.book.shares(held, expected, now)
        outcome: Reservation | Refusal | None = None
        if self._shared is not None:
            outcome = await self._shared.reserve(shares)
        if outcome is None:  # nobody to share with, or out of reach: then by what is known here
            outcome = self.book.reserve(shares, now)
        standings = [self.book.standing(each, now) for each in held]
        if isinstance(outcome, Refusal):
            raise self._refused(request, outcome, standings, now)
        journal = request.journal
        journal.headers.update(rate_headers(standings))
        warning = warning_of(standings)
        if warning:
            journal.headers["x-madang-limit-warning"] = warning
            journal.attributes["madang.limit.warning"] = warning
            self._warn(standings, now)
        return Admission(self, request, outcome, expected)

    def settle(self, request: Request, reservation: Reservation, used: Consumed | None) -> None:
        """The call is over; None when it never took place. Settling again changes nothing."""
        if not reservation.is_open:
            return
        now = self.now()
        if used is None:
            self.book.release(reservation, now)
        else:
            self.book.settle(reservation, used, now)
        if self._shared is not None:
            self._shared.settle(reservation.shares, used)
        if used is not None and any(share.held.limit.kind in ESTIMATED for share in reservation.shares):
            answers = [each.usage.output_tokens for each in request.journal.attempts if each.usage is not None]
            self._sizes.note(request, sum(count or 0 for count in answers), now.monotonic)

    def now(self) -> Moment:
        return moment_of(self._clock)

    def _refused(self, request: Request, refusal: Refusal, standings: Sequence[Standing], now: Moment) -> LimitReached:
        """What the caller is told; counted, and traced where that is allowed."""
        self.book.note_refusal(refusal, now)
        headers = rate_headers(standings)
        headers["x-madang-trace-id"] = request.caller.trace_id
        reached = LimitReached(refusal, headers, now.utc)
        project_id = request.caller.project_id
        untraced = self._traces.next_one((project_id, refusal.held.limit.id, refusal.held.subject), now.monotonic)
        if untraced is not None:
            span = refused_span(request, reached, new_span_id(), self._clock.now_us(), untraced)
            try:
                self._keep(project_id, (span,))
            except Exception as fault:  # noqa: BLE001 - the edge of tracing: the caller is refused without a trace
                _log.error("A trace was lost: %s", type(fault).__name__)
        return reached

    def _warn(self, standings: Sequence[Standing], now: Moment) -> None:
        """Says once per limit, subject and day (of limits per minute: hour) that it is nearly used up."""
        for standing in standings:
            if standing.is_soft_passed:
                self._warn_once(standing.held, now)

    def _warn_once(self, held: Held, now: Moment) -> None:
        limit = held.limit
        window = now.utc.strftime("%Y-%m-%d" if limit.kind.startswith("usd") else "%Y-%m-%d %H")
        place = (limit.id, held.subject, window)
        if place in self._warned:
            return
        if len(self._warned) >= _MOST_WARNED:
            self._warned.clear()
        self._warned[place] = None
        _log.warning(
            "Limit %s (%s of the %s) has passed %d %% of its amount.",
            limit.id,
            limit.kind,
            limit.scope,
            int(limit.soft_share * 100),
        )

    def _forget(self, now: Moment) -> None:
        if now.monotonic >= self._forget_at:
            self._forget_at = now.monotonic + _FORGET_EVERY_S
            self.book.forget_idle(now)


class Admission:
    """A call that was let in, until its end, which it watches for."""

    __slots__ = ("_expected", "_guard", "_loop", "_request", "_reservation")

    def __init__(self, guard: LimitGuard, request: Request, reservation: Reservation, expected: Consumed) -> None:
        self._guard = guard
        self._request = request
        self._reservation = reservation
        self._expected = expected
        self._loop = asyncio.get_running_loop()

    def saw(self, event: Event) -> None:
        pass

    def ended(self, error: BaseException | None) -> None:
        """Counts what the call consumed; all is given back when no vendor was asked."""
        self._guard.settle(self._request, self._reservation, self._used(is_answered=error is None))

    def __del__(self) -> None:
        # An answer that nobody began to read has no end to watch for, and would hold its place for ever.
        if self._reservation.is_open and not self._loop.is_closed():
            used = self._used(is_answered=False)
            # The collector may run in any thread; the book belongs to the event loop's.
            self._loop.call_soon_threadsafe(self._guard.settle, self._request, self._reservation, used)

    def _used(self, *, is_answered: bool) -> Consumed | None:
        if not self._request.journal.attempts:
            return None
        return consumed(self._request, self._expected, is_answered=is_answered)
