"""A caller's own wishes for one call, over its route: header `x-madang-routing`, or `routing=` in the SDK. Pure.

A JSON object with any of: strategy, prefer_regions, only, avoid, fallbacks, retries, timeout_s, first_token_timeout_s,
answer_timeout_s, idle_timeout_s, hedge_after_s, on_cut. What is not given stays as the project has it. A caller can only
narrow who is asked, or name other models of its own project.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_args

from madang.calls.policy import STRATEGIES, OnCut
from madang.calls.target import Route
from madang.errors import ConfigError

_LONGEST_S = 3_600.0
_MOST_RETRIES = 10


def overridden(route: Route, wishes: Mapping[str, Any], routes: Mapping[str, Route]) -> Route:
    """The route as this call wants it. `routes`: the project's, by model. Raises ConfigError naming the wish."""
    unknown = sorted(str(name) for name in wishes if name not in _READERS)
    if unknown:
        raise ConfigError(f"routing: {', '.join(unknown)!r} is not known; known: {', '.join(sorted(_READERS))}.")
    for name, read in _READERS.items():  # in their sequence: who is left out is left out of other fallbacks too
        if name in wishes:
            route = read(route, wishes[name], routes)
    if not route.targets and not route.fallbacks:
        raise ConfigError("routing: 'only' and 'avoid' leave no deployment of this model.")
    return route


def _strategy(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    if value not in STRATEGIES:
        raise ConfigError(f"routing: 'strategy' must be one of {', '.join(STRATEGIES)}.")
    return replace(route, policy=replace(route.policy, strategy=value))


def _prefer_regions(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    return replace(route, policy=replace(route.policy, prefer_regions=_names(value, "prefer_regions")))


def _only(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    names = _names(value, "only")
    return _narrowed(route, lambda name: name not in names)


def _avoid(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    names = _names(value, "avoid")
    return _narrowed(route, lambda name: name in names)


def _fallbacks(route: Route, value: Any, routes: Mapping[str, Route]) -> Route:
    names = () if value is False else _names(value, "fallbacks")
    missing = [name for name in names if name not in routes]
    if missing:
        raise ConfigError(f"routing: 'fallbacks' names {missing[0]!r}, which is not a model of this project.")
    return replace(route, fallbacks=tuple(routes[name] for name in names), after={})


def _retries(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_RETRIES:
        raise ConfigError(f"routing: 'retries' must be a number from 0 to {_MOST_RETRIES}.")
    return replace(route, retries=value)


def _timeout_s(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    return replace(route, timeout_s=_seconds(value, "timeout_s"))


def _first_token_timeout_s(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    return replace(route, first_token_timeout_s=_seconds(value, "first_token_timeout_s"))


def _answer_timeout_s(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    return replace(route, answer_timeout_s=_seconds(value, "answer_timeout_s"))


def _idle_timeout_s(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    return replace(route, idle_timeout_s=_seconds(value, "idle_timeout_s"))


def _hedge_after_s(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    policy = route.policy
    if value is False:
        return replace(route, policy=replace(policy, hedge_after_s=None, hedges_at_p95=False))
    if value == "p95":
        return replace(route, policy=replace(policy, hedge_after_s=None, hedges_at_p95=True))
    return replace(route, policy=replace(policy, hedge_after_s=_seconds(value, "hedge_after_s"), hedges_at_p95=False))


def _on_cut(route: Route, value: Any, _: Mapping[str, Route]) -> Route:
    if value not in get_args(OnCut):
        raise ConfigError(f"routing: 'on_cut' must be one of {', '.join(get_args(OnCut))}.")
    return replace(route, policy=replace(route.policy, on_cut=value))


_READERS: Mapping[str, Callable[[Route, Any, Mapping[str, Route]], Route]] = {
    "strategy": _strategy,
    "prefer_regions": _prefer_regions,
    "fallbacks": _fallbacks,
    "only": _only,
    "avoid": _avoid,
    "retries": _retries,
    "timeout_s": _timeout_s,
    "first_token_timeout_s": _first_token_timeout_s,
    "answer_timeout_s": _answer_timeout_s,
    "idle_timeout_s": _idle_timeout_s,
    "hedge_after_s": _hedge_after_s,
    "on_cut": _on_cut,
}


def _narrowed(route: Route, is_out: Callable[[str], bool]) -> Route:
    return replace(
        route,
        targets=tuple(target for target in route.targets if not is_out(target.name)),
        fallbacks=_without(route.fallbacks, is_out),
        after={kind: _without(instead, is_out) for kind, instead in route.after.items()},
    )


def _without(routes: tuple[Route, ...], is_out: Callable[[str], bool]) -> tuple[Route, ...]:
    """The fallback models with the targets that are left in them."""
    narrowed = (replace(r, targets=tuple(t for t in r.targets if not is_out(t.name))) for r in routes)
    return tuple(route for route in narrowed if route.targets)


def _names(value: Any, wish: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name for name in value):
        raise ConfigError(f"routing: {wish!r} must be a list of names.")
    return tuple(value)


def _seconds(value: Any, wish: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= _LONGEST_S:  # which not-a-number is not either
        raise ConfigError(f"routing: {wish!r} must be seconds above 0, up to {_LONGEST_S:.0f}.")
    return float(value)
