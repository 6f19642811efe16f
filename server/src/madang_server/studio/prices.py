"""What models cost: the price list as the project pays it, and the prices it agreed with its vendors."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query

from madang.calls.operation import Vendor
from madang.calls.target import AMOUNTS, Price
from madang_server.accounts.randomness import new_id
from madang_server.http.access import ProjectEditor, ProjectReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.paging import Page, cut
from madang_server.http.surroundings import Around, Now
from madang_server.prices import overrides
from madang_server.prices.book import PriceBook
from madang_server.prices.catalogue import Listed, bundled
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/projects/{project_id}/prices", tags=["prices"])


class Amounts(Shown):
    """US dollars per million tokens, unless the name says per what; None is unknown, 0 is free."""

    input: Decimal | None
    output: Decimal | None
    cached_input: Decimal | None
    cache_write: Decimal | None
    cache_write_1h: Decimal | None
    audio_input: Decimal | None
    audio_output: Decimal | None
    image_input: Decimal | None
    image_output: Decimal | None
    per_request: Decimal | None
    per_image: Decimal | None
    per_audio_minute: Decimal | None
    per_million_characters: Decimal | None


class Tier(Amounts):
    """The whole price of calls whose prompt is longer than this."""

    above_input_tokens: int


class ModelPrice(Amounts):
    """A model of the price list as this project pays it today. `source` says who said so, the most specific first."""

    vendor: str
    model: str
    name: str
    context_window: int | None
    max_output_tokens: int | None
    tiers: list[Tier]
    source: str


class ModelPricePage(Shown):
    items: list[ModelPrice]
    next_cursor: str | None


class PriceOverride(Amounts):
    """A price the project agreed, from a day on (UTC). `updated_by` is an e-mail, or None when that person has left."""

    id: str
    vendor: str
    model: str
    valid_from: date
    updated_by: str | None
    updated_at: datetime


class PriceOverridePage(Shown):
    items: list[PriceOverride]
    next_cursor: str | None


class PriceOverrideInput(Sent):
    """`model` is the vendor's name of it, or a beginning and *. Amounts left out stay those of the price list."""

    vendor: Vendor
    model: str
    valid_from: date
    input: Decimal | None = None
    output: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None
    image_input: Decimal | None = None
    image_output: Decimal | None = None
    per_request: Decimal | None = None
    per_image: Decimal | None = None
    per_audio_minute: Decimal | None = None
    per_million_characters: Decimal | None = None


@router.get("")
def list_prices(
    access: ProjectReader,
    page: Page,
    now: Now,
    reading: Reading,
    query: Annotated[str, Query(max_length=200, description="Words of the vendor's or the model's name.")] = "",
) -> ModelPricePage:
    """Models of the price list that have all words of the query, with the prices the project pays today."""
    own = overrides.overrides_of(reading, access.project_id)
    prices = PriceBook(bundled(), {access.project_id: own}, now).of_project(access.project_id)
    found, next_cursor = cut(bundled().search(query, now), page, lambda one: f"{one.vendor} {one.model}")
    items = [_shown_price(one, prices.price_over(one)) for one in found]
    return ModelPricePage(items=items, next_cursor=next_cursor)


@router.get("/of")
def price_of(
    access: ProjectReader,
    now: Now,
    reading: Reading,
    vendor: Vendor,
    model: Annotated[str, Query(min_length=1, max_length=256)],
    base_model: Annotated[str, Query(max_length=256)] = "",
    base_url: Annotated[str, Query(max_length=2_000)] = "",
) -> ModelPrice | None:
    """What a deployment pays today that gives no price of its own; null when neither the project nor the list knows."""
    own = overrides.overrides_of(reading, access.project_id)
    book = PriceBook(bundled(), {access.project_id: own}, now)
    names = {"base_model": base_model, "base_url": base_url}
    listed = book.listed(vendor, model, **names)
    price = book.of_project(access.project_id).price_of(Price(), vendor, model, **names)
    if listed is None and price is None:
        return None
    return _shown_price(listed or Listed(vendor, model, model, None, None), price)


@router.get("/overrides")
def list_overrides(access: ProjectReader, page: Page, reading: Reading) -> PriceOverridePage:
    """The prices the project agreed, by vendor and model, the newest of each first."""
    found, next_cursor = cut(overrides.overrides_of(reading, access.project_id), page, lambda one: one.id)
    return PriceOverridePage(items=[_shown_override(one) for one in found], next_cursor=next_cursor)


@router.put("/overrides")
def put_override(
    body: PriceOverrideInput, access: ProjectEditor, around: Around, now: Now, writing: Transaction
) -> PriceOverride:
    """Agree on a price. It replaces the one for the same vendor, model and day, if there is one."""
    wanted = overrides.Agreement(
        vendor=body.vendor,
        model=body.model,
        valid_from=body.valid_from,
        price=Price(**{name: getattr(body, name) for name in AMOUNTS}),
    )
    override_id = new_id(around.random_bytes)
    return _shown_override(
        overrides.put_override(
            writing, access.project_id, wanted, override_id=override_id, user_id=access.user_id, now=now
        )
    )


@router.delete("/overrides/{override_id}", status_code=204)
def delete_override(override_id: str, access: ProjectEditor, writing: Transaction) -> None:
    """Take a price back; what calls have cost so far stays recorded."""
    overrides.remove_override(writing, access.project_id, override_id)


def _shown_price(one: Listed, price: Price | None) -> ModelPrice:
    known = price or Price()
    return ModelPrice(
        vendor=one.vendor,
        model=one.model,
        name=one.name,
        context_window=one.context_window,
        max_output_tokens=one.max_output_tokens,
        tiers=[Tier(above_input_tokens=above, **_amounts(tier)) for above, tier in known.tiers],
        source=known.source,
        **_amounts(known),
    )


def _shown_override(one: overrides.Override) -> PriceOverride:
    return PriceOverride(
        id=one.id,
        vendor=one.vendor,
        model=one.model,
        valid_from=one.valid_from,
        updated_by=one.updated_by,
        updated_at=one.updated_at,
        **_amounts(one.price),
    )


def _amounts(price: Price) -> dict[str, Decimal | None]:
    return {name: getattr(price, name) for name in AMOUNTS}
