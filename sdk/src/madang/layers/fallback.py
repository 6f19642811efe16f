"""Target after target, until one answers or none is left that could; a second one beside the first where the route hedges."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from madang.calls.clock import Clock
from madang.calls.policy import CLASS_OF
from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.errors import CallFailed, FailureReason
from madang.layers.hedge import first_of
from madang.routing.books import Books
from madang.routing.line import Choice, Line
from madang.routing.needs import Needs, needs_of
from madang.routing.rank import Sight

# What OpenAI's own clients and those built on them look for. Vendors have many words and statuses for the same.
_OPENAIS: Mapping[FailureReason, tuple[int, str]] = {
    "context_overflow": (400, "context_length_exceeded"),
    "rate_limited": (429, "rate_limit_exceeded"),
    "quota_exhausted": (429, "insufficient_quota"),
}
# What these rule out stays out, in whatever line the call goes on.
_FOR_THE_WHOLE_CALL: frozenset[FailureReason] = frozenset({"context_overflow", "content_filter"})
_HEDGE_FROM = 20.0  # measured calls; a p95 of fewer is a guess


def with_fallback(call: Call, *, books_of: Callable[[Request], Books], clock: Clock, rng: Random) -> Call:
    async def first_answer(request: Request) -> Reply:
        books = books_of(request)
        line = line_of(request, books, clock.monotonic(), rng)
        for attempt in request.journal.attempts:  # those before a stream that broke and is to go on
            if attempt.failure is not None and attempt.failure.reason in _FOR_THE_WHOLE_CALL:
                line.failed(attempt.target, attempt.failure)
        failure: CallFailed | None = None
        before = f"{request.reason}; " if request.reason else ""
        while (choice := line.next()) is not None:
            left = line.classes_left(choice)
            addressed = request.to(
                choice.target,
                f"{before}{choice.reason}",
                has_alternative=bool(left),
                alternative_after=left if request.route.after else None,
            )
            hedge_after = _hedge_after(request, choice, books, clock.monotonic()) if len(line) else None
            begun = len(request.journal.attempts)
            try:
                if hedge_after is None:
                    reply = await call(addressed)
                else:
                    # The call begins in a task of its own, a moment later; who is routed before that has to see the trial.
                    books.health.begin(choice.target, clock.monotonic())
                    reply = await _hedged(call, addressed, line, hedge_after)
            except CallFailed as failed:
                failure = failed
                for attempt in request.journal.attempts[begun:]:
                    if attempt.failure is not None:
                        line.failed(attempt.target, attempt.failure, clock.monotonic())
                        before = f"after {attempt.target.name}: {attempt.failure.reason}; "
                # The limit may strike a moment early; asking another for that moment would only cost.
                if failed.code == "deadline_exceeded" or clock.monotonic() >= request.deadline:
                    break
                continue
            attempts = reversed(request.journal.attempts)
            request.journal.answering = next((attempt for attempt in attempts if attempt.failure is None), None)
            return reply
        raise _for_the_caller(failure, request) if failure is not None else _nobody(request, line)

    return first_answer


def line_of(request: Request, books: Books, now: float, rng: Random) -> Line:
    """The targets for this request, as they stand now."""
    route = request.route
    policy = route.policy
    sticky_key = ""
    if policy.sticky_by != "none":
        sticky_key = request.caller.session_id if policy.sticky_by == "session" else request.caller.user_id
    is_only_one = len(route.targets) == 1 and not route.fallbacks and not route.after
    needs = Needs(request.operation) if is_only_one else needs_of(request)
    sight = Sight(books, now, request.is_stream, needs, sticky_key)
    if policy.strategy == "cost":
        sight = sight._replace(answer_tokens=_most_tokens(request.body) or sight.answer_tokens)
    return Line(route, sight, rng, request.avoid)


async def _hedged(call: Call, addressed: Request, line: Line, after_s: float) -> Reply:
    def second() -> Request | None:
        upcoming = line.upcoming
        if upcoming is None or upcoming.health.state == "cooling":
            return None  # one that rests would hardly be faster, and is left for when nobody else can
        choice = line.next()
        assert choice is not None
        reason = f"hedge: nothing from {addressed.target.name if addressed.target else ''} after {after_s:.3g} s"
        return addressed.to(choice.target, f"{reason}; {choice.reason}", has_alternative=True).as_hedge()

    def is_final(failure: CallFailed) -> bool:
        failure_class = CLASS_OF.get(failure.reason)
        if failure_class == "policy_block":
            route = addressed.route
            return not route.policy.policy_block_vendors and not route.after.get(failure_class)
        return failure_class is None

    return await first_of(call, addressed, after_s, second, is_final)


def _hedge_after(request: Request, choice: Choice, books: Books, now: float) -> float | None:
    policy = request.route.policy
    if policy.hedge_after_s is not None:
        return policy.hedge_after_s
    if not policy.hedges_at_p95:
        return None
    latency, is_stream = books.latency, request.is_stream
    if latency.known_calls(choice.target, now, is_stream=is_stream) < _HEDGE_FROM:
        return None
    return latency.percentile(choice.target, 0.95, now, is_stream=is_stream)


def _most_tokens(body: dict[str, Any]) -> int:
    asked = body.get("max_completion_tokens") or body.get("max_tokens") or body.get("max_output_tokens")
    return asked if isinstance(asked, int) and asked > 0 else 0


def _nobody(request: Request, line: Line) -> CallFailed:
    model = request.route.model
    if line.passed_over:
        why = "; ".join(f"{each.target.name} {each.why}" for each in line.passed_over[:5])
        return CallFailed(
            f"No deployment of model {model!r} can serve this request: {why}.",
            reason="invalid_request",
            status=400,
            code="no_fitting_deployment",
            param="model",
        )
    return CallFailed(
        f"Model {model!r} has no enabled deployment. Enable one on the Models page.",
        reason="no_target",
        status=503,
        code="no_deployment",
    )


def _for_the_caller(failure: CallFailed, request: Request) -> CallFailed:
    """The last failure in the caller's terms: a wrong vendor key is our configuration, not the caller's 401, and what
    OpenAI has a word for is called by it, unless the vendor's own error, in OpenAI's shape, is passed on.
    """
    attempts = len(request.journal.attempts)
    failed = next((a.target for a in request.journal.attempts if a.failure is failure), None)
    words = failure.message if attempts == 1 else f"{failure.message} (the last of {attempts} attempts)"
    if failure.reason in ("authentication", "permission", "not_found"):
        told = CallFailed(
            f"Deployment {failed.name if failed else ''!r} is not set up correctly: {words}",
            reason=failure.reason,
            status=502,
            code="deployment_misconfigured",
            request_id=failure.request_id,
        )
    elif attempts == 1 and (failure.body or failure.reason not in _OPENAIS):
        return failure
    else:
        status, code = _OPENAIS.get(failure.reason, (failure.status, failure.code))
        told = CallFailed(
            words,
            reason=failure.reason,
            status=status,
            code=code,
            param=failure.param,
            retry_after_s=failure.retry_after_s,
            request_id=failure.request_id,
        )
    told.__cause__ = failure
    return told
