"""reasoning_effort as Gemini's thinkingConfig, by the generation of the model.

Source: Google's pages "OpenAI compatibility" (table of reasoning_effort) and "Gemini 3.5 Flash" (levels by model); the
google-genai client's type `ThinkingConfig`. Gemini 2.5 has a budget in tokens, later models a level, earlier ones do not
think. Thoughts are asked for, so that the caller sees them.
"""

import re
from typing import Any

from madang.providers.openai_fields import refused

_BUDGETS = {"none": 0, "minimal": 1_024, "low": 1_024, "medium": 8_192, "high": 24_576, "xhigh": 24_576}
_LEAST_BUDGET_OF_PRO = 128  # 2.5 Pro cannot stop thinking
_NUMBERED = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
_NEWEST_KNOWN = (3, 5)


def version_of(model: str) -> tuple[int, int]:
    """The numbers in a model's name; the newest known for names without one, such as gemini-flash-latest."""
    found = _NUMBERED.search(model)
    return (int(found.group(1)), int(found.group(2) or 0)) if found else _NEWEST_KNOWN


def thinking_config(effort: Any, model: str) -> dict[str, Any] | None:
    """thinkingConfig for one of OpenAI's efforts; None for a model that does not think.

    Raises CallFailed(invalid_request) for an unknown effort.
    """
    if not isinstance(effort, str) or effort not in _BUDGETS:
        raise refused(f"Gemini knows the efforts {', '.join(_BUDGETS)}.", "reasoning_effort")
    version = version_of(model)
    if version < (2, 5):
        return None
    is_shown = effort != "none"
    if version < (3, 0):
        least = _LEAST_BUDGET_OF_PRO if "-pro" in model else 0
        return {"thinkingBudget": max(_BUDGETS[effort], least), "includeThoughts": is_shown}
    return {"thinkingLevel": _level(effort, version, model), "includeThoughts": is_shown}


def _level(effort: str, version: tuple[int, int], model: str) -> str:
    """The level nearest to an effort that the model has. None of these models can stop thinking."""
    if effort in ("none", "minimal"):
        return "MINIMAL" if "flash" in model else "LOW"
    if effort == "medium" and version == (3, 0) and "-pro" in model:
        return "HIGH"  # Gemini 3 Pro knows LOW and HIGH only
    if effort == "xhigh" and version < (4, 0):
        return "HIGH"
    return effort.upper()
