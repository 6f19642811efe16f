"""One target, asked again where that is worth it; and the end of every attempt in journal and books.

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
from madang.calls.request import Attempt, Journal, Request
from madang.errors import CallFailed
from madang.layers.interruption import failure_of, is_outrun
from madang.routing.books import Books
from madang.routing.worth import wait_before_retry


def with_retry(
    call: Call,
    *,
    books_of: Callable[[Request], Books],
    clock: Clock,
    new_span_id: Callable[[], str],
    rng: Random,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Call:
    async def retried(request: Request) -> Reply:
        assert request.target is not None
        books = books_of(request)
        journal = request.journal
        while True:
            began = clock.monotonic()
            attempt = Attempt(new_span_id(), request.target, request.reason, clock.now_us(), is_hedge=request.is_hedge)
            journal.attempts.append(attempt)
            end = _AttemptEnd(attempt, journal, books, clock, began, is_stream=request.is_stream)
            try:
                reply = await call(msgspec.structs.replace(request, attempt=attempt))
            except CallFailed as failure:
                end.ended(failure)
                wait = _wait(failure, request, clock, rng)
                if wait is None:
                    raise
                cause = failure.reason
            except BaseException as error:  # cancelled, as a rule: the attempt still has to end in the journal
                end.ended(error)
                raise
            else:
                return reply.seen_by(end)
            await sleep(wait)
            journal.retries += 1
            request = msgspec.structs.replace(
                request, reason=f"retry {journal.retries} of {request.route.retries} after {cause}"
            )

    return retried


def _wait(failure: CallFailed, request: Request, clock: Clock, rng: Random) -> float | None:
    retries_done = request.journal.retries  # in the whole call: targets do not multiply them
    if retries_done >= request.route.retries or request.has_alternative_after(failure):
        return None
    return wait_before_retry(failure, retries_done, request.deadline - clock.monotonic(), rng)


class _AttemptEnd:
    """Closes the attempt, in the journal and in the books, when its answer is complete or has broken off."""

    __slots__ = ("_attempt", "_began", "_books", "_clock", "_is_stream", "_journal")

    def __init__(
        self, attempt: Attempt, journal: Journal, books: Books, clock: Clock, began: float, *, is_stream: bool
    ) -> None:
        self._attempt = attempt
        self._journal = journal
        self._books = books
        self._clock = clock
        self._began = began
        self._is_stream = is_stream
        books.health.begin(attempt.target, began)
        books.latency.begin(attempt.target, began)

    def saw(self, event: Event) -> None:
        """Only the end matters."""

    def ended(self, error: BaseException | None) -> None:
        attempt, books = self._attempt, self._books
        attempt.end_us = self._clock.now_us()
        now = self._clock.monotonic()
        if error is None:
            books.health.succeeded(attempt.target, self._began)
            books.latency.end(attempt.target, now, self._seconds(), is_stream=self._is_stream)
            return
        outran = is_outrun(error) and not attempt.is_hedge
        # That it took longer than until the hedge is all that is known of one that was outrun. Without it only the fast
        # calls of a slow target would be counted, and its p95 would sink with every hedge.
        seconds = self._until_hedge() if outran else None
        books.latency.end(attempt.target, now, seconds, is_stream=self._is_stream)
        if outran:
            books.health.outrun(attempt.target, now)
        if isinstance(error, CallFailed):
            attempt.failure = error
            attempt.request_id = attempt.request_id or error.request_id
            books.health.failed(attempt.target, error, now, now - self._began, began=self._began)
        else:
            attempt.failure = failure_of(error)
            books.health.given_up(attempt.target, now)

    def _until_hedge(self) -> float | None:
        hedges = [each.start_us for each in self._journal.attempts if each.is_hedge]
        return (hedges[-1] - self._attempt.start_us) / 1_000_000 if hedges else None

    def _seconds(self) -> float:
        attempt = self._attempt
        at_us = attempt.first_token_us if self._is_stream else attempt.end_us
        return ((at_us or attempt.start_us) - attempt.start_us) / 1_000_000
