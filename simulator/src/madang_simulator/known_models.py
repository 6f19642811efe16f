"""Facts about well-known models that replies depend on. Any other name is served too, with general values."""

from typing import NamedTuple

_SNAPSHOTS = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
    "o3": "o3-2025-04-16",
    "o4-mini": "o4-mini-2025-04-16",
}
_EMBEDDING_DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
}
OPENAI_MODELS: tuple[str, ...] = (*_SNAPSHOTS, *_SNAPSHOTS.values(), *_EMBEDDING_DIMENSIONS)
_REASONING_PREFIXES = ("o1", "o3", "o4", "gpt-5")
_REASONING_TOKENS = {"none": 0, "minimal": 0, "low": 64, "medium": 192, "high": 512, "xhigh": 1024}
_WRITTEN_REASONING_TOKENS = 48


class PictureRule(NamedTuple):
    """Tokens of a picture: `base`, and `per_tile` for each tile at high detail."""

    base: int
    per_tile: int


def answering_model(model: str) -> str:
    """The dated name a vendor gives as having answered when `model` was asked for."""
    return _SNAPSHOTS.get(model, model)


def embedding_dimensions(model: str) -> int:
    """Length of the model's vectors."""
    return _EMBEDDING_DIMENSIONS.get(model, 3072 if model.endswith("large") else 1536)


def is_reasoning(model: str) -> bool:
    """Whether the model thinks before it answers (and refuses max_tokens)."""
    return model.startswith(_REASONING_PREFIXES) and not model.startswith("gpt-5-chat")


def writes_reasoning(model: str) -> bool:
    """Whether the model tells its thoughts as `reasoning_content`, as DeepSeek's API and vLLM do for such models."""
    name = model.lower()
    return "deepseek-r" in name or ("qwen" in name and "think" in name)


def reasoning_tokens(model: str, effort: str | None) -> int:
    """Tokens the model spends on thinking."""
    if writes_reasoning(model):
        return _WRITTEN_REASONING_TOKENS
    return _REASONING_TOKENS.get(effort or "medium", 192) if is_reasoning(model) else 0


def picture_rule(model: str) -> PictureRule:
    """What pictures cost with this model; gpt-4o-mini counts more tokens at a lower price each."""
    return PictureRule(2833, 5667) if model.startswith("gpt-4o-mini") else PictureRule(85, 170)


def is_served(model: str, allowed: tuple[str, ...] | None) -> bool:
    """Whether a deployment that is set to serve `allowed` (None: anything) knows the model.

    Names that begin with "no-such-" are never known, so that "model not found" can be tried without setting anything.
    """
    return model in allowed if allowed is not None else not model.startswith("no-such-")
