"""What can be asked of a model, and which vendor can be asked what."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

Operation = Literal[
    "chat",
    "responses",
    "messages",
    "count_tokens",
    "embeddings",
    "images",
    "image_edits",
    "transcription",
    "translation",
    "speech",
    "moderations",
    "rerank",
    "passthrough",
]
OPERATIONS: tuple[Operation, ...] = tuple(one for one in get_args(Operation) if one != "passthrough")
"""What a deployment can be asked. What is passed through in a vendor's own words needs none."""

WITH_FILES: frozenset[Operation] = frozenset({"image_edits", "transcription", "translation"})
"""Those whose requests bring files as fields of their body."""

Vendor = Literal["openai", "azure", "anthropic", "gemini", "vertex", "bedrock", "litellm", "fake"]
VENDORS: tuple[Vendor, ...] = get_args(Vendor)

CHATS: frozenset[Operation] = frozenset({"chat", "responses", "messages"})
"""The operations whose answer is text that a model wrote, in the languages of OpenAI's and Anthropic's clients."""

_OPENAIS = frozenset(OPERATIONS).difference(("count_tokens",))


def _chat_and(*others: Operation) -> frozenset[Operation]:
    """Who chats can be asked for it in every language: `providers/dialects` translates."""
    return CHATS.union(others)


SERVED_BY: Mapping[str, frozenset[Operation]] = {
    "openai": _OPENAIS,
    "azure": _OPENAIS.difference(("moderations", "rerank")),  # it has a service of another kind for the one
    "anthropic": _chat_and("count_tokens"),
    "gemini": _chat_and("embeddings", "images", "speech"),
    "vertex": _chat_and("embeddings", "images", "speech"),
    "bedrock": _chat_and("embeddings", "images", "rerank"),
    "litellm": _chat_and("embeddings", "images", "transcription", "speech", "rerank"),
    "fake": _chat_and("embeddings"),
}
"""By vendor. A target whose vendor cannot be asked is passed over, with that as the reason."""


def is_stream_asked(operation: Operation, body: Mapping[str, Any]) -> bool:
    """Whether the answer should come in pieces; speech has a word of its own for that."""
    return body.get("stream") is True or (operation == "speech" and body.get("stream_format") == "sse")
