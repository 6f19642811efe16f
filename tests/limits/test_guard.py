"""The layer around calls: what it holds while a call lasts, however the call ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from tests.limits.builders import limit
from tests.sdk.request_builder import request, route, target

from madang.calls.clock import Clock
from madang.calls.event import Event
from madang.calls.reply import Events, Reply
from madang.calls.request import Attempt, Request
from madang.calls.span import Span
from madang.calls.usage import Cost, Usage
from madang.errors import CallFailed
from madang_server.gateway.limits import LimitGuard, with_limits
from madang_server.gateway.limits_answers import LimitReached
from madang_server.limits.limit import Held, Limit, Limits

pytestmark = pytest.mark.anyio

AT_ONCE = limit("concurrency", 1)
TOKENS = limit("tokens_per_minute", 10_000)
BUDGET = limit("usd_per_day", "1")
EAST = target("east")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class World:
    """A guard, and a pipeline whose vendor answers with one event that took 30 tokens and a cent."""

    limits: list[Limit]
    fails: CallFailed | None = None
    is_asked: bool = True
    kept: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.guard = LimitGuard(self._keep, Clock())
        held = Limits(self.limits)
        self.call = with_limits(self._vendor, guard=self.guard, limits_of=lambda _project_id: held)

    def used(self, of: Limit) -> Decimal:
        return self.guard.book.standing(Held(of, ""), self.guard.now()).used

    def _keep(self, _project_id: str, spans: Sequence[Span]) -> None:
        self.kept.extend(spans)

    async def _vendor(self, asked: Request) -> Reply:
        if self.is_asked:
            usage = Usage(input_tokens=10, output_tokens=20)
            paid = Cost(Decimal("0.01"), {})
            asked.journal.attempts.append(Attempt("s", EAST, "", 0, usage=usage, cost=paid))
        if self.fails:
            raise self.fails
        return Reply(200, {}, "application/json", _said(), EAST)


async def _said() -> Events:
    yield Event(b"{}")
    yield Event(b"{}")


def asked() -> Request:
    return request(route(EAST), body={"max_tokens": 500})


async def test_a_call_holds_its_place_until_its_answer_was_read() -> None:
    world = World([AT_ONCE, TOKENS, BUDGET])
    reply = await world.call(asked())
    assert world.used(AT_ONCE) == 1 and world.used(TOKENS) > 490
    async for _ in reply.events:
        assert world.used(AT_ONCE) == 1
    assert (world.used(AT_ONCE), world.used(BUDGET)) == (Decimal(0), Decimal("0.01"))
    assert world.used(TOKENS) <= 30


async def test_a_failure_frees_the_place_and_counts_what_was_paid() -> None:
    world = World([AT_ONCE, BUDGET], fails=CallFailed("", reason="stream_cut", status=502))
    with pytest.raises(CallFailed):
        await world.call(asked())
    assert (world.used(AT_ONCE), world.used(BUDGET)) == (Decimal(0), Decimal("0.01"))


async def test_a_call_for_which_nobody_was_asked_takes_nothing() -> None:
    world = World([AT_ONCE, TOKENS, BUDGET], fails=CallFailed("", reason="no_target", status=503), is_asked=False)
    with pytest.raises(CallFailed):
        await world.call(asked())
    assert [world.used(each) for each in (AT_ONCE, TOKENS, BUDGET)] == [0, 0, 0]


async def test_an_answer_that_is_closed_half_read_holds_nothing() -> None:
    world = World([AT_ONCE])
    reply = await world.call(asked())
    await anext(reply.events)
    await reply.events.aclose()
    assert world.used(AT_ONCE) == 0


async def test_an_answer_that_nobody_begins_to_read_holds_nothing() -> None:
    world = World([AT_ONCE, BUDGET])
    reply = await world.call(asked())
    await reply.events.aclose()
    del reply
    await asyncio.sleep(0)
    assert (world.used(AT_ONCE), world.used(BUDGET)) == (Decimal(0), Decimal("0.01"))


async def test_a_refused_call_reaches_nobody_and_leaves_one_span() -> None:
    world = World([AT_ONCE])
    first = await world.call(asked())
    second = asked()
    with pytest.raises(LimitReached) as refused:
        await world.call(second)
    assert second.journal.attempts == []
    assert [(span.status, span.error_type) for span in world.kept] == [("error", "limit_exceeded")]
    assert refused.value.retry_after_s == 1
    await first.events.aclose()


async def test_a_long_refused_request_leaves_no_long_trace() -> None:
    world = World([AT_ONCE])
    first = await world.call(asked())
    with pytest.raises(LimitReached):
        await world.call(request(route(EAST), body={"messages": [{"role": "user", "content": "x" * 100_000}]}))
    (span,) = world.kept
    assert (span.input, span.attributes["madang.truncated"]) == ("", "input")
    await first.events.aclose()
