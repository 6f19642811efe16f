"""Time limits of one attempt: until a stream's first content, between two of its events, and the call's deadline.

Also holds the reply back until its first content has come. Everything that goes wrong before that moment is raised from
the call itself, so the layers outside may still try another target, streamed or not.
"""

import asyncio

from madang.calls.clock import Clock
from madang.calls.event import Event
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.errors import CallFailed


def with_timeout(call: Call, clock: Clock) -> Call:
    async def timed(request: Request) -> Reply:
        limit = request.deadline - clock.monotonic()
        # A reply that is not streamed has no first token: it comes when all of it has been thought out.
        if request.is_stream and request.route.first_token_timeout_s is not None:
            limit = min(limit, request.route.first_token_timeout_s)
        try:
            async with asyncio.timeout(limit):
                reply = await call(request)
                held, is_complete = await _until_content(reply)
        except TimeoutError:
            raise _too_late(request, "no answer", limit) from None
        attempt = request.journal.last
        if attempt is not None:
            attempt.first_token_us = clock.now_us()
        return reply.with_events(_whole(held) if is_complete else _rest(held, reply.events, request, clock))

    return timed


async def _until_content(reply: Reply) -> tuple[list[Event], bool]:
    """The events up to and with the first content, and whether the reply has ended with them."""
    held: list[Event] = []
    try:
        while True:
            event = await anext(reply.events)
            held.append(event)
            if event.has_content and reply.content_type.startswith("text/event-stream"):
                return held, False
    except StopAsyncIteration:
        return held, True
    except BaseException:
        await reply.events.aclose()
        raise


async def _whole(held: list[Event]) -> Events:
    for event in held:
        yield event


async def _rest(held: list[Event], events: Events, request: Request, clock: Clock) -> Events:
    idle = request.route.idle_timeout_s
    try:
        for event in held:
            yield event
        while True:
            limit = request.deadline - clock.monotonic()
            if idle is not None and idle < limit:
                limit = idle
            try:
                async with asyncio.timeout(limit):
                    event = await anext(events)
            except TimeoutError:
                raise _too_late(request, "the answer paused", limit) from None
            except StopAsyncIteration:
                return
            yield event
    finally:
        await events.aclose()


def _too_late(request: Request, what: str, limit: float) -> CallFailed:
    name = request.target.name if request.target else request.route.model
    return CallFailed(
        f"Deployment {name!r}: {what} for {max(limit, 0):.3g} s, the limit for this call.",
        reason="timeout",
        status=504,
        code="timeout",
    )
