"""Which deployments a drill is about: those that the model can reach, how fast each one usually is, and what disturbs it.

Needs no simulator, so that whoever only starts drills does not load one.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from madang.calls.target import Route, Target
from madang.routing.document import routes_of
from madang_server.drill.scenario import BadScenario, Disturbance, Scenario

_SHARE_BEFORE_FIRST_TOKEN = 0.5  # of a whole answer's time, where only that has been measured


class Pace(NamedTuple):
    """How fast a deployment is when nothing is wrong."""

    first_token_ms: float = 450.0
    per_token_ms: float = 8.0


def route_of(scenario: Scenario, models: Sequence[Mapping[str, Any]]) -> Route:
    """The route whose calls are played, of `models` as the SDK's configuration has them.

    Raises BadScenario when there is none, or when a disturbance is about nobody on it: such a drill would always go well.
    """
    route = routes_of({"models": models}).get(scenario.model)
    if route is None:
        raise BadScenario(f"Model {scenario.model!r} is not set up in this project.", "model")
    targets = places_of(route).values()
    for index, disturbance in enumerate(scenario.disturbances):
        if not any(hits(disturbance, target) for target in targets):
            there = ", ".join(sorted({_described(target) for target in targets})) or "none"
            raise BadScenario(
                f"Disturbance {index + 1} is about no deployment that {scenario.model!r} can reach; there are: {there}.",
                f"disturbances.{index}",
            )
    return route


def places_of(route: Route) -> dict[str, Target]:
    """Every deployment that the route, its fallbacks included, can reach, by its simulated place."""
    routes = (route, *route.fallbacks, *(each for group in route.after.values() for each in group))
    return {place_of(target): target for each in routes for target in each.targets}


def place_of(target: Target) -> str:
    """Which simulated deployment plays this one. Two models may each have a deployment of the same name."""
    return blake2b(f"{target.alias}\0{target.name}".encode(), digest_size=8).hexdigest()


def paces_of(steps: Iterable[Mapping[str, Any]]) -> dict[str, Pace]:
    """The usual pace of deployments, from how fast they were lately, as an explanation tells it; others are assumed."""
    return {
        step["deployment"]: Pace(first_token_ms=max(step["p50_ms"] * _SHARE_BEFORE_FIRST_TOKEN, 1.0))
        for step in steps
        if step["p50_ms"] is not None
    }


def hits(disturbance: Disturbance, target: Target) -> bool:
    """Whether the disturbance is about this deployment."""
    asked = (disturbance.vendor, disturbance.region, disturbance.deployment)
    return all(
        not wanted or wanted == own
        for wanted, own in zip(asked, (target.vendor, target.region, target.name), strict=True)
    )


def _described(target: Target) -> str:
    return (
        f"{target.name} ({target.vendor} in {target.region})" if target.region else f"{target.name} ({target.vendor})"
    )
