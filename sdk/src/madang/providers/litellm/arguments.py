"""A request as arguments of LiteLLM's functions.

Only parameters of OpenAI's API become arguments: LiteLLM takes addresses, keys, prices and switches by the same way, and
none of these may come from a caller. What OpenAI's API does not know goes into the vendor's body.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from madang.calls.operation import Operation
from madang.calls.request import Request, Upload
from madang.providers.openai_fields import CHAT_FIELDS, EMBEDDING_FIELDS, IMAGE_FIELDS, SPEECH_FIELDS, refused
from madang.providers.rerank import RERANK_FIELDS

_PARAMETERS: Mapping[Operation, frozenset[str]] = {
    "chat": CHAT_FIELDS | {"thinking"},  # Anthropic's, as LiteLLM's users know it for every vendor
    "embeddings": EMBEDDING_FIELDS,
    "images": IMAGE_FIELDS,
    "transcription": frozenset(
        {"file", "include", "language", "prompt", "response_format", "temperature", "timestamp_granularities"}
    ),
    "speech": SPEECH_FIELDS,
    "rerank": RERANK_FIELDS,
}
# OpenAI's too, but no arguments of LiteLLM's functions: it would keep them to itself.
_IN_THE_BODY = frozenset({"metadata", "moderation", "prompt_cache_options"})
# Without a counterpart at the vendor these are left out; the answer means the same without them.
_OMISSIBLE = frozenset(
    {
        "parallel_tool_calls",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "seed",
        "service_tier",
        "store",
        "user",
        "verbosity",
    }
)
_OURS = frozenset({"model", "stream", "stream_options", "stream_format", "partial_images"})

# Vendors into whose body unknown arguments go by themselves; the others have `extra_body` for that.
_TAKE_ANY_ARGUMENT = frozenset({"anthropic", "bedrock", "bedrock_converse", "sagemaker"})


class Knowledge(Protocol):
    """What LiteLLM knows; asked only where it matters."""

    def supported(self) -> frozenset[str]:
        """OpenAI's parameters that the vendor has a counterpart for."""

    def speaks_openai(self) -> bool:
        """Whether the vendor's wire is OpenAI's, so that it can judge a parameter itself."""

    def takes(self, name: str) -> bool:
        """Whether LiteLLM would take an argument of this name for itself."""


def arguments_of(request: Request, vendor: str, knowledge: Knowledge) -> dict[str, Any]:
    """The caller's parameters. Raises CallFailed for one that cannot be passed on."""
    known = _PARAMETERS[request.operation]
    is_chat = request.operation == "chat"
    arguments: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in request.body.items():
        if name in _OURS or value is None:
            continue
        if name not in known or name in _IN_THE_BODY:
            extra[name] = value
        elif is_chat and name in _OMISSIBLE and name not in knowledge.supported() and not knowledge.speaks_openai():
            continue
        else:
            arguments[name] = (
                (value.filename, value.content, value.content_type) if isinstance(value, Upload) else value
            )
    if is_chat and knowledge.speaks_openai():
        # Without `max_retries` among them LiteLLM drops it for some of these vendors, and then tries three times.
        allowed = {*arguments, "max_retries"} - knowledge.supported() - {"messages"}
        arguments["allowed_openai_params"] = sorted(allowed)
    if vendor in _TAKE_ANY_ARGUMENT:
        for name in extra.keys() - _IN_THE_BODY:
            if knowledge.takes(name):
                raise refused(f"The parameter {name!r} cannot be passed on to {vendor} through LiteLLM.", name)
            arguments[name] = extra[name]
    elif extra:
        arguments["extra_body"] = extra
    if is_chat and request.is_stream:
        options = request.body.get("stream_options") or {}
        arguments |= {"stream": True, "stream_options": {**options, "include_usage": True}}
    return arguments
