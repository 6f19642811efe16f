"""The order of the layers, outermost first: trace, cache, continuation, fallback, retry, cost, timeout, then the vendor."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from madang.calls.clock import Clock, new_span_id
from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.layers.cache import AnswerStore, with_cache
from madang.layers.continuation import with_continuation
from madang.layers.cost import with_cost
from madang.layers.fallback import with_fallback
from madang.layers.retry import with_retry
from madang.layers.timeout import with_timeout
from madang.layers.trace import SpanSink, with_trace
from madang.routing.books import Books


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What differs between the SDK and the Gateway, and between a test and production."""

    sink: SpanSink
    books_of: Callable[[Request], Books]
    clock: Clock = field(default_factory=Clock)
    rng: Random = field(default_factory=Random)
    new_span_id: Callable[[], str] = new_span_id
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    answers: AnswerStore | None = None  # without one nothing is cached


def build_call(vendor: Call, around: Surroundings) -> Call:
    """The whole pipeline around `vendor`."""
    call = with_cost(with_timeout(vendor, around.clock))
    call = with_retry(
        call,
        books_of=around.books_of,
        clock=around.clock,
        new_span_id=around.new_span_id,
        rng=around.rng,
        sleep=around.sleep,
    )
    call = with_fallback(call, books_of=around.books_of, clock=around.clock, rng=around.rng)
    call = with_continuation(call, clock=around.clock)
    if around.answers is not None:
        call = with_cache(call, store=around.answers, clock=around.clock)
    call = with_trace(call, sink=around.sink, clock=around.clock, new_span_id=around.new_span_id)

    async def watched(request: Request) -> Reply:
        return (await call(request)).watched()

    return watched
