"""One call on its way: what was asked, by whom, until when, and the journal of what happened to it."""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from madang.calls.operation import Operation
from madang.calls.policy import CLASS_OF, FailureClass
from madang.calls.target import Route, Target
from madang.calls.usage import Cost, Usage
from madang.errors import CallFailed


class Upload(msgspec.Struct, frozen=True):
    """A file in a request, as a field of its body."""

    filename: str
    content_type: str
    content: bytes


class Caller(msgspec.Struct, frozen=True):
    """Who calls, and in what context; every field goes into the trace."""

    project_id: str = ""
    key_id: str = ""
    trace_id: str = ""
    parent_span_id: str = ""
    session_id: str = ""
    user_id: str = ""
    environment: str = "default"
    release: str = ""
    tags: tuple[str, ...] = ()
    client_retry: int = 0  # how many times the client says it has asked before


class Attempt(msgspec.Struct):
    """One request that went out to a vendor. `reason` says why this target, in words for the trace.

    `request_id` is the vendor's own id of it. `is_hedge` marks a second request that ran beside another.
    """

    span_id: str
    target: Target
    reason: str
    start_us: int
    end_us: int | None = None
    first_token_us: int | None = None
    failure: CallFailed | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    request_id: str = ""
    is_hedge: bool = False


class Replay(msgspec.Struct, frozen=True):
    """An answer that was given before and paid then: it is in the cache, or this call joined the one that was paid.

    `trace_id` and `target` are those of the call that was paid; `cost_usd` is what it cost, None where unknown.
    """

    source: Literal["cache", "joined"]
    trace_id: str
    target: Target
    cost_usd: Decimal | None


class Journal(msgspec.Struct):
    """What happened to a call so far. The layers write it, the trace reads it; it outlives a cancelled call.

    `answering` is the attempt whose answer the caller gets, or got last; where hedging ran two, not the last one begun.
    `replay` is set where nobody had to be asked. `attributes` are of the root span, beside what the request says; `headers`
    go out with the answer, also of a failure.
    """

    attempts: list[Attempt] = []  # each journal gets its own
    answering: Attempt | None = None
    retries: int = 0  # attempts that asked again who had just failed
    attributes: dict[str, str] = {}
    headers: dict[str, str] = {}
    replay: Replay | None = None

    @property
    def last(self) -> Attempt | None:
        return self.answering or (self.attempts[-1] if self.attempts else None)


class Request(msgspec.Struct, frozen=True):
    """One call. `body` is in the language of its operation, OpenAI's but for `messages` and `count_tokens`; `raw` is what the
    caller sent, for the trace.
    """

    operation: Operation
    route: Route
    body: dict[str, Any]
    raw: bytes
    deadline: float  # on the pipeline's monotonic clock, seconds
    caller: Caller = Caller()
    is_stream: bool = False
    routing: dict[str, Any] = {}  # the caller's wishes, already part of the route where routes are known
    wants_usage: bool = False  # the caller asked for the usage event of a stream
    cache_ttl_s: float | None = None  # for how long an answer may be used again; 0 not at all, None as the route has it
    journal: Journal = msgspec.field(default_factory=Journal)
    target: Target | None = None  # set for each attempt
    reason: str = ""  # why this target
    has_alternative: bool = False  # another target waits, so a failure need not be retried here
    # Where that depends on the failure: the classes after which another target waits.
    alternative_after: frozenset[FailureClass] | None = None
    attempt: Attempt | None = None  # the journal's entry of this very request to a vendor
    is_hedge: bool = False
    avoid: frozenset[str] = frozenset()  # keys of targets that must not be asked for this call
    # The response whose conversation the body goes on with, empty for none; None where nobody keeps responses.
    continues: str | None = None

    def to(
        self,
        target: Target,
        reason: str,
        *,
        has_alternative: bool,
        alternative_after: frozenset[FailureClass] | None = None,
    ) -> "Request":
        """The same call, addressed to one target."""
        return msgspec.structs.replace(
            self,
            target=target,
            reason=reason,
            has_alternative=has_alternative,
            alternative_after=alternative_after,
        )

    def has_alternative_after(self, failure: CallFailed) -> bool:
        """Whether somebody else is asked after this failure."""
        if self.alternative_after is None:
            return self.has_alternative
        return CLASS_OF.get(failure.reason) in self.alternative_after

    def as_hedge(self) -> "Request":
        """The same, marked as the second of two that run beside each other."""
        return msgspec.structs.replace(self, is_hedge=True)
