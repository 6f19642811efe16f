"""The rules for how a model's calls go: by itself, and together with the other models of its project. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from madang.calls.operation import VENDORS
from madang.calls.policy import FAILURE_CLASSES, STRATEGIES, OnCut, StickyBy
from madang_server.accounts.problems import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from madang_server.models.model import Model
    from madang_server.models.routing import Routing

_MOST_REGIONS = 20
_MOST_FALLBACKS = 50
_STICKY_BY: tuple[str, ...] = get_args(StickyBy)
_ON_CUT: tuple[str, ...] = get_args(OnCut)


def tidy_routing(model: Model) -> Routing:
    """The model's routing in its stored form. Raises `Invalid`."""
    routing = model.routing
    _check_word(routing.strategy, STRATEGIES, "routing.strategy")
    _check_word(routing.sticky_by, _STICKY_BY, "routing.sticky_by")
    _check_word(routing.on_cut, _ON_CUT, "routing.on_cut")
    _check_hedging(model)
    for kind, aliases in routing.fallbacks_after.items():
        if kind not in FAILURE_CLASSES:
            raise Invalid(
                f"{kind!r} is no class of failure; the classes are {', '.join(FAILURE_CLASSES)}.",
                param="routing.fallbacks_after",
            )
        check_own_fallbacks(model.alias, aliases, f"routing.fallbacks_after.{kind}")
    return replace(routing, prefer_regions=_tidy_regions(routing.prefer_regions))


def check_own_fallbacks(alias: str, fallbacks: Sequence[str], param: str) -> None:
    """Raises `Invalid` when a model names itself, or another twice. `param`: the list's field."""
    if alias in fallbacks:
        raise Invalid(f"Model {alias!r} cannot fall back to itself.", param=param)
    if len(set(fallbacks)) != len(fallbacks):
        raise Invalid(f"Model {alias!r} names a fallback twice.", param=param)
    if len(fallbacks) > _MOST_FALLBACKS:
        raise Invalid(f"Name at most {_MOST_FALLBACKS} fallbacks.", param=param)


def check_fallbacks(models: Iterable[Model]) -> None:
    """Raises `Invalid` unless every fallback of these models, a whole project's, is one of them and none leads back.

    Circles are looked for in each failure class by itself: of two models that each take over after a different failure of
    the other, neither leads back to where its call came from.
    """
    known = {model.alias: model for model in models}
    for model in known.values():
        _refuse_unknown(model.alias, model.fallbacks, known, "fallbacks")
        for kind, aliases in model.routing.fallbacks_after.items():
            _refuse_unknown(model.alias, aliases, known, f"routing.fallbacks_after.{kind}")
    _refuse_circle({alias: model.fallbacks for alias, model in known.items()}, "fallbacks", "")
    for kind in sorted({kind for model in known.values() for kind in model.routing.fallbacks_after}):
        after = {alias: fallbacks_in(model, kind) for alias, model in known.items()}
        _refuse_circle(after, f"routing.fallbacks_after.{kind}", f" after {kind}")


def fallbacks_in(model: Model, kind: str) -> tuple[str, ...]:
    """The aliases that take over after a failure of this class."""
    return model.routing.fallbacks_after.get(kind, model.fallbacks)


def tidy_block_vendors(vendors: Sequence[str]) -> tuple[str, ...]:
    """Vendors that may be asked after another's content filter refused, each once. Raises `Invalid`."""
    for vendor in vendors:
        if vendor not in VENDORS:
            raise Invalid(
                f"{vendor!r} is no vendor; the vendors are {', '.join(VENDORS)}.", param="policy_block_vendors"
            )
    return tuple(vendor for vendor in VENDORS if vendor in vendors)


def _check_word(word: str, words: Sequence[str], param: str) -> None:
    if word not in words:
        raise Invalid(f"{word!r} is not known; choose one of {', '.join(words)}.", param=param)


def _check_hedging(model: Model) -> None:
    after_s = model.routing.hedge_after_s
    if after_s is None:
        return
    if not (math.isfinite(after_s) and after_s > 0):
        raise Invalid("Start a second request after more than 0 seconds.", param="routing.hedge_after_s")
    if after_s >= model.timeout_s:
        raise Invalid(
            f"A second request after {after_s:g} seconds would come after the whole call's limit of "
            f"{model.timeout_s:g} seconds.",
            param="routing.hedge_after_s",
        )
    if model.routing.hedges_at_p95:
        raise Invalid(
            "Give either hedge_after_s or hedges_at_p95: both say when a second request starts.",
            param="routing.hedges_at_p95",
        )


def _tidy_regions(regions: Sequence[str]) -> tuple[str, ...]:
    tidied = tuple(region.strip() for region in regions)
    if len(tidied) > _MOST_REGIONS:
        raise Invalid(f"Prefer at most {_MOST_REGIONS} regions.", param="routing.prefer_regions")
    for region in tidied:
        if not 1 <= len(region) <= 64 or not region.isprintable():
            raise Invalid(
                "Give each region in 1 to 64 characters, such as koreacentral.", param="routing.prefer_regions"
            )
    if len(set(tidied)) != len(tidied):
        raise Invalid("A region is preferred twice.", param="routing.prefer_regions")
    return tidied


def _refuse_unknown(alias: str, fallbacks: Iterable[str], known: Mapping[str, Model], param: str) -> None:
    for name in fallbacks:
        if name not in known:
            raise Invalid(f"Model {alias!r} falls back to {name!r}, which does not exist in this project.", param=param)


def _refuse_circle(fallbacks: Mapping[str, Sequence[str]], param: str, when: str) -> None:
    for alias in sorted(fallbacks):
        circle = _circle_from(alias, fallbacks)
        if circle:
            raise Invalid(f"These fallbacks{when} go in a circle: {' → '.join(circle)}. Take one out.", param=param)


def _circle_from(start: str, fallbacks: Mapping[str, Sequence[str]]) -> list[str]:
    """The way from `start` back to itself along fallbacks; empty when there is none."""
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        alias = waiting.pop()
        for following in fallbacks[alias]:
            if following == start:
                return _way(start, alias, came_from)
            if following not in came_from:
                came_from[following] = alias
                waiting.append(following)
    return []


def _way(start: str, last: str, came_from: Mapping[str, str]) -> list[str]:
    backwards = [start]
    alias = last
    while alias != start:
        backwards.append(alias)
        alias = came_from[alias]
    return [start, *reversed(backwards[1:]), start]
