"""From usage and price to US dollars, in Decimal."""

from decimal import Decimal

from madang.calls.target import Price
from madang.calls.usage import Cost, Usage

_MILLION = Decimal(1_000_000)


def cost_of(usage: Usage, price: Price | None) -> Cost | None:
    """What the usage costs; None when the price or the token counts are unknown, for unknown is not free."""
    if price is None or usage.input_tokens is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.input_tokens)  # some vendors count them apart; never pay backwards
    fresh = usage.input_tokens - cached
    cached_price = price.input if price.cached_input is None else price.cached_input
    details = {"input": fresh * price.input / _MILLION}
    if cached:
        details["cached_input"] = cached * cached_price / _MILLION
    if usage.output_tokens:
        if price.output is None:
            return None
        details["output"] = usage.output_tokens * price.output / _MILLION
    return Cost(sum(details.values(), Decimal(0)), details)
