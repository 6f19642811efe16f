"""The sequence of a route's targets for one call, each with its reason in words. Pure.

Lower `order` first; within it the regions that are preferred; among those the route's strategy: by weight (a random
permutation in which a target comes first with the probability of its weight), lowest latency, lowest cost or least busy.
Weight 0 is a standby behind the others of its order, whatever the strategy.
"""

import hashlib
from collections.abc import Callable, Sequence
from math import inf, log
from random import Random
from typing import NamedTuple

from madang.calls.operation import CHATS
from madang.calls.policy import Policy
from madang.calls.target import Price, Route, Target
from madang.routing.books import Books
from madang.routing.needs import Needs

EXPLORED_SHARE = 0.05  # of calls routed by latency go to another target, so that one that became fast is noticed
KNOWN_FROM = 3.0  # measured calls; a target with fewer is tried first until it has them
_NO_NEEDS = Needs()
_ANSWER_TOKENS = 500  # assumed where the request sets no limit; only the comparison of prices depends on it


class Sight(NamedTuple):
    """What is known when a call is routed. `now` is on the pipeline's monotonic clock; `sticky_key` names the session or
    user whose calls stay together, "" for none; `answer_tokens` is the most the caller wants."""

    books: Books
    now: float
    is_stream: bool = False
    needs: Needs = _NO_NEEDS
    sticky_key: str = ""
    answer_tokens: int = _ANSWER_TOKENS


class Ranked(NamedTuple):
    """A target at its place. `why` is what the strategy says of it; empty for a plain choice by weight."""

    target: Target
    group_size: int  # targets of the same order; 0 when it is the only one of all
    total_weight: float
    why: str = ""

    @property
    def reason(self) -> str:
        target = self.target
        if not self.group_size:
            return "the only deployment"
        place = f"order {target.order}"
        if self.why:
            return f"{place}, {self.why}"
        if self.group_size == 1:
            return place
        if target.weight == 0:
            return f"{place}, standby (weight 0)"
        return f"{place}, weight {target.weight:g} of {self.total_weight:g}"


def ranked(route: Route, sight: Sight, rng: Random) -> list[Ranked]:
    """All targets of the route, without its fallbacks, in the sequence in which this call would try them."""
    targets = route.targets
    if len(targets) == 1:
        return [Ranked(targets[0], 0, targets[0].weight)]
    orders = {target.order for target in targets}
    if len(orders) == 1:
        line = _group(targets, route.policy, sight, rng)
    else:
        line = []
        for order in sorted(orders):
            line += _group([target for target in targets if target.order == order], route.policy, sight, rng)
    return _kept_together(line, route.policy, sight) if sight.sticky_key else line


def draw(weight: float, rng: Random) -> float:
    """A key to sort by: the smallest key is target i with probability weight_i / sum of weights.

    Exponential variables with rate = weight have this property (Efraimidis and Spirakis, 2006).
    """
    return -log(1.0 - rng.random()) / weight if weight > 0 else inf


def _group(targets: Sequence[Target], policy: Policy, sight: Sight, rng: Random) -> list[Ranked]:
    """Targets of one order."""
    total = sum([target.weight for target in targets])
    size = len(targets)
    if policy.strategy == "weighted" and not policy.prefer_regions:
        drawn = sorted([(draw(target.weight, rng), place, target) for place, target in enumerate(targets)])
        return [Ranked(target, size, total) for _, _, target in drawn]
    measure = _MEASURES[policy.strategy]
    explores = policy.strategy == "latency" and size > 1 and rng.random() < EXPLORED_SHARE
    rated = []
    for place, target in enumerate(targets):
        region, where = _region(target, policy)
        value, why = measure(target, sight)
        if explores:
            value, why = 0.0, "tried now and then to see how fast it is"
        is_standby = target.weight == 0
        said = ", ".join(words for words in (where, "standby (weight 0)" if is_standby else why) if words)
        rated.append((is_standby, region, value, draw(target.weight, rng), place, Ranked(target, size, total, said)))
    return [each[-1] for each in sorted(rated, key=lambda rating: rating[:5])]


def _region(target: Target, policy: Policy) -> tuple[int, str]:
    if target.region in policy.prefer_regions:
        return policy.prefer_regions.index(target.region), f"preferred region {target.region}"
    return len(policy.prefer_regions), ""


def _no_measure(target: Target, sight: Sight) -> tuple[float, str]:
    return 0.0, ""


def _latency(target: Target, sight: Sight) -> tuple[float, str]:
    books = sight.books.latency
    if books.known_calls(target, sight.now, is_stream=sight.is_stream) < KNOWN_FROM:
        return 0.0, "not measured lately, so it is tried"
    median = books.percentile(target, 0.5, sight.now, is_stream=sight.is_stream) or 0.0
    what = "first token" if sight.is_stream else "answer"
    return median, f"{what} lately in {_seconds(median)} (median)"


def _cost(target: Target, sight: Sight) -> tuple[float, str]:
    asked = max(sight.needs.prompt_tokens, 1)
    price = _price_at(target, asked)
    answers = sight.answer_tokens if sight.needs.operation in CHATS else 0
    if price is None or price.input is None or (price.output is None and answers):
        return inf, "price unknown"
    spent = (asked * price.input + answers * (price.output or 0)) / 1_000_000 + (price.per_request or 0)
    return float(spent), f"about ${spent:.2g} for this call"


def _price_at(target: Target, prompt_tokens: int) -> Price | None:
    """The price of a prompt of this length; some vendors ask more for long ones."""
    price = target.price
    if price is None:
        return None
    return next((dearer for above, dearer in reversed(price.tiers) if prompt_tokens > above), price)


def _in_flight(target: Target, sight: Sight) -> tuple[float, str]:
    count = sight.books.latency.in_flight(target)
    return count / (target.weight or 1.0), f"{count} calls in hand"


_MEASURES: dict[str, Callable[[Target, Sight], tuple[float, str]]] = {
    "weighted": _no_measure,
    "latency": _latency,
    "cost": _cost,
    "least_busy": _in_flight,
}


def _kept_together(line: list[Ranked], policy: Policy, sight: Sight) -> list[Ranked]:
    """The line with the session's own targets first: its first one, and those it goes to when that is gone. Which these
    are follows from its key and the targets' names alone, so every process agrees; a target that comes or goes moves
    only the sessions that were its own (rendezvous hashing). Order and preferred regions go before that."""
    best = line[0].target
    place = best.order, _region(best, policy)[0]
    own = [
        each
        for each in line
        if each.target.weight > 0 and (each.target.order, _region(each.target, policy)[0]) == place
    ]
    if not own:
        return line
    others = [each for each in line if each not in own]
    own.sort(key=lambda each: _distance(each.target, sight.sticky_key))
    why = ("where this session's calls stay", *["where they go when it cannot answer"] * (len(own) - 1))
    return [*[each._replace(why=words) for each, words in zip(own, why, strict=True)], *others]


def _distance(target: Target, key: str) -> float:
    digest = hashlib.blake2b(f"{key}\0{target.name}".encode(), digest_size=8).digest()
    return -log((int.from_bytes(digest, "big") + 1) / (2**64 + 1)) / target.weight


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
