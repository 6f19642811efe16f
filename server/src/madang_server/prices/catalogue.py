"""The price list that comes with the platform: genai-prices as installed, read offline and never updated over the network.

Its fields and rules are documented in the package's `types.ModelPrice`, `data_units` and `TieredPrices`; this file turns
them into our `Price`. What it does not know, or names differently, stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from madang.calls.target import Price
from madang_server.prices.model_names import is_called, joined_model, names_at, split_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

# Our vendors by genai-prices' name for them.
_PROVIDERS = {
    "openai": "openai",
    "azure": "azure",
    "anthropic": "anthropic",
    "gemini": "google",
    "vertex": "google",
    "bedrock": "aws",
}
_VENDORS = {"openai": "openai", "azure": "azure", "anthropic": "anthropic", "google": "gemini", "aws": "bedrock"}

# (genai-prices' field, ours, how many of its units make one of ours)
_UNITS = (
    ("input_mtok", "input", 1),
    ("output_mtok", "output", 1),
    ("cache_read_mtok", "cached_input", 1),
    ("cache_write_mtok", "cache_write", 1),
    ("cache_write_1h_mtok", "cache_write_1h", 1),
    ("input_audio_mtok", "audio_input", 1),
    ("output_audio_mtok", "audio_output", 1),
    ("input_image_mtok", "image_input", 1),
    ("output_image_mtok", "image_output", 1),
    ("requests_kcount", "per_request", 1_000),
    ("audio_hours", "per_audio_minute", 60),
    ("input_audio_hours", "per_audio_minute", 60),
    ("output_audio_hours", "per_audio_minute", 60),
    ("input_mchars", "per_million_characters", 1),
)
# Output that our usage cannot tell apart and that costs differently: then the price of output is not known.
_SPLIT_OUTPUT = ("output_reasoning_mtok", "output_citation_mtok")

_MOST_NAMES = 8_192  # looked up and remembered, of all projects


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of the list as of one moment, by vendor and name as a deployment would say them.

    `same_as` says which amounts cost as another one because the vendor has no price of its own for them. `changes_at` is
    when the list has, or may have, another price.
    """

    vendor: str
    model: str
    name: str
    price: Price | None
    context_window: int | None
    max_output_tokens: int | None = None  # genai-prices does not tell
    same_as: Mapping[str, str] = field(default_factory=dict)
    changes_at: datetime | None = None


class Catalogue:
    """The list, loaded at the first question (about half a second); ask it off the event loop."""

    def __init__(self) -> None:
        self._known = lru_cache(_MOST_NAMES)(self._look_up)

    @cached_property
    def source(self) -> str:
        """What a trace says about a price from here."""
        return f"genai-prices {version('genai-prices')}"

    def find(self, vendor: str, model: str, *, base_model: str = "", base_url: str = "", at: datetime) -> Listed | None:
        """The model that stands behind a deployment, with its price at `at` (UTC); None when the list does not know it.

        `base_model` says which model an opaque name means, where needed as "provider/model". An address that is not the
        vendor's own says who is paid, for many speak OpenAI's language.
        """
        known = self._known(vendor, model, base_model, base_url)
        return None if known is None else self._listed(*known, at)

    def search(self, query: str, at: datetime) -> list[Listed]:
        """Every model whose vendor, id or name has all words of the query, our own vendors' first."""
        words = query.lower().split()
        found = [
            self._listed(provider, info, at)
            for provider in self._providers
            for info in provider.models
            if _has_all(words, provider, info)
        ]
        return sorted(found, key=lambda one: (one.vendor == "litellm", one.vendor, one.model))

    @cached_property
    def _providers(self) -> list[Provider]:
        from genai_prices.data import providers

        return providers

    @cached_property
    def _by_id(self) -> dict[str, Provider]:
        return {provider.id: provider for provider in self._providers}

    def _look_up(self, vendor: str, model: str, base_model: str, base_url: str) -> tuple[Provider, ModelInfo] | None:
        provider, reference = self._provider_of(vendor, model, base_model, base_url)
        if provider is None:
            return None
        for name in names_at(provider.id, reference):
            info = provider.find_model(name, all_providers=self._providers)
            if info is not None:
                # An Azure deployment may be called anything; what it is called counts only when it is exactly a model's name.
                is_certain = provider.id != "azure" or bool(base_model) or is_called(info, name)
                return (provider, info) if is_certain else None
        return None

    def _provider_of(self, vendor: str, model: str, base_model: str, base_url: str) -> tuple[Provider | None, str]:
        """Who is paid, and how the model is called there."""
        named, rest = split_model(base_model or model)
        if base_model and named in self._by_id:
            return self._by_id[named], rest
        if vendor == "litellm":
            # Without a provider's name, LiteLLM goes by the model's alone ("gpt-4o").
            provider, reference = self._by_id.get(named) if named else self._known_for(rest), rest
        else:
            provider, reference = self._by_id.get(_PROVIDERS.get(vendor, "")), base_model or model
        at_address = self._at(base_url)
        if at_address is not None:
            return at_address, reference
        is_elsewhere = bool(base_url) and not base_model and provider is not None and provider.id == "openai"
        return (None if is_elsewhere else provider), reference

    def _known_for(self, model: str) -> Provider | None:
        return next((one for one in self._providers if one.model_match and one.model_match.is_match(model)), None)

    def _at(self, base_url: str) -> Provider | None:
        if not base_url:
            return None
        return next((one for one in self._providers if re.match(one.api_pattern, base_url)), None)

    def _listed(self, provider: Provider, info: ModelInfo, at: datetime) -> Listed:
        price = _price(info.get_prices(at), self.source)
        vendor = _VENDORS.get(provider.id, "litellm")
        return Listed(
            vendor=vendor,
            model=joined_model(provider.id, info.id) if vendor == "litellm" else info.id,
            name=info.name or info.id,
            price=price,
            context_window=info.context_window,
            same_as={} if price is None else _same_as(provider.id, info.id),
            changes_at=_changes_at(info, at),
        )


@cache
def bundled() -> Catalogue:
    """The one list of this process: it never changes while the process lives."""
    return Catalogue()


def _has_all(words: list[str], provider: Provider, info: ModelInfo) -> bool:
    text = f"{_VENDORS.get(provider.id, '')} {provider.id} {info.id} {info.name or ''}".lower()
    return all(word in text or (provider.id in _VENDORS and info.is_match(word)) for word in words)


def _price(listed: ModelPrice, source: str) -> Price | None:
    amounts = {key: value for key, value in listed.__dict__.items() if value is not None}
    price = _price_at(amounts, -1, source)
    if price == Price(source=source):
        return None
    starts = sorted({tier.start for value in amounts.values() for tier in getattr(value, "tiers", ())})
    return replace(price, tiers=tuple((start, _price_at(amounts, start, source)) for start in starts))


def _price_at(amounts: Mapping[str, Decimal | TieredPrices], input_tokens: int, source: str) -> Price:
    """The price of prompts just longer than `input_tokens`."""
    ours: dict[str, Any] = {}
    for theirs, name, units in _UNITS:
        value = amounts.get(theirs)
        if value is not None and name not in ours:
            ours[name] = _amount(value, input_tokens) / units
    if any(name in amounts for name in _SPLIT_OUTPUT):
        ours.pop("output", None)
    return Price(**ours, source=source)


def _amount(value: Decimal | TieredPrices, input_tokens: int) -> Decimal:
    if isinstance(value, Decimal):
        return value
    passed = [tier.price for tier in value.tiers if tier.start <= input_tokens]
    return passed[-1] if passed else value.base


def _same_as(provider_id: str, model: str) -> dict[str, str]:
    """What costs as something else by the vendor's rule, where the list has no price of its own for it.

    Writing into a cache costs as input unless the vendor takes a surcharge, as for every Claude; Gemini's audio costs as
    text unless listed; models that only speak, or only draw, have one price for what comes out.
    """
    rules: dict[str, str] = {}
    if "claude" not in model:
        rules["cache_write"] = "input"
    if provider_id == "google" and "gemini" in model:
        rules["audio_input"] = "input"
    if "-tts" in model:
        rules["audio_output"] = "output"
    if "gpt-image" in model:
        rules["image_output"] = "output"
    return rules


def _changes_at(info: ModelInfo, at: datetime) -> datetime | None:
    """When another of the model's prices may be in force: a day that comes, or the next hour of a daily discount."""
    return min(_moments_after(info, at), default=None)


def _moments_after(info: ModelInfo, at: datetime) -> Iterator[datetime]:
    from genai_prices.types import ModelPrice, StartDateConstraint, TimeOfDateConstraint

    if isinstance(info.prices, ModelPrice):
        return
    for each in info.prices:
        rule = each.constraint
        if isinstance(rule, StartDateConstraint):
            begins = datetime.combine(rule.start_date, time(), UTC)
            if begins > at:
                yield begins
        elif isinstance(rule, TimeOfDateConstraint):
            for hour in (rule.start_time, rule.end_time):
                # A time without a zone is UTC, as the package has it.
                today = datetime.combine(at.date(), hour if hour.tzinfo else hour.replace(tzinfo=UTC)).astimezone(UTC)
                yield today if today > at else today + timedelta(days=1)
