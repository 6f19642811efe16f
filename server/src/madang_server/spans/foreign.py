"""Other tools' attribute names, by the column they belong in. The rank says which wins when a span has several."""

from collections.abc import Mapping
from typing import Any

from madang.calls.span import SpanKind

_NAMES: Mapping[str, tuple[str, ...]] = {
    "session_id": ("session.id", "gen_ai.conversation.id", "langfuse.session.id"),
    "user_id": ("user.id", "enduser.id", "langfuse.user.id"),
    "environment": ("langfuse.environment", "deployment.environment.name", "deployment.environment"),
    "release": ("langfuse.release", "service.version"),
    "error_type": ("error.type", "exception.type"),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"),
    "model": ("gen_ai.request.model", "langfuse.observation.model.name", "llm.model_name", "ai.model.id"),
    "response_model": ("gen_ai.response.model", "ai.response.model"),
    "prompt_name": ("langfuse.observation.prompt.name", "langfuse.prompt.name"),
    "prompt_version": ("langfuse.observation.prompt.version", "langfuse.prompt.version"),
    "input_tokens": (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.token_count.prompt",
        "ai.usage.promptTokens",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
        "ai.usage.completionTokens",
    ),
    "cached_tokens": ("gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read"),
    "reasoning_tokens": ("gen_ai.usage.reasoning_tokens", "llm.token_count.completion_details.reasoning"),
    "cost_usd": ("gen_ai.usage.cost", "llm.cost.total"),
    "tags": ("langfuse.trace.tags", "tag.tags"),
    "input": ("langfuse.observation.input", "gen_ai.input.messages", "input.value", "gen_ai.prompt", "ai.prompt"),
    "output": (
        "langfuse.observation.output",
        "gen_ai.output.messages",
        "output.value",
        "gen_ai.completion",
        "ai.response.text",
    ),
    "status_message": ("langfuse.observation.status_message",),
}

FOREIGN: Mapping[str, tuple[str, int]] = {
    name: (field, rank) for field, names in _NAMES.items() for rank, name in enumerate(names)
}

_OPERATIONS: Mapping[str, SpanKind] = {
    "chat": "generation",
    "text_completion": "generation",
    "generate_content": "generation",
    "embeddings": "embedding",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
}
_OPENINFERENCE: Mapping[str, SpanKind] = {
    "LLM": "generation",
    "EMBEDDING": "embedding",
    "TOOL": "tool",
    "AGENT": "agent",
    "CHAIN": "chain",
    "RETRIEVER": "retriever",
    "EVALUATOR": "evaluator",
    "GUARDRAIL": "guardrail",
}
_LANGFUSE: Mapping[str, SpanKind] = {
    "generation": "generation",
    "embedding": "embedding",
    "event": "event",
    "agent": "agent",
    "tool": "tool",
    "chain": "chain",
    "retriever": "retriever",
    "evaluator": "evaluator",
    "guardrail": "guardrail",
}
_KIND_NAMES: tuple[tuple[str, Mapping[str, SpanKind]], ...] = (
    ("langfuse.observation.type", _LANGFUSE),
    ("openinference.span.kind", _OPENINFERENCE),
    ("gen_ai.operation.name", _OPERATIONS),
)


def foreign_kind(attributes: Mapping[str, Any]) -> SpanKind:
    """What a span is, by the first convention that says so; "span" when none does."""
    for name, kinds in _KIND_NAMES:
        value = attributes.get(name)
        if isinstance(value, str) and value in kinds:
            return kinds[value]
    return "tool" if "gen_ai.tool.name" in attributes else "span"
