"""Facts about Gemini models that replies depend on. Any other name is served too, as a model of the third generation.

Source: Google's Gemini API pages "Models" and "Thinking".
"""

import re

LISTED: tuple[str, ...] = (
    "gemini-2.0-flash",
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
    "gemini-3-flash-preview",
    "gemini-3-pro-preview",
    "gemini-2.5-flash-image",
    "gemini-2.5-flash-preview-tts",
    "gemini-embedding-001",
    "gemini-embedding-2",
)
OUTPUT_LIMIT = 65_536
_NUMBER = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
_UNASKED_TOKENS = 96  # thought where nothing is said about thinking
LEVELS = {"MINIMAL": 16, "LOW": 64, "MEDIUM": 192, "HIGH": 512, "XHIGH": 1_024}


def version_of(model: str) -> tuple[int, int]:
    """The numbers in a model's name."""
    found = _NUMBER.search(model)
    return (int(found.group(1)), int(found.group(2) or 0)) if found else (3, 0)


def thinks(model: str) -> bool:
    return version_of(model) >= (2, 5)


def levels_of(model: str) -> frozenset[str]:
    """The thinking levels that a model knows; none before the third generation, which has budgets."""
    version = version_of(model)
    if version < (3, 0):
        return frozenset()
    levels = set(LEVELS)
    if "flash" not in model:
        levels.discard("MINIMAL")
    if version == (3, 0) and "-pro" in model:
        levels.discard("MEDIUM")
    if version < (4, 0):
        levels.discard("XHIGH")
    return frozenset(levels)


def checks_signatures(model: str) -> bool:
    """Whether a function call that comes back without its thought signature is refused."""
    return version_of(model) >= (3, 0)


def draws(model: str) -> bool:
    return "-image" in model


def speaks(model: str) -> bool:
    return model.endswith("-tts") or "-tts-" in model


def thought_tokens(model: str, budget: int | None, level: str | None) -> int:
    """Tokens spent on thinking, by what the caller said about it."""
    if not thinks(model):
        return 0
    if level is not None:
        return LEVELS.get(level.upper(), _UNASKED_TOKENS)
    if budget is None:
        return 0 if "-lite" in model else _UNASKED_TOKENS
    return _UNASKED_TOKENS if budget < 0 else min(int(budget), 512)


def embedding_dimensions(model: str) -> int:
    return 3_072 if model.startswith("gemini-embedding") else 768
