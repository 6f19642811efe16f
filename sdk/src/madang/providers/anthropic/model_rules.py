"""What a Claude model accepts, told by the version in its name.

Source: Anthropic's documents "Adaptive thinking", "Effort" and "Migrating to Claude Opus 4.7": from 4.6 on the model
chooses how long to think and takes an effort, before it is given a budget; from 4.7 on it refuses sampling parameters.
"""

import re
from functools import lru_cache
from typing import NamedTuple

BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 49152}
"""Tokens to think with, by OpenAI's `reasoning_effort`, for models that are told a budget."""
LEAST_BUDGET = 1024

# claude-3-5-sonnet-20241022, claude-opus-4-20250514, claude-opus-4-5-20251101, claude-sonnet-5, claude-opus-4.6
_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_NEWEST = (99, 0)
_ADAPTIVE_SINCE = (4, 6)
_WITHOUT_SAMPLING_SINCE = (4, 7)


class ModelRules(NamedTuple):
    """`is_adaptive`: it is told an effort, not a budget. `takes_sampling`: temperature and top_p are allowed.

    `takes_xhigh`: it knows the effort between "high" and "max".
    """

    is_adaptive: bool
    takes_sampling: bool
    takes_xhigh: bool


@lru_cache(maxsize=256)
def rules_of(model: str) -> ModelRules:
    """The rules for a model by its name at the vendor. A Claude without a version is new; what is no Claude has no limits."""
    if "claude" not in model:
        return ModelRules(is_adaptive=False, takes_sampling=True, takes_xhigh=False)
    found = _VERSION.search(model)
    version = (int(found[1]), int(found[2] or 0)) if found else _NEWEST
    is_new = version >= _WITHOUT_SAMPLING_SINCE
    return ModelRules(version >= _ADAPTIVE_SINCE, takes_sampling=not is_new, takes_xhigh=is_new)
