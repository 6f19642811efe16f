"""A span: one finished observation, as it is stored. A call gives one root span and one span per attempt.

Field names are the column names of the trace store and the `madang.*` attributes on OpenTelemetry's wire.
"""

from decimal import Decimal
from typing import Literal

import msgspec

SpanKind = Literal[
    "generation",
    "embedding",
    "attempt",
    "span",
    "tool",
    "agent",
    "chain",
    "retriever",
    "event",
    "evaluator",
    "guardrail",
]
SpanStatus = Literal["unset", "ok", "error"]


class Span(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One observation. Times are microseconds since the epoch, UTC; unknown numbers are None, never 0.

    As JSON it leaves out what is empty, for so is the store's column then. The two fields whose default is a word have it
    from a factory: that is never left out.
    """

    trace_id: str  # 32 hex digits
    span_id: str  # 16 hex digits
    parent_span_id: str = ""  # empty at the root
    is_root: bool = False  # also true below a caller's own span, which may never reach us
    kind: SpanKind = msgspec.field(default_factory=lambda: "span")
    name: str = ""
    start_us: int
    end_us: int | None = None
    status: SpanStatus = "unset"
    error_type: str = ""
    status_message: str = ""
    environment: str = msgspec.field(default_factory=lambda: "default")
    release: str = ""
    session_id: str = ""
    user_id: str = ""
    key_id: str = ""  # public key of the caller
    provider: str = ""
    model: str = ""  # what the caller asked for
    response_model: str = ""  # what the vendor says answered
    deployment: str = ""
    prompt_name: str = ""
    prompt_version: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: Decimal | None = None
    cost_details: dict[str, Decimal] = {}
    first_token_ms: int | None = None
    attempts: int = 0
    simulated: bool = False
    tags: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    input: str = ""
    output: str = ""
