"""Which prices people give can be kept with every digit. Pure."""

from decimal import Decimal

HIGHEST_USD = Decimal(1_000_000)
MOST_DECIMALS = 30


def is_price(amount: Decimal) -> bool:
    """Whether this is 0 to `HIGHEST_USD` and short to write down: 1E-999999999 is small, and a text of a gigabyte."""
    if not amount.is_finite():
        return False
    _, digits, exponent = amount.as_tuple()
    is_short = isinstance(exponent, int) and -MOST_DECIMALS <= exponent <= 6 and len(digits) <= 40
    return is_short and 0 <= amount <= HIGHEST_USD
