"""A call that a member makes from the page of models, to see whether and how a model answers: what is asked, what came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class MemberCall:
    """`deployment` "" lets the model's routing choose. `user` goes into the trace."""

    project_id: str
    user: str
    model: str
    deployment: str
    prompt: str
    operation: Literal["chat", "embeddings"]


@dataclass(frozen=True, kw_only=True)
class AttemptReport:
    """One request to a vendor. `reason` says why there; `outcome` is "answered" or the kind of failure, told in `message`."""

    deployment: str
    model: str
    vendor: str
    reason: str
    outcome: str
    message: str
    latency_ms: int | None


@dataclass(frozen=True, kw_only=True)
class CallReport:
    """What came of it. `failure` is the kind and `message` its words, both "" for an answered call. Tokens and cost are None
    where unknown; `first_token_ms` too, and for what is not streamed."""

    trace_id: str
    text: str
    failure: str
    message: str
    latency_ms: int
    first_token_ms: int | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    simulated: bool
    attempts: tuple[AttemptReport, ...]


# Makes one real call. Raises `NotFound` or `Conflict` when there is nobody to call.
CallFor = Callable[[MemberCall], Awaitable[CallReport]]
