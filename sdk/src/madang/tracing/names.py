"""Which OpenTelemetry attribute carries which field of a span: known conventions where they exist, else our own."""

from collections.abc import Mapping

SCOPE = "madang"

TEXT: Mapping[str, str] = {
    "error_type": "error.type",
    "environment": "deployment.environment.name",
    "release": "service.version",
    "session_id": "session.id",
    "user_id": "user.id",
    "provider": "gen_ai.provider.name",
    "model": "gen_ai.request.model",
    "response_model": "gen_ai.response.model",
    "kind": "madang.kind",
    "key_id": "madang.key_id",
    "deployment": "madang.deployment",
    "prompt_name": "madang.prompt.name",
    "input": "madang.input",
    "output": "madang.output",
}
NUMBERS: Mapping[str, str] = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
    "reasoning_tokens": "madang.usage.reasoning_tokens",
    "prompt_version": "madang.prompt.version",
    "first_token_ms": "madang.first_token_ms",
    "attempts": "madang.attempts",
}
FLAGS: Mapping[str, str] = {"is_root": "madang.is_root", "simulated": "madang.simulated"}
COST = "madang.cost_usd"  # decimal, as text
COST_PART = "madang.cost."  # + name of the part: decimal, as text
TAGS = "madang.tags"
# A span's own attribute whose name is taken by a field travels under this prefix.
ESCAPE = "madang.attribute."

TAKEN = frozenset({*TEXT.values(), *NUMBERS.values(), *FLAGS.values(), COST, TAGS})


def is_taken(name: str) -> bool:
    """Whether an attribute of this name would be read as something else."""
    return name in TAKEN or name.startswith((ESCAPE, COST_PART))
