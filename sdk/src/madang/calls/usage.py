"""What a call consumed, in tokens, and what that cost, in US dollars."""

from decimal import Decimal

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one call as the vendor reported them; None where it said nothing.

    `input_tokens` includes the cached ones and `output_tokens` the reasoning ones, as OpenAI counts.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Cost(msgspec.Struct, frozen=True):
    """US dollars, in all and by what they were paid for ("input", "cached_input", "output")."""

    total_usd: Decimal
    details: dict[str, Decimal]
