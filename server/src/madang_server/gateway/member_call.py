"""Makes a member's call through the same pipeline as every other: routed, priced and traced, with the tag "test"."""

import contextlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from madang.calls.clock import Clock, new_trace_id
from madang.calls.event import Text
from madang.calls.reply import Call
from madang.calls.request import Attempt, Caller, Request
from madang.calls.target import Route
from madang.errors import CallFailed
from madang_server.accounts.problems import Conflict, NotFound, TooManyAttempts
from madang_server.gateway.limits_answers import LimitReached
from madang_server.gateway.snapshot import Project
from madang_server.http.member_call import AttemptReport, CallReport, MemberCall

TIME_LIMIT_S = 30.0
TAG = "test"
_LONGEST_TEXT = 20_000  # characters; what comes after is not shown


async def call_for_member(wish: MemberCall, project: Project | None, call: Call, clock: Clock) -> CallReport:
    """One real call, of 30 seconds at most. Raises NotFound or Conflict when there is nobody to call, and
    TooManyAttempts when a limit does not let it in.
    """
    name, route = _route(wish, project)
    body = _body(wish, name)
    request = Request(
        operation=wish.operation,
        route=route,
        body=body,
        raw=msgspec.json.encode(body),
        deadline=clock.monotonic() + min(route.timeout_s, TIME_LIMIT_S),
        caller=Caller(project_id=wish.project_id, trace_id=new_trace_id(), user_id=wish.user, tags=(TAG,)),
        is_stream=wish.operation == "chat",
        cache_ttl_s=0,  # the member asks how the vendor is, not what it once said
    )
    began_us = clock.now_us()
    try:
        text, failure = await _answer(call, request)
    except LimitReached as reached:
        raise TooManyAttempts(reached.message, retry_after_s=reached.retry_after_s) from None
    return _report(request, text, failure, began_us, clock.now_us())


def _route(wish: MemberCall, project: Project | None) -> tuple[str, Route]:
    """The name to call and what stands behind it."""
    if project is None or wish.model not in project.aliases:
        raise NotFound(
            f"Model {wish.model!r} does not serve calls: there is none of this name, or it is simulated and no simulator "
            "runs here.",
            param="model",
        )
    name = f"{wish.deployment}/{wish.model}" if wish.deployment else wish.model
    route = project.routes.get(name)
    if route is None or not route.targets:
        who = f"Deployment {wish.deployment!r}" if wish.deployment else f"Model {wish.model!r}"
        raise Conflict(
            f"{who} does not serve calls: enable it, and see that its credential opens.",
            param="deployment",
        )
    return name, route


def _body(wish: MemberCall, name: str) -> dict[str, Any]:
    if wish.operation == "embeddings":
        return {"model": name, "input": wish.prompt}
    # Streamed, as only so the first token has a moment of its own.
    return {"model": name, "messages": [{"role": "user", "content": wish.prompt}], "stream": True}


async def _answer(call: Call, request: Request) -> tuple[str, CallFailed | None]:
    """What was said, and how it failed if it did."""
    said = ""
    try:
        reply = await call(request)
        async with contextlib.aclosing(reply.events):
            async for event in reply.events:
                if len(said) < _LONGEST_TEXT:
                    said += "".join(part.text for part in event.parts if type(part) is Text and part.choice == 0)
    except CallFailed as failure:
        return said[:_LONGEST_TEXT], failure
    return said[:_LONGEST_TEXT], None


def _report(request: Request, text: str, failure: CallFailed | None, began_us: int, ended_us: int) -> CallReport:
    attempts = request.journal.attempts
    first = [each.first_token_us for each in attempts if each.first_token_us is not None]
    last = request.journal.last
    return CallReport(
        trace_id=request.caller.trace_id,
        text=text,
        failure=failure.reason if failure else "",
        message=failure.message if failure else "",
        latency_ms=(ended_us - began_us) // 1000,
        first_token_ms=(min(first) - began_us) // 1000 if first and request.is_stream else None,
        input_tokens=_sum([each.usage.input_tokens for each in attempts if each.usage]),
        output_tokens=_sum([each.usage.output_tokens for each in attempts if each.usage]),
        cost_usd=_cost(attempts),
        simulated=bool(last and last.target.is_simulated),
        attempts=tuple(_attempt(each) for each in attempts),
    )


def _attempt(attempt: Attempt) -> AttemptReport:
    failure = attempt.failure
    return AttemptReport(
        deployment=attempt.target.name,
        model=attempt.target.alias,
        vendor=attempt.target.vendor,
        reason=attempt.reason,
        outcome=failure.reason if failure else "answered",
        message=failure.message if failure else "",
        latency_ms=None if attempt.end_us is None else (attempt.end_us - attempt.start_us) // 1000,
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _cost(attempts: Sequence[Attempt]) -> Decimal | None:
    """None as soon as one attempt consumed something whose price is unknown: a part is not the total."""
    costs = [each.cost.total_usd for each in attempts if each.cost is not None]
    if not costs or len(costs) < sum(each.usage is not None for each in attempts):
        return None
    return sum(costs, Decimal(0))
