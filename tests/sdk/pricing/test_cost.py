"""Cost is exact, counts cached tokens at their own price, and is unknown rather than wrong."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.calls.target import Price
from madang.calls.usage import Usage
from madang.pricing.cost import cost_of

GPT = Price(input=Decimal("2.50"), output=Decimal("10"), cached_input=Decimal("1.25"))
_tokens = st.integers(0, 10_000_000)
_price = st.decimals(0, 1000, places=4)


def test_input_cached_input_and_output_have_their_own_prices() -> None:
    cost = cost_of(Usage(1_000, 200, cached_tokens=400), GPT)
    assert cost is not None
    assert cost.details == {"input": Decimal("0.0015"), "cached_input": Decimal("0.0005"), "output": Decimal("0.002")}
    assert cost.total_usd == Decimal("0.004")


def test_cached_tokens_cost_as_much_as_others_where_there_is_no_discount() -> None:
    cost = cost_of(Usage(1_000, 0, cached_tokens=400), Price(input=Decimal(1), output=Decimal(1)))
    assert cost is not None
    assert cost.total_usd == Decimal("0.001")


def test_embeddings_cost_their_input() -> None:
    cost = cost_of(Usage(1_000), Price(input=Decimal("0.02")))
    assert cost is not None
    assert cost.total_usd == Decimal("0.00002")


@pytest.mark.parametrize(
    ("usage", "price"),
    [
        (Usage(1_000, 200), None),
        (Usage(None, 200), GPT),
        (Usage(), GPT),
        (Usage(1_000, 200), Price(input=Decimal(1))),
    ],
)
def test_a_cost_that_is_not_known_is_not_zero(usage: Usage, price: Price | None) -> None:
    assert cost_of(usage, price) is None


def test_a_vendor_that_counts_cached_tokens_apart_never_gives_a_negative_cost() -> None:
    cost = cost_of(Usage(10, 0, cached_tokens=500), GPT)
    assert cost is not None
    assert all(part >= 0 for part in cost.details.values())


@given(_tokens, _tokens, _tokens, _price, _price, _price)
def test_the_details_add_up_to_the_total_exactly(
    fresh: int, cached: int, output: int, input_price: Decimal, output_price: Decimal, cached_price: Decimal
) -> None:
    cost = cost_of(Usage(fresh + cached, output, cached), Price(input_price, output_price, cached_price))
    assert cost is not None
    exact = fresh * input_price + cached * cached_price + output * output_price
    assert cost.total_usd * 1_000_000 == exact
    assert sum(cost.details.values()) == cost.total_usd
