"""The order in which a call's targets are tried, each with its reason in words.

Lower `order` first; within an order a random permutation in which a target comes first with the probability of its
weight; weight 0 is a standby behind the others of its order; then the fallback models in the same way; resting targets of
all of them go last.
"""

from collections.abc import Callable
from math import inf, log
from random import Random
from typing import NamedTuple

from madang.calls.target import Route, Target
from madang.routing.health import Health


class Choice(NamedTuple):
    """A target to try. `reason` says why at this place in the line; it is put into words only when asked for."""

    target: Target
    group_size: int = 1  # targets of the same order; 0 when it is the only one of all
    total_weight: float = 1.0
    rests_after: str = ""  # the failure after which it rests
    fallback: str = ""  # the fallback model it stands behind

    @property
    def reason(self) -> str:
        words = f"resting after {self.rests_after}, tried last" if self.rests_after else self._place()
        return f"fallback model {self.fallback}: {words}" if self.fallback else words

    def _place(self) -> str:
        target = self.target
        if not self.group_size:
            return "the only deployment"
        if self.group_size == 1:
            return f"order {target.order}"
        if target.weight == 0:
            return f"order {target.order}, standby (weight 0)"
        return f"order {target.order}, weight {target.weight:g} of {self.total_weight:g}"


def choose_targets(route: Route, health_of: Callable[[Target], Health], rng: Random) -> tuple[Choice, ...]:
    """All targets of the route and of its fallback models, in the order in which to try them."""
    if len(route.targets) == 1 and not route.fallbacks:
        return (Choice(route.targets[0], 0),)
    healthy: list[Choice] = []
    resting: list[Choice] = []
    _line_up(route, "", health_of, rng, healthy, resting)
    for fallback in route.fallbacks:
        _line_up(fallback, fallback.model, health_of, rng, healthy, resting)
    return (*healthy, *resting)


def _line_up(
    route: Route,
    fallback: str,
    health_of: Callable[[Target], Health],
    rng: Random,
    healthy: list[Choice],
    resting: list[Choice],
) -> None:
    """Adds the targets of one model to the lines."""
    for order in sorted({target.order for target in route.targets}):
        group = [target for target in route.targets if target.order == order]
        total = sum([target.weight for target in group])
        for _, _, target in sorted([(_draw(t.weight, rng), place, t) for place, t in enumerate(group)]):
            health = health_of(target)
            if health.state == "cooling":
                resting.append(Choice(target, len(group), total, health.reason, fallback))
            else:
                healthy.append(Choice(target, len(group), total, "", fallback))


def _draw(weight: float, rng: Random) -> float:
    """A key to sort by: the smallest key is target i with probability weight_i / sum of weights.

    Exponential variables with rate = weight have this property (Efraimidis and Spirakis, 2006).
    """
    return -log(1.0 - rng.random()) / weight if weight > 0 else inf
