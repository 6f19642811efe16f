"""What a call consumed, in the vendor's units, and what that cost, in US dollars."""

from decimal import Decimal

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """What one call consumed, as the vendor reported it; None where it said nothing.

    `input_tokens` includes the cached, cache-written, audio and image ones, and `output_tokens` the reasoning, audio and
    image ones, as OpenAI counts. A vendor that counts some of them apart has them added up by its decoder.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None  # read from the vendor's prompt cache
    reasoning_tokens: int | None = None
    cache_write_tokens: int | None = None  # written into the vendor's prompt cache
    cache_write_1h_tokens: int | None = None  # those of them that stay an hour instead of minutes, for more
    audio_input_tokens: int | None = None
    audio_output_tokens: int | None = None
    image_input_tokens: int | None = None
    image_output_tokens: int | None = None
    images: int | None = None  # generated
    audio_seconds: float | None = None  # transcribed or spoken
    characters: int | None = None  # spoken
    search_units: int | None = None  # of a rerank: a query with up to 100 documents, as Cohere and AWS bill it
    is_estimated: bool = False  # counted by us, because the vendor never came to tell


class Cost(msgspec.Struct, frozen=True):
    """US dollars, in all and by what they were paid for ("input", "cached_input", "output", "request", …)."""

    total_usd: Decimal
    details: dict[str, Decimal]
    is_estimated: bool = False  # the usage was, or the vendor's counts overlap in a way it does not tell
