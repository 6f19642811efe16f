"""In what the vendors behind a chat request differ, as far as a translation into it has to know."""

import re
from typing import NamedTuple

from madang.calls.target import Target
from madang.providers.openai_messages import is_openais_own

_REASONS = re.compile(r"(?:^|/)(?:o\d|gpt-(?:[5-9]|oss)|codex)")
# They refuse fields they do not know, or pass them on to somebody who does.
_STRICT = frozenset({"openai", "azure", "litellm"})


class Ways(NamedTuple):
    """`is_strict`: a field that is not OpenAI's would be refused, and so would pictures in a tool's result.

    `takes_effort`: the model may be told how hard to think. `takes_file_urls`: documents may be named by their address.
    `tokens_field`: what the limit of an answer is called.
    """

    vendor: str
    is_strict: bool
    takes_effort: bool
    takes_file_urls: bool
    tokens_field: str


def ways_of(target: Target) -> Ways:
    is_strict = target.vendor in _STRICT
    # Servers of one's own often know only the older name, and OpenAI's thinking models only the newer one.
    is_openais = target.vendor in ("openai", "azure") and is_openais_own(target)
    is_reasoning = _REASONS.search(target.vendor_model) is not None
    return Ways(
        vendor=target.vendor,
        is_strict=is_strict,
        takes_effort=not is_strict or is_reasoning,
        takes_file_urls=not is_strict,
        tokens_field="max_completion_tokens" if is_openais or is_reasoning else "max_tokens",
    )
