"""One target, asked again where that is worth it; and the journal and health book of every attempt.

Only this layer repeats a request. It leaves the repeating to the fallback layer as long as another target waits, so
that the number of requests is at most targets + retries, never a product.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import msgspec

from madang.calls.clock import Clock
from madang.calls.event import Event
from madang.calls.reply import Call, Reply
from madang.calls.request import Attempt, Request
from madang.errors import CallFailed
from madang.layers.interruption import failure_of
from madang.routing.health import HealthBook
from madang.routing.worth import wait_before_retry


def with_retry(
    call: Call,
    *,
    health_of: Callable[[Request], HealthBook],
    clock: Clock,
    new_span_id: Callable[[], str],
    rng: Random,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Call:
    async def retried(request: Request) -> Reply:
        assert request.target is not None
        health = health_of(request)
        retries_done = 0
        while True:
            attempt = Attempt(new_span_id(), request.target, request.reason, clock.now_us())
            request.journal.attempts.append(attempt)
            try:
                reply = await call(msgspec.structs.replace(request, attempt=attempt))
            except CallFailed as failure:
                _end(attempt, clock, failure)
                health.failed(request.target, failure, clock.monotonic())
                wait = _wait(failure, request, retries_done, clock, rng)
                if wait is None:
                    raise
                cause = failure.reason
            except BaseException as error:  # cancelled, as a rule: the attempt still has to end in the journal
                _end(attempt, clock, failure_of(error))
                raise
            else:
                return reply.seen_by(_AttemptEnd(attempt, health, clock))
            await sleep(wait)
            retries_done += 1
            request = msgspec.structs.replace(
                request, reason=f"retry {retries_done} of {request.route.retries} after {cause}"
            )

    return retried


def _wait(failure: CallFailed, request: Request, retries_done: int, clock: Clock, rng: Random) -> float | None:
    if request.has_alternative or retries_done >= request.route.retries:
        return None
    return wait_before_retry(failure, retries_done, request.deadline - clock.monotonic(), rng)


class _AttemptEnd:
    """Closes the attempt in the journal and the health book when its answer is complete or has broken off."""

    __slots__ = ("_attempt", "_clock", "_health")

    def __init__(self, attempt: Attempt, health: HealthBook, clock: Clock) -> None:
        self._attempt = attempt
        self._health = health
        self._clock = clock

    def saw(self, event: Event) -> None:
        """Only the end matters."""

    def ended(self, error: BaseException | None) -> None:
        if error is None:
            _end(self._attempt, self._clock, None)
            self._health.succeeded(self._attempt.target)
        elif isinstance(error, CallFailed):
            _end(self._attempt, self._clock, error)
            self._health.failed(self._attempt.target, error, self._clock.monotonic())
        else:
            _end(self._attempt, self._clock, failure_of(error))


def _end(attempt: Attempt, clock: Clock, failure: CallFailed | None) -> None:
    attempt.end_us = clock.now_us()
    attempt.failure = failure
