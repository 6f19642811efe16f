"""reasoning_effort as Gemini's thinkingConfig, by the generation of the model.

Source: Google's page "OpenAI compatibility", table of reasoning_effort; the google-genai client's type `ThinkingConfig`.
Up to Gemini 2.5 thinking has a budget in tokens, later a level. Thoughts are asked for, so that the caller sees them.
"""

import re
from typing import Any

from madang.providers.openai_fields import refused

_BUDGETS = {"none": 0, "minimal": 1_024, "low": 1_024, "medium": 8_192, "high": 24_576, "xhigh": 24_576}
_LEVELS = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH", "xhigh": "XHIGH"}
_LEAST_BUDGET_OF_PRO = 128  # 2.5 Pro cannot stop thinking
_NUMBERED = re.compile(r"gemini-(\d+)")


def generation_of(model: str) -> int:
    """The number in a model's name; the newest known for names without one, such as gemini-flash-latest."""
    found = _NUMBERED.search(model)
    return int(found.group(1)) if found else 3


def thinking_config(effort: Any, model: str) -> dict[str, Any]:
    """thinkingConfig for one of OpenAI's efforts. Raises CallFailed(invalid_request) for an unknown one."""
    if not isinstance(effort, str) or effort not in _BUDGETS:
        raise refused(f"Gemini knows the efforts {', '.join(_BUDGETS)}.", "reasoning_effort")
    is_shown = effort != "none"
    if generation_of(model) < 3:
        least = _LEAST_BUDGET_OF_PRO if "-pro" in model else 0
        return {"thinkingBudget": max(_BUDGETS[effort], least), "includeThoughts": is_shown}
    if effort in ("none", "minimal"):  # these models cannot stop thinking, and Pro has no level below LOW
        return {"thinkingLevel": "LOW" if "-pro" in model else "MINIMAL", "includeThoughts": is_shown}
    return {"thinkingLevel": _LEVELS[effort], "includeThoughts": True}
