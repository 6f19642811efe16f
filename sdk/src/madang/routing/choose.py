"""The order in which a call's targets are tried, each with its reason in words.

Lower `order` first; within an order a random permutation in which a target comes first with the probability of its
weight; weight 0 is a standby behind the others of its order; then the fallback models in the same way; resting targets of
all of them go last.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from madang.calls.target import Route, Target
from madang.routing.health import Health


class Choice(NamedTuple):
    """A target to try, and why at this place in the line."""

    target: Target
    reason: str


def choose_targets(route: Route, health_of: Callable[[Target], Health], rng: Random) -> tuple[Choice, ...]:
    """All targets of the route and of its fallback models, in the order in which to try them."""
    if len(route.targets) == 1 and not route.fallbacks:
        return (Choice(route.targets[0], "the only deployment"),)
    healthy, resting = _in_line(route.targets, health_of, rng)
    for fallback in route.fallbacks:
        for line, more in zip((healthy, resting), _in_line(fallback.targets, health_of, rng), strict=True):
            line += [Choice(target, f"fallback model {fallback.model}: {reason}") for target, reason in more]
    return (*healthy, *resting)


def _in_line(
    targets: tuple[Target, ...], health_of: Callable[[Target], Health], rng: Random
) -> tuple[list[Choice], list[Choice]]:
    """The targets of one model, the healthy ones and the resting ones."""
    healthy: list[Choice] = []
    resting: list[Choice] = []
    for order in sorted({target.order for target in targets}):
        group = [target for target in targets if target.order == order]
        total = sum(target.weight for target in group)
        for target in sorted(group, key=lambda target: _draw(target.weight, rng)):
            health = health_of(target)
            if health.state == "cooling":
                resting.append(Choice(target, f"resting after {health.reason}, tried last"))
            else:
                healthy.append(Choice(target, _why(target, len(group), total)))
    return healthy, resting


def _draw(weight: float, rng: Random) -> float:
    """A key to sort by: the smallest key is target i with probability weight_i / sum of weights.

    Exponential variables with rate = weight have this property (Efraimidis and Spirakis, 2006).
    """
    return rng.expovariate(weight) if weight > 0 else float("inf")


def _why(target: Target, group_size: int, total_weight: float) -> str:
    if group_size == 1:
        return f"order {target.order}"
    if target.weight == 0:
        return f"order {target.order}, standby (weight 0)"
    return f"order {target.order}, weight {target.weight:g} of {total_weight:g}"
