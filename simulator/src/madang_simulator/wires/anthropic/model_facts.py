"""Facts about Claude models that replies depend on. Any other name is served too, as one of today's models."""

import re

# Aliases and the dated names that answer for them, as Anthropic's model list had them.
_SNAPSHOTS = {
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "claude-opus-4-5": "claude-opus-4-5-20251101",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
}
LISTED: tuple[str, ...] = ("claude-opus-5", "claude-sonnet-5", "claude-opus-4-6", *_SNAPSHOTS.values())
_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_NEWEST = (99, 0)


def answering_model(model: str) -> str:
    """The dated name given as having answered when `model` was asked for."""
    return _SNAPSHOTS.get(model, model)


def version_of(model: str) -> tuple[int, int]:
    """The version in a model's name; a name without one is taken for the newest."""
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else _NEWEST


def most_tokens(model: str) -> int:
    """The most that max_tokens may be."""
    version = version_of(model)
    return 8192 if version < (4, 0) else 64_000 if version < (4, 6) else 128_000


def display_name(model: str) -> str:
    """The model's name as people say it."""
    words = [word for word in model.split("-") if len(word) < 8 or not word.isdigit()]
    return " ".join(word.capitalize() for word in words)
