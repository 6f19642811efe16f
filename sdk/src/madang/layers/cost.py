"""Notes what each attempt consumed and what that cost, as soon as the vendor says so.

A vendor bills a request that was stopped or broke off, and never says how much it was. Then what we saw of it is
estimated, and marked as that: the text that went out, and the text that came.
"""

import asyncio

import msgspec

from madang.calls.event import Consumed, Event, Reasoning, Text, ToolCall
from madang.calls.operation import CHATS
from madang.calls.reply import Call, Reply
from madang.calls.request import Attempt, Request
from madang.calls.text_size import BYTES_PER_TOKEN, text_bytes
from madang.calls.usage import Usage
from madang.errors import CallFailed, FailureReason
from madang.pricing.cost import cost_of
from madang.routing.needs import needs_of

# Ends after which the vendor may have worked on the request and bill it. After the others it has only if something came.
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
    __slots__ = ("_attempt", "_has_said", "_request", "_unreported")

    def __init__(self, request: Request, attempt: Attempt) -> None:
        self._request = request
        self._attempt = attempt
        self._has_said = False
        self._unreported = 0  # bytes of text since the vendor last told what it counted

    def saw(self, event: Event) -> None:
        for part in event.parts:
            if isinstance(part, Text | Reasoning):
                self._hear(part.text)
            elif isinstance(part, Consumed):
                self._unreported = 0
                self._note(part.usage)
            elif isinstance(part, ToolCall):
                self._hear(part.arguments)

    def ended(self, error: BaseException | None) -> None:
        if error is None:
            return
        said = round(self._unreported / BYTES_PER_TOKEN)
        usage = self._attempt.usage
        if usage is not None:
            if said:  # some tell at the beginning what they read, and never came to tell what they wrote
                output = (usage.output_tokens or 0) + said
                usage = msgspec.structs.replace(usage, output_tokens=output, is_estimated=True)
            self._note(usage, is_answered=False)
        elif self._request.operation in CHATS and (self._has_said or _is_billed(error)):
            prompt = needs_of(self._request).prompt_tokens
            self._note(Usage(input_tokens=prompt, output_tokens=said, is_estimated=True), is_answered=False)

    def _hear(self, text: str) -> None:
        self._has_said = True
        self._unreported += text_bytes(text)

    def _note(self, usage: Usage, *, is_answered: bool = True) -> None:
        self._attempt.usage = usage
        self._attempt.cost = cost_of(usage, self._attempt.target.price, is_answered=is_answered)


def _is_billed(error: BaseException) -> bool:
    return not isinstance(error, CallFailed) or error.reason in _BILLED
