"""A deployment's own price over the project's over the list's, amount by amount, for a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from madang.calls.target import Price
from madang_server.prices.book import PriceBook
from madang_server.prices.catalogue import Catalogue, bundled
from madang_server.prices.overrides import Override
from madang_server.prices.resolve import overrides_in_force, resolve_price

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def usd(text: str) -> Decimal:
    return Decimal(text)


def agreed(
    model: str, *, since: date = date(2026, 1, 1), vendor: str = "openai", price: Price | None = None
) -> Override:
    return Override(
        id=f"{model} {since}",
        vendor=vendor,
        model=model,
        valid_from=since,
        price=price or Price(input=usd("1"), source="project"),
        updated_by="alice@example.com",
        updated_at=NOON,
    )


def price_of(*overrides: Override, own: Price | None = None, at: datetime = NOON, model: str = "gpt-4o") -> Price:
    prices = PriceBook(bundled(), {"p": list(overrides)}, at).of_project("p")
    price = prices.price_of(own or Price(), "openai", model)
    assert price is not None
    return price


def test_each_amount_comes_from_the_nearest_that_has_it_and_all_are_named() -> None:
    own = Price(output=usd("9"), source="deployment")
    price = price_of(agreed("gpt-4o", price=Price(input=usd("2"), output=usd("8"), source="project")), own=own)
    assert (price.input, price.output, price.cached_input) == (usd("2"), usd("9"), usd("1.25"))
    assert price.source == f"deployment, project, {bundled().source}"


def test_a_price_nobody_changed_names_the_list_alone() -> None:
    assert price_of().source == bundled().source


def test_a_deployment_that_says_nothing_of_a_model_nobody_knows_has_no_price() -> None:
    prices = PriceBook(bundled(), {}, NOON).of_project("p")
    assert prices.price_of(Price(source="deployment"), "openai", "a-model-of-tomorrow") is None


def test_a_model_nobody_lists_costs_what_the_project_agreed() -> None:
    assert price_of(agreed("tomorrow-*"), model="tomorrow-1") == Price(input=usd("1"), source="project")


def test_an_agreement_begins_on_its_day_in_utc() -> None:
    since = agreed("gpt-4o", since=date(2026, 7, 1))
    assert price_of(since, at=datetime(2026, 6, 30, 23, 59, tzinfo=UTC)).input == usd("2.5")
    assert price_of(since, at=datetime(2026, 7, 1, tzinfo=UTC)).input == 1


def test_of_two_agreements_about_the_same_the_later_one_holds_and_says_everything() -> None:
    first = agreed("gpt-4o", since=date(2026, 2, 1), price=Price(input=usd("1"), output=usd("5"), source="project"))
    second = agreed("gpt-4o", since=date(2026, 3, 1), price=Price(input=usd("2"), source="project"))
    price = price_of(first, second)
    assert (price.input, price.output) == (usd("2"), usd("10"))


def test_an_exact_name_comes_before_a_beginning_and_a_longer_one_before_a_shorter() -> None:
    found = overrides_in_force(
        [agreed("*"), agreed("gpt-4o*"), agreed("GPT-4o"), agreed("gpt-*"), agreed("gpt-4o", vendor="azure")],
        "openai",
        ("gpt-4o", ""),
        NOON.date(),
    )
    assert [one.model for one in found] == ["GPT-4o", "gpt-4o*", "gpt-*", "*"]


def test_an_agreement_about_the_model_holds_for_deployments_with_opaque_names() -> None:
    prices = PriceBook(bundled(), {"p": [agreed("gpt-4o", vendor="azure")]}, NOON).of_project("p")
    price = prices.price_of(Price(), "azure", "prod-chat", base_model="gpt-4o")
    assert price is not None
    assert price.input == 1


def test_one_projects_agreement_is_not_anothers() -> None:
    book = PriceBook(bundled(), {"p": [agreed("gpt-4o")]}, NOON)
    other = book.of_project("q").price_of(Price(), "openai", "gpt-4o")
    assert other is not None
    assert other.input == usd("2.5")


def test_free_input_is_free_in_every_form() -> None:
    price = price_of(own=Price(input=usd("0"), output=usd("0"), source="deployment"))
    assert {price.input, price.cached_input, price.cache_write, price.audio_input, price.image_input} == {0}
    assert {price.output, price.audio_output, price.image_output} == {0}


def test_a_discount_on_input_never_leaves_cached_input_dearer() -> None:
    assert price_of(agreed("gpt-4o")).cached_input == 1  # the list says 1.25
    stated = Price(input=usd("1"), cached_input=usd("2"), source="deployment")
    assert price_of(own=stated).cached_input == 2


def test_what_costs_as_input_follows_the_agreed_input() -> None:
    assert price_of(agreed("gpt-4o")).cache_write == 1


def test_agreed_amounts_hold_for_prompts_of_every_length() -> None:
    listed = Price(
        input=usd("1"), output=usd("4"), tiers=((200_000, Price(input=usd("2"), output=usd("6"))),), source="list"
    )
    half = resolve_price([Price(input=usd("0.5"), source="project"), listed], {})
    both = resolve_price([Price(input=usd("0.5"), output=usd("3"), source="project"), listed], {})
    assert half is not None
    assert both is not None
    assert [(above, tier.input, tier.output) for above, tier in half.tiers] == [(200_000, usd("0.5"), usd("6"))]
    assert both.tiers == ()


def test_the_book_is_to_be_opened_again_when_the_next_agreement_begins() -> None:
    later, soon = agreed("a", since=date(2026, 8, 1)), agreed("b", since=date(2026, 7, 1))
    assert PriceBook(Catalogue(), {"p": [later], "q": [soon]}, NOON).changes_at == datetime(2026, 7, 1, tzinfo=UTC)
    assert PriceBook(Catalogue(), {"p": [agreed("a")]}, NOON).changes_at is None
