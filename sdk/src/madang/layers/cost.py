"""Notes what each attempt consumed and what that cost, as soon as the vendor says so.

A vendor bills a request that was stopped or broke off, and never says how much it was. Then what we saw of it is
estimated, and marked as that: the text that went out, and the text that came.
"""

import asyncio

from madang.calls.event import Consumed, Event, Reasoning, Text, ToolCall
from madang.calls.reply import Call, Reply
from madang.calls.request import Attempt, Request
from madang.calls.usage import Usage
from madang.errors import CallFailed, FailureReason
from madang.pricing.cost import cost_of
from madang.routing.needs import BYTES_PER_TOKEN, needs_of, text_bytes

# Ends after which the vendor has worked on the request and will bill it. After the others it has not, or says usage.
_BILLED: frozenset[FailureReason] = frozenset({"timeout", "stream_cut", "cancelled"})


def with_cost(call: Call) -> Call:
    async def counted(request: Request) -> Reply:
        attempt = request.attempt
        if attempt is None:
            return await call(request)
        counter = _Counter(request, attempt)
        try:
            reply = await call(request)
        except (CallFailed, asyncio.CancelledError) as error:
            counter.ended(error)
            raise
        return reply.seen_by(counter)

    return counted


class _Counter:
    __slots__ = ("_attempt", "_request", "_said")

    def __init__(self, request: Request, attempt: Attempt) -> None:
        self._request = request
        self._attempt = attempt
        self._said = 0  # bytes of text

    def saw(self, event: Event) -> None:
        for part in event.parts:
            if isinstance(part, Text | Reasoning):
                self._said += text_bytes(part.text)
            elif isinstance(part, Consumed):
                self._note(part.usage)
            elif isinstance(part, ToolCall):
                self._said += text_bytes(part.arguments)

    def ended(self, error: BaseException | None) -> None:
        if error is None:
            return
        if self._attempt.usage is not None:
            self._note(self._attempt.usage, is_answered=False)
            return
        if self._request.operation not in ("chat", "responses"):
            return
        if not isinstance(error, CallFailed) or error.reason in _BILLED:
            prompt = needs_of(self._request).prompt_tokens
            said = round(self._said / BYTES_PER_TOKEN)
            self._note(Usage(input_tokens=prompt, output_tokens=said, is_estimated=True), is_answered=False)

    def _note(self, usage: Usage, *, is_answered: bool = True) -> None:
        self._attempt.usage = usage
        self._attempt.cost = cost_of(usage, self._attempt.target.price, is_answered=is_answered)
