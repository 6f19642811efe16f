"""What a caller is told about limits: headers beside every answer, and a refusal that says what to do. Pure."""

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Literal

import msgspec

from madang.calls.request import Request
from madang.calls.span import Span
from madang.tracing.call_spans import Outcome, spans_of_call
from madang_server.gateway.asgi import JSON, Headers
from madang_server.gateway.errors import Refused
from madang_server.limits.book import Refusal, Standing
from madang_server.limits.limit import MONEY, Limit, LimitKind, window_end

Code = Literal["limit_exceeded", "budget_exceeded"]

_HEADERS: tuple[tuple[LimitKind, str], ...] = (("requests_per_minute", "requests"), ("tokens_per_minute", "tokens"))
_UNITS: dict[LimitKind, str] = {
    "requests_per_minute": "requests per minute",
    "tokens_per_minute": "tokens per minute",
    "concurrency": "calls at once",
    "usd_per_day": "US dollars per day (UTC)",
    "usd_per_month": "US dollars per month (UTC)",
}
_SOON_S = 1  # when it depends on calls in hand
_MOST_TEXT = 16_384  # bytes of a refused request that its trace keeps


class LimitReached(Refused):
    """A call that a limit does not let in, with all that its caller is told."""

    def __init__(self, refusal: Refusal, headers: dict[str, str], at: datetime) -> None:
        limit = refusal.held.limit
        is_money = limit.kind in MONEY
        self.error_type: Code = "budget_exceeded" if is_money else "limit_exceeded"
        self.message = _message(refusal, at)
        kind = "insufficient_quota" if is_money else "rate_limit_error"
        super().__init__(429, self.message, code=self.error_type, kind=kind)
        self.retry_after_s = _SOON_S if refusal.wait_s is None else max(1, math.ceil(refusal.wait_s))
        self.headers = headers

    def answer(self) -> tuple[int, Headers, bytes]:
        headers: Headers = [JSON, (b"retry-after", b"%d" % self.retry_after_s)]
        headers.extend((name.encode(), value.encode()) for name, value in self.headers.items())
        if self.error_type == "budget_exceeded":
            headers.append(
                (b"x-should-retry", b"false")
            )  # clients would wait for days; after a minute they may ask again
        return self.status, headers, self.body


def rate_headers(standings: Sequence[Standing]) -> dict[str, str]:
    """`x-ratelimit-*` in OpenAI's form (https://developers.openai.com/api/docs/guides/rate-limits), of the tightest limit
    of each kind: that with the fewest left.
    """
    headers: dict[str, str] = {}
    for kind, unit in _HEADERS:
        of_kind = [one for one in standings if one.held.limit.kind == kind]
        if not of_kind:
            continue
        tightest = min(of_kind, key=lambda one: one.left)
        amount = tightest.held.limit.amount
        headers[f"x-ratelimit-limit-{unit}"] = str(int(amount))
        headers[f"x-ratelimit-remaining-{unit}"] = str(int(tightest.left))
        headers[f"x-ratelimit-reset-{unit}"] = _duration(float(max(tightest.used, Decimal(0)) * 60 / amount))
    return headers


def warning_of(standings: Sequence[Standing]) -> str:
    """Of limits that are nearly used up the fullest one, in words; empty when there is none."""
    passed = [one for one in standings if one.is_soft_passed]
    if not passed:
        return ""
    fullest = max(passed, key=lambda one: one.share)
    limit = fullest.held.limit
    return f"{limit.scope} {limit.kind} {int(fullest.share * 100)}% of {_number(limit.amount)} used; limit {limit.id}"


def refused_span(request: Request, reached: LimitReached, span_id: str, now_us: int, untraced: int) -> Span:
    """The trace of a call that was not let in. A long request is left out of it, as refusals must stay cheap."""
    is_long = len(request.raw) > _MOST_TEXT
    kept = msgspec.structs.replace(request, raw=b"") if is_long else request
    (root,) = spans_of_call(kept, span_id, Outcome(now_us, now_us, None, (), b""))
    attributes = dict(root.attributes)
    if is_long:
        attributes["madang.truncated"] = "input"
    if untraced:
        attributes["madang.limit.untraced"] = str(untraced)  # refused since the last trace of one
    return msgspec.structs.replace(
        root, status="error", error_type=reached.error_type, status_message=reached.message, attributes=attributes
    )


def _message(refusal: Refusal, at: datetime) -> str:
    limit = refusal.held.limit
    used = max(refusal.used, Decimal(0))
    in_use = _number(used if limit.kind in MONEY else used.to_integral_value(ROUND_CEILING))
    asked = f"; this call may take {_number(refusal.asked)}" if refusal.asked > 1 or limit.kind in MONEY else ""
    return (
        f"{_whose(limit)} limit of {_number(limit.amount)} {_UNITS[limit.kind]} has no room: {in_use} in use{asked}. "
        f"{_when(refusal, at)} {_who(limit)} (limit {limit.id})."
    )


def _whose(limit: Limit) -> str:
    match limit.scope:
        case "organisation" | "project":
            return f"The {limit.scope}'s"
        case "key":
            return "This key's"
        case "user":
            return "This user's"
        case "model":
            return "This model's"


def _when(refusal: Refusal, at: datetime) -> str:
    limit = refusal.held.limit
    if refusal.wait_s is None:
        return "There is room as soon as calls in hand have ended."
    if limit.kind not in MONEY:
        return f"There is room in {max(1, math.ceil(refusal.wait_s))} s."
    end = window_end(limit.kind, at).strftime("%Y-%m-%d %H:%M UTC")
    if refusal.used < limit.amount:
        return f"There is room again at {end}, and before it for calls that allow a shorter answer."
    return f"There is room again at {end}."


def _who(limit: Limit) -> str:
    if limit.project_id is None:
        return "Admins of the organisation can raise it"
    return "Whoever may edit the project can raise it"


def _number(amount: Decimal) -> str:
    """Without zeros at the end, and money with six decimals at most."""
    rounded = amount.quantize(Decimal("0.000001")) if amount % 1 else amount.quantize(Decimal(1))
    text = format(rounded, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _duration(seconds: float) -> str:
    """As OpenAI writes it: 0s, 20ms, 1s, 6m0s."""
    if seconds <= 0:
        return "0s"
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
