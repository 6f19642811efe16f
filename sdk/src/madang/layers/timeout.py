"""Time limits of one attempt: until a stream's first content, between two of its events, and the call's deadline.

Also holds the reply back until its first content has come. Everything that goes wrong before that moment is raised from
the call itself, so the layers outside may still try another target, streamed or not.
"""

from madang.calls.clock import Clock
from madang.calls.event import Event
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.errors import CallFailed
from madang.layers.time_limit import TimeLimit


def with_timeout(call: Call, clock: Clock) -> Call:
    async def timed(request: Request) -> Reply:
        seconds = request.deadline - clock.monotonic()
        # A reply that is not streamed has no first token: it comes when all of it has been thought out.
        own = request.route.first_token_timeout_s if request.is_stream else request.route.answer_timeout_s
        is_own = own is not None and own < seconds
        if own is not None and is_own:
            seconds = own
        limit = TimeLimit()
        limit.set(seconds)
        try:
            with limit:
                reply = await call(request)
                held, is_complete = await _until_content(reply)
        except TimeoutError:
            raise _too_late(request, "no answer", seconds, is_own=is_own) from None
        finally:
            limit.close()
        attempt = request.attempt
        if attempt is not None:
            attempt.first_token_us = clock.now_us()
        return reply.with_events(_whole(held) if is_complete else _rest(held, reply.events, request, clock))

    return timed


async def _until_content(reply: Reply) -> tuple[list[Event], bool]:
    """The events up to and with the first content, and whether the reply has ended with them."""
    held: list[Event] = []
    is_stream = reply.content_type.startswith("text/event-stream")
    try:
        async for event in reply.events:
            held.append(event)
            if is_stream and event.has_content:
                return held, False
    except BaseException:  # cancelled or failed: the vendor's call ends with us, and the error goes on
        await reply.events.aclose()
        raise
    return held, True


async def _whole(held: list[Event]) -> Events:
    for event in held:
        yield event


async def _rest(held: list[Event], events: Events, request: Request, clock: Clock) -> Events:
    idle = request.route.idle_timeout_s
    limit = TimeLimit()
    seconds = 0.0
    is_idle = False
    try:
        for event in held:
            yield event
        while True:
            seconds = request.deadline - clock.monotonic()
            is_idle = idle is not None and idle < seconds
            if idle is not None and is_idle:
                seconds = idle
            limit.set(seconds)
            with limit:
                event = await anext(events)
            yield event
    except StopAsyncIteration:
        return
    except TimeoutError:
        if is_idle:
            raise _too_late(request, "the answer paused", seconds, is_own=True) from None
        raise _too_late(request, "the answer was not whole when the call's time was over", None, is_own=False) from None
    finally:
        limit.close()
        await events.aclose()


def _too_late(request: Request, what: str, limit: float | None, *, is_own: bool) -> CallFailed:
    """`is_own`: the limit is the target's, so another one may still answer in the time that the call has left."""
    name = request.target.name if request.target else request.route.model
    words = f"Deployment {name!r}: {what}"
    if limit is not None:
        words += f" for {max(limit, 0):.3g} s, the limit for this call"
    words += "."
    if is_own:
        return CallFailed(words, reason="timeout", status=504, code="timeout")
    return CallFailed(words, reason="timeout", status=504, code="deadline_exceeded")
