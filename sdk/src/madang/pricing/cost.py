"""From usage and price to US dollars, in Decimal. Unknown is None, never zero.

Vendors meter a call by tokens, by images, by minutes or by characters. Where a vendor counts both tokens and things (an
image and its tokens), what has a price is paid, and the other count is not held against it.
"""

from decimal import Decimal

from madang.calls.target import Price
from madang.calls.usage import Cost, Usage

_MILLION = Decimal(1_000_000)
_NOTHING = Decimal(0)
_MINUTE_S = Decimal(60)


class _UnknownPrice(Exception):
    """Something was consumed whose price nobody told."""


def cost_of(usage: Usage, price: Price | None, *, is_answered: bool = True) -> Cost | None:
    """What the usage costs; None when a count or a price that matters is unknown, for unknown is not free.

    Reasoning tokens cost as output. The fee per request is owed for an answer only: `is_answered` says there was one.
    """
    if price is None:
        return None
    if price.tiers:
        price = _at_length(price, usage.input_tokens)
    fresh = usage.input_tokens
    written = usage.output_tokens
    details: dict[str, Decimal] = {}
    is_estimated = usage.is_estimated
    try:
        if fresh is None:
            _check_metered_otherwise(usage)
        else:
            if usage.cache_write_tokens or usage.audio_input_tokens or usage.image_input_tokens:
                fresh = _pay_special_input(usage, price, details)
                is_estimated = is_estimated or _may_overlap(usage, price)
            cached = usage.cached_tokens
            if cached:
                if cached > fresh:  # counted apart, or twice; never pay backwards
                    cached, is_estimated = fresh, True
                fresh -= cached
                cached_price = price.input if price.cached_input is None else price.cached_input
                details["cached_input"] = _due(cached, cached_price)
            if fresh or price.input is not None:
                details["input"] = _due(fresh, price.input)
        if written:
            if usage.audio_output_tokens or usage.image_output_tokens:
                written = _pay_special_output(usage, price, details)
            if written or price.output is not None:
                details["output"] = _due(written, price.output)
        if usage.images or usage.audio_seconds or usage.characters:
            _pay_things(usage, price, details)
    except _UnknownPrice:
        return None
    if price.per_request is not None and is_answered:
        # Who bills searches counts each of them as one request.
        details["request"] = price.per_request * (1 if usage.search_units is None else usage.search_units)
    if not details:
        return None
    return Cost(sum(details.values(), _NOTHING), details, is_estimated)


def _at_length(price: Price, input_tokens: int | None) -> Price:
    """The price of a prompt as long as this; it holds for all tokens of the call, as all vendors with tiers have it."""
    chosen = price
    for above, tier in price.tiers:
        if input_tokens is None or input_tokens <= above:
            break
        chosen = tier
    return chosen


def _due(count: int, price: Decimal | None) -> Decimal:
    if price is None:
        raise _UnknownPrice
    return count * price / _MILLION


def _check_metered_otherwise(usage: Usage) -> None:
    if usage.output_tokens or not (usage.images or usage.audio_seconds or usage.characters or usage.search_units):
        raise _UnknownPrice


def _pay_special_input(usage: Usage, price: Price, details: dict[str, Decimal]) -> int:
    """Pays for input that has prices of its own; the tokens left over are text. Counts that exceed the input are cut."""
    left = usage.input_tokens or 0
    hour = min(usage.cache_write_1h_tokens or 0, usage.cache_write_tokens or 0)
    image_price = price.input if price.image_input is None else price.image_input
    for name, count, due in (
        ("cache_write_1h", hour, price.cache_write_1h),
        ("cache_write", (usage.cache_write_tokens or 0) - hour, price.cache_write),
        ("audio_input", usage.audio_input_tokens or 0, price.audio_input),
        ("image_input", usage.image_input_tokens or 0, image_price),
    ):
        count = min(count, left)
        if count:
            details[name] = _due(count, due)
            left -= count
    return left


def _may_overlap(usage: Usage, price: Price) -> bool:
    """Whether cached tokens may have been audio or image ones, which vendors do not tell and some price differently."""
    has_other = usage.audio_input_tokens or (usage.image_input_tokens and price.image_input is not None)
    return bool(usage.cached_tokens and has_other)


def _pay_special_output(usage: Usage, price: Price, details: dict[str, Decimal]) -> int:
    left = usage.output_tokens or 0
    for name, count, due in (
        ("audio_output", usage.audio_output_tokens or 0, price.audio_output),
        ("image_output", usage.image_output_tokens or 0, price.image_output),
    ):
        count = min(count, left)
        if count:
            details[name] = _due(count, due)
            left -= count
    return left


def _pay_things(usage: Usage, price: Price, details: dict[str, Decimal]) -> None:
    """Pays for images, minutes and characters, each where it has a price; without one, tokens must have been counted."""
    has_tokens = bool(usage.input_tokens or usage.output_tokens)
    if usage.images and price.per_image is not None:
        details["images"] = usage.images * price.per_image
    elif usage.images and not has_tokens:
        raise _UnknownPrice
    if usage.audio_seconds and price.per_audio_minute is not None:
        details["audio_minutes"] = Decimal(str(usage.audio_seconds)) * price.per_audio_minute / _MINUTE_S
    elif usage.audio_seconds and not has_tokens:
        raise _UnknownPrice
    if usage.characters and price.per_million_characters is not None:
        details["characters"] = usage.characters * price.per_million_characters / _MILLION
    elif usage.characters and not has_tokens:
        raise _UnknownPrice
