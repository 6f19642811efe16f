"""The line of targets for one call: who is next, and who is left after a failure. Pure but for its own state.

Healthy targets come first, then the fallback models', then those that rest. What cannot serve the request is not in the
line at all. Each failure narrows it: after a context overflow only longer contexts are left, after a content filter only
the vendors that the project allows.
"""

from random import Random
from typing import NamedTuple

from madang.calls.policy import CLASS_OF
from madang.calls.target import Route, Target
from madang.errors import CallFailed
from madang.routing.health import Health, key_of
from madang.routing.needs import is_too_long_for, unmet_by
from madang.routing.rank import Ranked, Sight, ranked


class Choice(NamedTuple):
    """A target to try, and why at this place in the line; put into words only when asked for."""

    ranked: Ranked
    health: Health
    fallback: str = ""  # the fallback model it stands behind
    is_too_long: bool = False

    @property
    def target(self) -> Target:
        return self.ranked.target

    @property
    def reason(self) -> str:
        if self.health.state == "cooling":
            words = f"resting after {self.health.reason}, tried last"
        elif self.is_too_long:
            words = "the prompt looks too long for it, tried last"
        elif self.health.state == "trial":
            words = f"{self.ranked.reason}, on trial after {self.health.reason}"
        else:
            words = self.ranked.reason
        return f"fallback model {self.fallback}: {words}" if self.fallback else words


class PassedOver(NamedTuple):
    """A target that cannot serve this request, and why."""

    target: Target
    why: str
    fallback: str = ""


class Line:
    """The targets of one call. `avoid`: keys of targets that are not to be asked, as after a stream that broke."""

    def __init__(self, route: Route, sight: Sight, rng: Random, avoid: frozenset[str] = frozenset()) -> None:
        self._route = route
        self._sight = sight
        self._rng = rng
        self._tried: set[str] = set(avoid)
        self._longest_overflown = 0
        self._blocked_by: set[str] = set()
        self.passed_over: list[PassedOver] = []
        self._waiting = self._lined_up((("", route), *((each.model, each) for each in route.fallbacks)))

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self) -> Choice | None:
        """The target to try now; None when nobody is left."""
        if not self._waiting:
            return None
        choice = self._waiting.pop(0)
        self._tried.add(key_of(choice.target))
        return choice

    def failed(self, target: Target, failure: CallFailed) -> None:
        """Leaves in the line only who may still answer after this failure."""
        failed_as = CLASS_OF.get(failure.reason)
        if failed_as is None:
            self._waiting.clear()
            return
        instead = self._route.after.get(failed_as)
        if instead is not None:
            own = [choice for choice in self._waiting if not choice.fallback]
            others = self._lined_up(tuple((each.model, each) for each in instead))
            self._waiting = sorted([*own, *others], key=_is_last)
        if failed_as == "context_overflow":
            self._longest_overflown = max(self._longest_overflown, target.context_window or 0)
            self._waiting = [choice for choice in self._waiting if self._may_be_longer(choice.target, target)]
        elif failed_as == "policy_block":
            self._blocked_by.add(target.vendor)
            named = {route.model for route in instead or ()}
            self._waiting = [c for c in self._waiting if c.fallback in named or self._is_allowed(c.target)]

    def _may_be_longer(self, target: Target, failed: Target) -> bool:
        if target.context_window is not None and failed.context_window is not None:
            return target.context_window > self._longest_overflown
        return target.vendor_model != failed.vendor_model

    def _is_allowed(self, target: Target) -> bool:
        return target.vendor in self._route.policy.policy_block_vendors and target.vendor not in self._blocked_by

    def _lined_up(self, routes: tuple[tuple[str, Route], ...]) -> list[Choice]:
        sight = self._sight
        health = sight.books.health
        line: list[Choice] = []
        is_only = len(routes) == 1 and len(routes[0][1].targets) == 1
        for fallback, route in routes:
            for place in ranked(route, sight, self._rng):
                target = place.target
                if self._tried and key_of(target) in self._tried:
                    continue
                why = unmet_by(target, sight.needs)
                if why and not (is_only and why.startswith("has no ")):  # the only one may know better than we do
                    self.passed_over.append(PassedOver(target, why, fallback))
                    continue
                too_long = is_too_long_for(target, sight.needs)
                line.append(Choice(place, health.of(target, sight.now), fallback, too_long))
        if any(_is_last(choice) for choice in line):
            line.sort(key=_is_last)
        return line


def _is_last(choice: Choice) -> int:
    return 2 if choice.health.state == "cooling" else int(choice.is_too_long)
