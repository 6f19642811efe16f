"""Notes what each attempt consumed and what that cost, as soon as the vendor says so."""

from madang.calls.event import Consumed
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Attempt, Request
from madang.pricing.cost import cost_of


def with_cost(call: Call) -> Call:
    async def counted(request: Request) -> Reply:
        reply = await call(request)
        attempt = request.journal.last
        return reply if attempt is None else reply.with_events(_counting(reply.events, attempt))

    return counted


async def _counting(events: Events, attempt: Attempt) -> Events:
    try:
        async for event in events:
            for part in event.parts:
                if type(part) is Consumed:
                    attempt.usage = part.usage
                    attempt.cost = cost_of(part.usage, attempt.target.price)
            yield event
    finally:
        await events.aclose()
