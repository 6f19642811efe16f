"""How a route wants its calls to go: by which measure targets are chosen, and what happens after which failure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from madang.errors import FailureReason

Strategy = Literal["weighted", "latency", "cost", "least_busy"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)

FailureClass = Literal["outage", "throttled", "timeout", "context_overflow", "policy_block", "misconfigured"]
FAILURE_CLASSES: tuple[FailureClass, ...] = get_args(FailureClass)

CLASS_OF: Mapping[FailureReason, FailureClass] = {
    "server_error": "outage",
    "connection": "outage",
    "bad_reply": "outage",
    "stream_cut": "outage",
    "rate_limited": "throttled",
    "overloaded": "throttled",
    "quota_exhausted": "throttled",
    "timeout": "timeout",
    "context_overflow": "context_overflow",
    "content_filter": "policy_block",
    "authentication": "misconfigured",
    "permission": "misconfigured",
    "not_found": "misconfigured",
}
"""The failures after which another target may answer. What is not here is the caller's own mistake, or the call's end."""

StickyBy = Literal["none", "session", "user"]
OnCut = Literal["error", "continue"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices of one route.

    `strategy` ranks the targets of one order. `prefer_regions` puts theirs first, in this sequence. `sticky_by` sends the
    calls of one session or user to the same target as long as that is healthy. `fallbacks_after` names the models to
    fall back to after one class of failure; a class that is missing uses the route's own list, an empty tuple none.
    `policy_block_vendors` may be asked after another vendor's content filter refused; empty, a refusal is final.
    `hedge_after_s` starts a second request on the next target when nothing has come after so many seconds, and
    `hedges_at_p95` does when 95 of 100 calls to this target would have answered; the first to answer is taken, the other
    stopped. `on_cut`: what becomes of a stream that breaks after text has left.
    """

    strategy: Strategy = "weighted"
    prefer_regions: tuple[str, ...] = ()
    sticky_by: StickyBy = "none"
    fallbacks_after: Mapping[FailureClass, tuple[str, ...]] = field(default_factory=dict)
    policy_block_vendors: tuple[str, ...] = ()
    hedge_after_s: float | None = None
    hedges_at_p95: bool = False
    on_cut: OnCut = "error"


PLAIN = Policy()
