"""Which price holds for a deployment: what it says itself, over what the project agreed, over the list. Pure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from madang.calls.target import AMOUNTS, Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from madang_server.prices.overrides import Override

_FREE = Decimal(0)
_INPUT = ("cached_input", "cache_write", "cache_write_1h", "audio_input", "image_input")
_OUTPUT = ("audio_output", "image_output")


def resolve_price(layers: Sequence[Price], same_as: Mapping[str, str]) -> Price | None:
    """The layers' amounts, each from the first that has it; None when nobody has any.

    Only the last layer's tiers count, and what the layers above say holds at every length. `same_as`: see `Listed`.
    """
    if not layers:
        return None
    *above, listed = layers
    price = _laid_over(layers, same_as)
    tiers: list[tuple[int, Price]] = []
    for start, tier in listed.tiers:
        at_length = replace(_laid_over([*above, tier], same_as), source=price.source)
        if at_length != (tiers[-1][1] if tiers else price):
            tiers.append((start, at_length))
    if tiers:
        return replace(price, tiers=tuple(tiers))
    return None if all(getattr(price, name) is None for name in AMOUNTS) else price


def overrides_in_force(overrides: Iterable[Override], vendor: str, models: Iterable[str], on: date) -> list[Override]:
    """Those that hold on this day for a model known by any of these names: exact ones first, then longer patterns.

    Of one pattern only the latest holds: it says the whole agreement of its time.
    """
    names = [name.lower() for name in models if name]
    latest: dict[str, Override] = {}
    for one in overrides:
        if one.vendor != vendor or one.valid_from > on or not any(_fits(one.model, name) for name in names):
            continue
        known = latest.get(one.model)
        if known is None or known.valid_from < one.valid_from:
            latest[one.model] = one
    return sorted(latest.values(), key=lambda one: (one.model.endswith("*"), -len(one.model), one.model))


def _fits(pattern: str, name: str) -> bool:
    wanted = pattern.lower()
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted


def _laid_over(layers: Sequence[Price], same_as: Mapping[str, str]) -> Price:
    amounts: dict[str, Any] = {}
    said_by: dict[str, int] = {}
    sources: list[str] = []
    for number, layer in enumerate(layers):
        taken = {n: v for n in AMOUNTS if n not in amounts and (v := getattr(layer, n)) is not None}
        amounts.update(taken)
        said_by.update(dict.fromkeys(taken, number))
        if taken and layer.source not in sources:
            sources.append(layer.source)
        _spread_what_is_free(amounts)
    for name, other in same_as.items():
        if name not in amounts and other in amounts:
            amounts[name] = amounts[other]
    _cap_cached(amounts, said_by)
    return Price(**amounts, source=", ".join(sources))


def _spread_what_is_free(amounts: dict[str, Decimal]) -> None:
    """Who says that input (or output) is free means all of it; the list's price of cached tokens must not come back."""
    for whole, kinds in (("input", _INPUT), ("output", _OUTPUT)):
        if amounts.get(whole) == _FREE:
            for kind in kinds:
                amounts.setdefault(kind, _FREE)


def _cap_cached(amounts: dict[str, Decimal], said_by: Mapping[str, int]) -> None:
    """No vendor takes more for a token it has cached: an agreed price of input limits the list's one of cached input."""
    if said_by.get("input", 0) < said_by.get("cached_input", 0):
        amounts["cached_input"] = min(amounts["cached_input"], amounts["input"])
