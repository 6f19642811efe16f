"""The spans of one call: a root with all it consumed, and below it one per attempt with the reason for it. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from madang.calls.event import Part, Started
from madang.calls.request import Attempt, Replay, Request
from madang.calls.span import Span, SpanKind
from madang.calls.usage import Cost, Usage
from madang.errors import CallFailed
from madang.tracing.content import kept_text
from madang.tracing.output import output_of

_EMPTY_USAGE = Usage()
_FREE = Cost(Decimal(0), {})
_SCALARS = (str, int, float, bool)
_LONGEST_ATTRIBUTE = 1_000  # characters; metadata is for filters, a text belongs into the messages
_MOST_METADATA = 64  # fields

# What of a usage has a column of its own in the trace store, and what is kept as attributes.
_COLUMNS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
_COUNTS = (
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "image_input_tokens",
    "image_output_tokens",
    "images",
    "audio_seconds",
    "characters",
    "search_units",
)

# Request parameters worth a filter, by OpenAI's name, with their name in OpenTelemetry's GenAI conventions.
_PARAMETERS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
    "reasoning_effort": "gen_ai.request.reasoning.effort",
}


_KINDS: Mapping[str, SpanKind] = {
    "embeddings": "embedding",
    "count_tokens": "span",
    "moderations": "guardrail",
    "rerank": "retriever",
    "passthrough": "span",
}
# Who calls in another language than that of OpenAI's chat.
_DIALECTS: Mapping[str, str] = {
    "messages": "anthropic-messages",
    "count_tokens": "anthropic-messages",
    "responses": "openai-responses",
}


class Outcome(NamedTuple):
    """How a call ended. Exactly one of `parts` (streamed) and `raw` (not streamed) carries the answer."""

    start_us: int
    end_us: int
    failure: CallFailed | None
    parts: Sequence[Part]
    raw: bytes


def spans_of_call(request: Request, root_id: str, outcome: Outcome) -> tuple[Span, ...]:
    """The root span first, then the attempts in their order."""
    attempts = [
        _attempt_span(request, root_id, number, attempt, outcome.end_us)
        for number, attempt in enumerate(request.journal.attempts, start=1)
    ]
    return (_root_span(request, root_id, outcome), *attempts)


def _root_span(request: Request, root_id: str, outcome: Outcome) -> Span:
    caller = request.caller
    last = request.journal.last
    failure = outcome.failure
    usage = _total_usage(request.journal.attempts)
    replay = request.journal.replay
    # What was paid by another call costs nothing here, which is something else than an unknown cost.
    cost = _FREE if replay is not None else total_cost(request.journal.attempts)
    target = last.target if last else replay.target if replay else None
    # The answer's first token came from the first attempt that gave one, also where another had to finish it.
    first_tokens = [a.first_token_us for a in request.journal.attempts if a.first_token_us is not None]
    first_token_us = min(first_tokens) if first_tokens and request.is_stream else None
    return Span(
        trace_id=caller.trace_id,
        span_id=root_id,
        parent_span_id=caller.parent_span_id,
        is_root=True,
        kind=_KINDS.get(request.operation, "generation"),
        name=f"{request.operation} {request.route.model}",
        start_us=outcome.start_us,
        end_us=outcome.end_us,
        status="error" if failure else "ok",
        error_type=failure.reason if failure else "",
        status_message=failure.message if failure else "",
        environment=caller.environment,
        release=caller.release,
        session_id=caller.session_id,
        user_id=caller.user_id,
        key_id=caller.key_id,
        provider=target.vendor if target else "",
        model=request.route.model,
        response_model=_answering_model(outcome.parts),
        deployment=target.name if target else "",
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cost_usd=cost.total_usd if cost else None,
        cost_details=cost.details if cost else {},
        first_token_ms=None if first_token_us is None else (first_token_us - outcome.start_us) // 1000,
        attempts=len(request.journal.attempts),
        simulated=bool(target and target.is_simulated),
        tags=caller.tags,
        attributes=_attributes(request, usage, cost),
        input=kept_text(request.raw),
        output=kept_text(output_of(request.operation, outcome.parts, outcome.raw)),
    )


def _attempt_span(request: Request, root_id: str, number: int, attempt: Attempt, call_end_us: int) -> Span:
    caller = request.caller
    failure = attempt.failure
    target = attempt.target
    attributes = {
        "madang.attempt.number": str(number),
        "madang.attempt.reason": attempt.reason,
        "madang.attempt.outcome": failure.reason if failure else "answered",
        "madang.target.model": target.vendor_model,
    }
    if target.region:
        attributes["madang.target.region"] = target.region
    if attempt.request_id:
        attributes["madang.attempt.request_id"] = attempt.request_id[:_LONGEST_ATTRIBUTE]
    if attempt.is_hedge:
        attributes["madang.attempt.hedge"] = "true"
    # Tokens and cost of an attempt are attributes, so that a sum over spans counts each call once.
    if attempt.usage is not None:
        for name in (*_COLUMNS, *_COUNTS):
            count = getattr(attempt.usage, name)
            if count is not None:
                attributes[f"madang.attempt.{name}"] = str(count)
        if attempt.usage.is_estimated:
            attributes["madang.attempt.estimated"] = "true"
    if attempt.cost is not None:
        attributes["madang.attempt.cost_usd"] = format(attempt.cost.total_usd, "f")
    if failure is not None and failure.reason not in ("timeout", "cancelled", "connection", "stream_cut"):
        attributes["http.response.status_code"] = str(failure.status)
    first = attempt.first_token_us if request.is_stream else None
    return Span(
        trace_id=caller.trace_id,
        span_id=attempt.span_id,
        parent_span_id=root_id,
        kind="attempt",
        name=f"attempt {number}: {target.name}",
        start_us=attempt.start_us,
        end_us=attempt.end_us or call_end_us,
        status="error" if failure else "ok",
        error_type=failure.reason if failure else "",
        status_message=failure.message if failure else "",
        environment=caller.environment,
        key_id=caller.key_id,
        provider=target.vendor,
        model=target.alias or request.route.model,  # of a fallback the model it stands behind
        deployment=target.name,
        first_token_ms=None if first is None else (first - attempt.start_us) // 1000,
        simulated=target.is_simulated,
        attributes=attributes,
    )


def _total_usage(attempts: Sequence[Attempt]) -> Usage:
    reported = [attempt.usage for attempt in attempts if attempt.usage is not None]
    if len(reported) <= 1:
        return reported[0] if reported else _EMPTY_USAGE
    sums = {name: _sum([getattr(usage, name) for usage in reported]) for name in (*_COLUMNS, *_COUNTS)}
    return Usage(**sums, is_estimated=any(usage.is_estimated for usage in reported))


def _sum(numbers: Sequence[Any]) -> Any:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def total_cost(attempts: Sequence[Attempt]) -> Cost | None:
    """What the attempts cost together; None as soon as one of them consumed something whose price is
    unknown: a part is not the total."""
    costs = [attempt.cost for attempt in attempts if attempt.cost is not None]
    if len(costs) < sum(attempt.usage is not None for attempt in attempts):
        return None
    if len(costs) <= 1:
        return costs[0] if costs else None
    details: dict[str, Decimal] = {}
    for cost in costs:
        for name, amount in cost.details.items():
            details[name] = details.get(name, Decimal(0)) + amount
    total = sum((cost.total_usd for cost in costs), Decimal(0))
    return Cost(total, details, any(cost.is_estimated for cost in costs))


def _answering_model(parts: Sequence[Part]) -> str:
    return next((part.model for part in parts if type(part) is Started), "")


def _attributes(request: Request, usage: Usage, cost: Cost | None) -> dict[str, str]:
    body: dict[str, Any] = request.body
    attributes: dict[str, str] = {"gen_ai.operation.name": request.operation, **request.journal.attributes}
    if request.operation in _DIALECTS:
        attributes["madang.dialect"] = _DIALECTS[request.operation]
    if request.route.policy.strategy != "weighted":
        attributes["madang.route.strategy"] = request.route.policy.strategy
    for name in _COUNTS:
        count = getattr(usage, name)
        if count is not None:
            attributes[f"madang.usage.{name}"] = str(count)
    if usage.is_estimated or (cost is not None and cost.is_estimated):
        attributes["madang.usage.estimated"] = "true"
    if cost is not None and request.journal.last is not None:
        price = request.journal.last.target.price
        if price is not None and price.source:
            attributes["madang.price.source"] = price.source
    if request.is_stream:
        attributes["gen_ai.request.stream"] = "true"
    if request.caller.client_retry:
        attributes["madang.client_retry"] = str(request.caller.client_retry)
    if request.journal.replay is not None:
        attributes.update(_replay_attributes(request.journal.replay))
    for name, value in body.items():
        attribute = _PARAMETERS.get(name)
        if attribute is not None and value is not None and isinstance(value, _SCALARS):
            attributes[attribute] = str(value)[:_LONGEST_ATTRIBUTE]
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        fields = [(name, value) for name, value in metadata.items() if isinstance(value, _SCALARS)][:_MOST_METADATA]
        attributes.update({f"metadata.{str(k)[:_LONGEST_ATTRIBUTE]}": str(v)[:_LONGEST_ATTRIBUTE] for k, v in fields})
    return attributes


def _replay_attributes(replay: Replay) -> dict[str, str]:
    """Where the answer came from, and what it would have cost."""
    attributes = {"madang.cache": "hit"} if replay.source == "cache" else {}
    attributes["madang.cached.trace_id" if replay.source == "cache" else "madang.joined.trace_id"] = replay.trace_id
    if replay.cost_usd is not None:
        attributes["madang.saved.cost_usd"] = format(replay.cost_usd, "f")
    return attributes
