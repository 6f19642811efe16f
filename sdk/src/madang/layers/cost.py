"""Notes what each attempt consumed and what that cost, as soon as the vendor says so."""

from madang.calls.event import Consumed, Event
from madang.calls.reply import Call, Reply
from madang.calls.request import Attempt, Request
from madang.pricing.cost import cost_of


def with_cost(call: Call) -> Call:
    async def counted(request: Request) -> Reply:
        reply = await call(request)
        attempt = request.attempt
        return reply if attempt is None else reply.seen_by(_Counter(attempt))

    return counted


class _Counter:
    __slots__ = ("_attempt",)

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def saw(self, event: Event) -> None:
        for part in event.parts:
            if type(part) is Consumed:
                self._attempt.usage = part.usage
                self._attempt.cost = cost_of(part.usage, self._attempt.target.price)

    def ended(self, error: BaseException | None) -> None:
        """Nothing is left to count."""
