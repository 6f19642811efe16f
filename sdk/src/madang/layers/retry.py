"""One target, asked again where that is worth it; and the journal and health book of every attempt.

Only this layer repeats a request. It leaves the repeating to the fallback layer as long as another target waits, so
that the number of requests is at most targets + retries, never a product.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import msgspec

from madang.calls.clock import Clock
from madang.calls.reply import Call, Events, Reply
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
                reply = await call(request)
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
                return reply.with_events(_until_ended(reply.events, attempt, health, clock))
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


async def _until_ended(events: Events, attempt: Attempt, health: HealthBook, clock: Clock) -> Events:
    try:
        async for event in events:
            yield event
    except CallFailed as failure:
        _end(attempt, clock, failure)
        health.failed(attempt.target, failure, clock.monotonic())
        raise
    except BaseException as error:
        _end(attempt, clock, failure_of(error))
        raise
    else:
        _end(attempt, clock, None)
        health.succeeded(attempt.target)
    finally:
        await events.aclose()


def _end(attempt: Attempt, clock: Clock, failure: CallFailed | None) -> None:
    attempt.end_us = clock.now_us()
    attempt.failure = failure
