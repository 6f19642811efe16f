"""The fields of OpenAI's requests: what another vendor's wire translates or leaves out. Every other field is the vendor's.

Source: OpenAI's API reference, "Create chat completion", "Create embeddings", "Create image", "Create speech".
"""

from collections.abc import Mapping
from typing import Any

from madang.errors import CallFailed

CHAT_FIELDS = frozenset(
    {
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "metadata",
        "modalities",
        "model",
        "moderation",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    }
)
EMBEDDING_FIELDS = frozenset({"dimensions", "encoding_format", "input", "model", "user"})
IMAGE_FIELDS = frozenset(
    {
        "background",
        "model",
        "moderation",
        "n",
        "output_compression",
        "output_format",
        "partial_images",
        "prompt",
        "quality",
        "response_format",
        "safety_identifier",
        "size",
        "stream",
        "style",
        "user",
    }
)
SPEECH_FIELDS = frozenset({"input", "instructions", "model", "response_format", "speed", "stream_format", "voice"})


def vendor_fields(body: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The fields that are not OpenAI's, and so go to the vendor as they are."""
    return {name: value for name, value in body.items() if name not in known}


def refused(message: str, param: str) -> CallFailed:
    """For what the vendor cannot be asked."""
    return CallFailed(message, reason="invalid_request", status=400, code="unsupported_parameter", param=param)
