"""What a drill's calls came to, minute by minute: success, latency, cost, and where the traffic went. Pure."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from madang.calls.span import Span


@dataclass(slots=True)
class _Minute:
    calls: int = 0
    answered: int = 0
    attempts: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    by_deployment: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    first_tokens_ms: list[float] = field(default_factory=list)
    cost: Decimal = Decimal(0)
    unpriced: int = 0


class Ledger:
    """Takes the spans of each call; `start_us` is the drill's beginning on the spans' clock."""

    def __init__(self, start_us: int) -> None:
        self._start_us = start_us
        self._minutes: dict[int, _Minute] = {}

    def keep(self, _project_id: str, spans: Sequence[Span]) -> None:
        """A finished call, counted in the minute in which it began."""
        root = spans[0]
        minute = self._minutes.setdefault((root.start_us - self._start_us) // 60_000_000, _Minute())
        minute.calls += 1
        minute.attempts += root.attempts
        if root.status == "error":
            minute.failures[root.error_type] += 1
        else:
            minute.answered += 1
            minute.by_deployment[root.deployment] += 1
            minute.latencies_ms.append(((root.end_us or root.start_us) - root.start_us) / 1000)
            if root.first_token_ms is not None:
                minute.first_tokens_ms.append(float(root.first_token_ms))
        if root.cost_usd is not None:
            minute.cost += root.cost_usd
        elif root.status != "error":
            minute.unpriced += 1

    def minutes(self) -> list[dict[str, Any]]:
        """The minutes so far, as JSON values."""
        return [_shown(number, minute) for number, minute in sorted(self._minutes.items())]

    def total(self) -> dict[str, Any]:
        """All minutes together, as JSON values."""
        whole = _Minute()
        for minute in self._minutes.values():
            whole.calls += minute.calls
            whole.answered += minute.answered
            whole.attempts += minute.attempts
            whole.failures += minute.failures
            whole.by_deployment += minute.by_deployment
            whole.latencies_ms += minute.latencies_ms
            whole.first_tokens_ms += minute.first_tokens_ms
            whole.cost += minute.cost
            whole.unpriced += minute.unpriced
        shown = _shown(0, whole)
        del shown["minute"]
        return shown


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value under which `share` (0 to 1) of the values lie, by nearest rank; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _shown(number: int, minute: _Minute) -> dict[str, Any]:
    return {
        "minute": number,
        "calls": minute.calls,
        "answered": minute.answered,
        "success_rate": minute.answered / minute.calls if minute.calls else None,
        "failures": dict(minute.failures),
        "attempts": minute.attempts,
        "by_deployment": dict(minute.by_deployment),
        **{
            f"p{round(share * 100)}_ms": _rounded(percentile(minute.latencies_ms, share)) for share in (0.5, 0.95, 0.99)
        },
        **{
            f"first_token_p{round(share * 100)}_ms": _rounded(percentile(minute.first_tokens_ms, share))
            for share in (0.5, 0.95)
        },
        "cost_usd": format(minute.cost, "f"),
        "calls_without_price": minute.unpriced,
    }


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
