"""How each simulated deployment behaves at a moment of a drill: its usual pace, and what disturbs it then. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from madang.calls.target import Route, Target
from madang.routing.document import routes_of
from madang_server.drill.scenario import BadScenario, Disturbance, Scenario
from madang_simulator.behaviour import Behaviour, Fault, FaultKind

_FAULT_OF: Mapping[str, FaultKind] = {
    "down": "reset",
    "unavailable": "overloaded",
    "hangs": "hang",
    "errors": "server_error",
    "throttled": "rate_limited",
    "blocks": "content_filter",
    "slow_first_token": "slow_first_token",
    "cuts": "cut",
    "misconfigured": "unauthorized",
}
_TOKENS_PER_CHUNK = 24  # few large pieces: what a drill asks does not depend on how finely an answer is cut
_JITTER = 0.35
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


def behaviours(
    scenario: Scenario, targets: Mapping[str, Target], paces: Mapping[str, Pace], minute: float
) -> dict[str, Behaviour]:
    """How each of `targets` behaves at `minute` from the start. `paces` are by the deployment's name."""
    current = [each for each in scenario.disturbances if each.from_minute <= minute < each.to_minute]
    return {
        place: _behaviour(
            scenario, target, paces.get(target.name, Pace()), [each for each in current if hits(each, target)]
        )
        for place, target in targets.items()
    }


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


def moments(scenario: Scenario) -> list[float]:
    """The minutes at which something begins or ends, in order."""
    edges = {0.0}
    for each in scenario.disturbances:
        edges |= {each.from_minute, each.to_minute}
    return sorted(edge for edge in edges if edge < scenario.minutes)


def _described(target: Target) -> str:
    return (
        f"{target.name} ({target.vendor} in {target.region})" if target.region else f"{target.name} ({target.vendor})"
    )


def _behaviour(scenario: Scenario, target: Target, pace: Pace, disturbances: list[Disturbance]) -> Behaviour:
    return Behaviour(
        region=target.region or None,
        first_token_ms=pace.first_token_ms,
        per_token_ms=pace.per_token_ms,
        jitter=_JITTER,
        output_tokens=(max(1, scenario.answer_tokens // 2), scenario.answer_tokens * 3 // 2),
        tokens_per_chunk=_TOKENS_PER_CHUNK,
        context_window=target.context_window or 10_000_000,
        seed=scenario.seed,
        faults=tuple(_fault(each) for each in disturbances),
    )


def _fault(disturbance: Disturbance) -> Fault:
    return Fault(
        kind=_FAULT_OF[disturbance.kind],
        probability=None if disturbance.share >= 1 else disturbance.share,
        duration_s=disturbance.seconds,
        retry_after_s=disturbance.seconds if disturbance.kind == "throttled" else None,
        after_chunks=2,
    )
