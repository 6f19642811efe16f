"""What can be asked of a model, and which vendor can be asked what."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

Operation = Literal[
    "chat", "responses", "embeddings", "images", "image_edits", "transcription", "translation", "speech"
]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)

WITH_FILES: frozenset[Operation] = frozenset({"image_edits", "transcription", "translation"})
"""Those whose requests bring files as fields of their body."""

Vendor = Literal["openai", "azure", "anthropic", "gemini", "vertex", "bedrock", "litellm", "fake"]
VENDORS: tuple[Vendor, ...] = get_args(Vendor)

_ALL = frozenset(OPERATIONS)

SERVED_BY: Mapping[str, frozenset[Operation]] = {
    "openai": _ALL,
    "azure": _ALL,
    "anthropic": frozenset({"chat"}),
    "gemini": frozenset({"chat", "embeddings", "images", "speech"}),
    "vertex": frozenset({"chat", "embeddings", "images", "speech"}),
    "bedrock": frozenset({"chat", "embeddings", "images"}),
    "litellm": frozenset({"chat", "embeddings", "images", "transcription", "speech"}),
    "fake": frozenset({"chat", "embeddings"}),
}
"""By vendor. A target whose vendor cannot be asked is passed over, with that as the reason."""


def is_stream_asked(operation: Operation, body: Mapping[str, Any]) -> bool:
    """Whether the answer should come in pieces; speech has a word of its own for that."""
    return body.get("stream") is True or (operation == "speech" and body.get("stream_format") == "sse")
