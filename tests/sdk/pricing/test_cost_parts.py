"""What else a call may be paid by: cache writes, audio, images, minutes, characters, fees, and prompts beyond a length."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.calls.target import AMOUNTS, Price
from madang.calls.usage import Usage
from madang.pricing.cost import cost_of

_MILLION = 1_000_000

_count = st.none() | st.integers(0, 5_000_000)
_usages = st.builds(
    Usage,
    input_tokens=_count,
    output_tokens=_count,
    cached_tokens=_count,
    reasoning_tokens=_count,
    cache_write_tokens=_count,
    cache_write_1h_tokens=_count,
    audio_input_tokens=_count,
    audio_output_tokens=_count,
    image_input_tokens=_count,
    image_output_tokens=_count,
    images=st.none() | st.integers(0, 10),
    audio_seconds=st.none() | st.floats(0, 7_200).map(lambda seconds: round(seconds, 2)),
    characters=_count,
    search_units=st.none() | st.integers(0, 10),
    is_estimated=st.booleans(),
)
_amount = st.none() | st.decimals(0, 500, places=4)
_plain = st.builds(Price, **dict.fromkeys(AMOUNTS, _amount))
_prices = st.builds(
    lambda price, tier: Price(**{n: getattr(price, n) for n in AMOUNTS}, tiers=((200_000, tier),)), _plain, _plain
)


def paid_for(usage: Usage, price: Price) -> dict[str, Decimal]:
    """What each part cost, in US dollars; a million tokens cost what the price says."""
    cost = cost_of(usage, price)
    assert cost is not None
    return cost.details


@given(_usages, _prices | _plain)
def test_the_total_is_the_sum_of_what_was_paid_for_and_never_below_zero(usage: Usage, price: Price) -> None:
    cost = cost_of(usage, price)
    if cost is not None:
        assert cost.total_usd == sum(cost.details.values())
        assert all(part >= 0 for part in cost.details.values())


@given(_usages, _prices | _plain)
def test_tokens_without_any_price_are_never_free(usage: Usage, price: Price) -> None:
    nothing = Price(per_request=Decimal("0.01"))
    if usage.input_tokens or usage.output_tokens:
        assert cost_of(usage, nothing) is None


@given(_usages)
def test_every_token_is_paid_for_exactly_once(usage: Usage) -> None:
    flat: dict[str, Any] = {name: Decimal(1) for name in AMOUNTS if not name.startswith("per_")}
    cost = cost_of(usage, Price(**flat))
    if cost is not None:
        assert cost.total_usd * _MILLION == (usage.input_tokens or 0) + (usage.output_tokens or 0)


def test_each_kind_of_input_has_its_price_and_the_rest_is_text() -> None:
    usage = Usage(
        10 * _MILLION,
        0,
        cached_tokens=_MILLION,
        cache_write_tokens=3 * _MILLION,
        cache_write_1h_tokens=_MILLION,
        audio_input_tokens=_MILLION,
        image_input_tokens=_MILLION,
    )
    price = Price(
        input=Decimal(1),
        cached_input=Decimal(2),
        cache_write=Decimal(3),
        cache_write_1h=Decimal(5),
        audio_input=Decimal(7),
        image_input=Decimal(11),
    )
    assert paid_for(usage, price) == {
        "input": 4,
        "cached_input": 2,
        "cache_write": 6,
        "cache_write_1h": 5,
        "audio_input": 7,
        "image_input": 11,
    }


def test_spoken_and_drawn_output_have_their_prices_and_reasoning_costs_as_output() -> None:
    usage = Usage(
        0, 5 * _MILLION, reasoning_tokens=2 * _MILLION, audio_output_tokens=_MILLION, image_output_tokens=_MILLION
    )
    price = Price(input=Decimal(1), output=Decimal(2), audio_output=Decimal(3), image_output=Decimal(5))
    assert paid_for(usage, price) == {"input": 0, "output": 6, "audio_output": 3, "image_output": 5}


@pytest.mark.parametrize(
    "usage",
    [
        Usage(10, 5, cache_write_tokens=1),
        Usage(10, 5, cache_write_tokens=1, cache_write_1h_tokens=1),
        Usage(10, 5, audio_input_tokens=1),
        Usage(10, 5, audio_output_tokens=1),
        Usage(10, 5, image_output_tokens=1),
        Usage(images=1),
        Usage(audio_seconds=1.5),
        Usage(characters=1),
    ],
    ids=repr,
)
def test_a_part_whose_price_nobody_knows_makes_the_whole_cost_unknown(usage: Usage) -> None:
    assert cost_of(usage, Price(input=Decimal(1), output=Decimal(2), cached_input=Decimal("0.5"))) is None


def test_images_in_cost_as_text_where_the_vendor_has_no_price_for_them() -> None:
    assert paid_for(Usage(_MILLION, 0, image_input_tokens=_MILLION), Price(input=Decimal(2))) == {
        "image_input": 2,
        "input": 0,
    }


def test_images_minutes_and_characters_are_paid_by_the_piece() -> None:
    price = Price(per_image=Decimal("0.04"), per_audio_minute=Decimal("0.006"), per_million_characters=Decimal(15))
    assert paid_for(Usage(images=3), price) == {"images": Decimal("0.12")}
    assert paid_for(Usage(audio_seconds=90.5), price) == {"audio_minutes": Decimal("0.00905")}
    assert paid_for(Usage(characters=2_000), price) == {"characters": Decimal("0.03")}


def test_an_image_that_was_paid_by_its_tokens_needs_no_price_by_the_piece() -> None:
    price = Price(input=Decimal(5), output=Decimal(10), image_output=Decimal(40))
    usage = Usage(_MILLION, _MILLION, image_output_tokens=_MILLION, images=1)
    assert paid_for(usage, price) == {"input": 5, "image_output": 40, "output": 0}


def test_a_fee_is_owed_for_an_answer_and_for_nothing_else() -> None:
    price = Price(input=Decimal(1), output=Decimal(1), per_request=Decimal("0.012"))
    assert paid_for(Usage(0, 0), price) == {"input": 0, "request": Decimal("0.012")}
    failed = cost_of(Usage(_MILLION, 0), price, is_answered=False)
    assert failed is not None
    assert failed.details == {"input": 1}


@pytest.mark.parametrize(("tokens", "paid"), [(200_000, 1), (200_001, 2), (400_000, 2), (400_001, 4)])
def test_a_prompt_beyond_a_length_costs_more_from_its_first_token_on(tokens: int, paid: int) -> None:
    tiers = tuple((above, Price(input=Decimal(n), output=Decimal(n))) for above, n in ((200_000, 2), (400_000, 4)))
    price = Price(input=Decimal(1), output=Decimal(1), tiers=tiers)
    assert paid_for(Usage(tokens, 100), price) == {
        "input": Decimal(tokens * paid) / _MILLION,
        "output": Decimal(100 * paid) / _MILLION,
    }


def test_an_estimated_usage_gives_an_estimated_cost() -> None:
    price = Price(input=Decimal(1), output=Decimal(1))
    told, guessed = cost_of(Usage(10, 5), price), cost_of(Usage(10, 5, is_estimated=True), price)
    assert told is not None
    assert guessed is not None
    assert (told.is_estimated, guessed.is_estimated) == (False, True)


def test_cached_tokens_that_may_have_been_audio_make_an_estimate() -> None:
    price = Price(input=Decimal(1), cached_input=Decimal("0.1"), audio_input=Decimal(10))
    cost = cost_of(Usage(100, 0, cached_tokens=20, audio_input_tokens=30), price)
    assert cost is not None
    assert cost.is_estimated


def test_each_search_of_a_rerank_costs_the_price_of_a_request() -> None:
    cost = cost_of(Usage(search_units=3), Price(per_request=Decimal("0.002")))
    assert cost is not None
    assert (cost.total_usd, cost.details) == (Decimal("0.006"), {"request": Decimal("0.006")})


def test_searches_without_a_price_cost_an_unknown_amount() -> None:
    assert cost_of(Usage(search_units=3), Price(input=Decimal(1))) is None
