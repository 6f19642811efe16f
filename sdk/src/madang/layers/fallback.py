"""Target after target, until one answers or none is left that could."""

from collections.abc import Callable
from random import Random

from madang.calls.clock import Clock
from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.errors import CallFailed
from madang.routing.choose import choose_targets
from madang.routing.health import HealthBook
from madang.routing.worth import is_worth_another_target


def with_fallback(call: Call, *, health_of: Callable[[Request], HealthBook], clock: Clock, rng: Random) -> Call:
    async def first_answer(request: Request) -> Reply:
        book = health_of(request)
        now = clock.monotonic()
        choices = choose_targets(request.route, lambda target: book.of(target, now), rng)
        before = ""
        for left, choice in zip(range(len(choices) - 1, -1, -1), choices, strict=True):
            target = choice.target
            try:
                return await call(request.to(target, f"{before}{choice.reason}", has_alternative=left > 0))
            except CallFailed as failure:
                out_of_time = clock.monotonic() >= request.deadline
                if left == 0 or out_of_time or not is_worth_another_target(failure):
                    told = _for_the_caller(failure, request)
                    if told is failure:
                        raise
                    raise told from failure
                before = f"after {target.name}: {failure.reason}; "
        raise CallFailed(
            f"Model {request.route.model!r} has no enabled deployment. Enable one on the Models page.",
            reason="no_target",
            status=503,
            code="no_deployment",
        )

    return first_answer


def _for_the_caller(failure: CallFailed, request: Request) -> CallFailed:
    """The last failure in the caller's terms: a wrong vendor key is our configuration, not the caller's 401."""
    attempts = len(request.journal.attempts)
    words = failure.message if attempts == 1 else f"{failure.message} (the last of {attempts} attempts)"
    if failure.reason in ("authentication", "permission", "not_found"):
        name = request.journal.attempts[-1].target.name
        return CallFailed(
            f"Deployment {name!r} is not set up correctly: {words}",
            reason=failure.reason,
            status=502,
            code="deployment_misconfigured",
        )
    if attempts == 1:
        return failure
    return CallFailed(
        words,
        reason=failure.reason,
        status=failure.status,
        code=failure.code,
        param=failure.param,
        retry_after_s=failure.retry_after_s,
    )
