"""The line of targets for one call: who is next, and who is left after a failure. Pure but for its own state.

Healthy targets come first, then the fallback models', then those that rest. What cannot serve the request is not in the
line at all. Each failure narrows it, for as long as the call lasts: after a context overflow only longer contexts are left,
after a content filter only the vendors that the project allows.
"""

from random import Random
from typing import NamedTuple

from madang.calls.policy import CLASS_OF, FAILURE_CLASSES, FailureClass
from madang.calls.target import Route, Target
from madang.errors import CallFailed
from madang.routing.health import HEALTHY, Health, key_of
from madang.routing.needs import is_too_long_for, unmet_by
from madang.routing.rank import Ranked, Sight, ranked


class Choice(NamedTuple):
    """A target to try, and why at this place in the line; put into words only when asked for."""

    ranked: Ranked
    health: Health
    fallback: str = ""  # the fallback model it stands behind
    is_too_long: bool = False
    place: int = 0  # in the line, if all were healthy

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
        self._overflown: list[Target] = []
        self._blocked_by: set[str] = set()  # vendors
        self._named_for_blocks: frozenset[str] = frozenset()  # models that the project named for this very case
        is_only = len(route.targets) == 1 and not route.fallbacks
        lined_up = self._lined_up((("", route), *_by_name(route.fallbacks)), is_only=is_only)
        self._waiting, self.passed_over = lined_up

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def upcoming(self) -> Choice | None:
        """Who would be tried next."""
        return self._waiting[0] if self._waiting else None

    def next(self) -> Choice | None:
        """The target to try now; None when nobody is left."""
        if not self._waiting:
            return None
        choice = self._waiting.pop(0)
        self._tried.add(key_of(choice.target))
        return choice

    def failed(self, target: Target, failure: CallFailed, now: float | None = None) -> None:
        """Leaves in the line only who may still answer after this failure. `now`: when it failed; those who wait are
        looked at again, for somebody else may have begun to try one that was on trial, or found it failing."""
        kind = CLASS_OF.get(failure.reason)
        if kind is None:
            self._waiting.clear()
            return
        waiting = self._left_after(kind)
        if kind == "context_overflow":
            self._overflown.append(target)
        elif kind == "policy_block":
            self._blocked_by.add(target.vendor)
            self._named_for_blocks = frozenset(route.model for route in self._route.after.get(kind, ()))
        if now is not None:
            health = self._sight.books.health
            waiting = [choice._replace(health=health.of(choice.target, now)) for choice in waiting]
        self._waiting = sorted([choice for choice in waiting if self._may_ask(choice)], key=_turn)

    def classes_left(self, choice: Choice) -> frozenset[FailureClass]:
        """The classes of failure after which somebody else is better asked than `choice` once more: anybody who does not
        rest, and any other at all where it rests itself."""

        def is_better(waiting: list[Choice]) -> bool:
            may_rest = choice.health.state == "cooling"
            return any(may_rest or each.health.state != "cooling" for each in waiting)

        if not self._route.after:
            return _ALL if is_better(self._waiting) else _NONE
        return frozenset(kind for kind in FAILURE_CLASSES if is_better(self._left_after(kind)))

    def _left_after(self, kind: FailureClass) -> list[Choice]:
        """Who waits when a failure of this class has chosen its fallback models.

        A class without models of its own goes on with those that wait; where none does, with the route's own."""
        instead = self._route.after.get(kind)
        if instead is None and self._route.after and not any(choice.fallback for choice in self._waiting):
            instead = self._route.fallbacks
        if instead is None:
            return self._waiting
        own = [choice for choice in self._waiting if not choice.fallback]
        others, _ = self._lined_up(_by_name(instead), is_only=False)
        return own + others

    def _may_ask(self, choice: Choice) -> bool:
        target = choice.target
        if not all(_may_be_longer(target, failed) for failed in self._overflown):
            return False
        if not self._blocked_by or choice.fallback in self._named_for_blocks:
            return True
        return target.vendor in self._route.policy.policy_block_vendors and target.vendor not in self._blocked_by

    def _lined_up(
        self, routes: tuple[tuple[str, Route], ...], *, is_only: bool
    ) -> tuple[list[Choice], list[PassedOver]]:
        """Who may serve, in turn, and who may not."""
        sight = self._sight
        health = sight.books.health
        line: list[Choice] = []
        passed_over: list[PassedOver] = []
        is_in_turn = True
        seen = set(self._tried) if self._tried or len(routes) > 1 else None
        for fallback, route in routes:
            for place in ranked(route, sight, self._rng):
                target = place.target
                if seen is not None:
                    key = key_of(target)
                    if key in seen:  # asked already, or a fallback that the route has among its own
                        continue
                    seen.add(key)
                why = unmet_by(target, sight.needs)
                if why and not (is_only and why.startswith("has no ")):  # the only one may know better than we do
                    passed_over.append(PassedOver(target, why, fallback))
                    continue
                too_long = is_too_long_for(target, sight.needs)
                state = health.of(target, sight.now)
                is_in_turn = is_in_turn and state is HEALTHY and not too_long
                line.append(Choice(place, state, fallback, too_long, len(line)))
        if not is_in_turn:
            line.sort(key=_turn)
        return line, passed_over


_ALL: frozenset[FailureClass] = frozenset(FAILURE_CLASSES)
_NONE: frozenset[FailureClass] = frozenset()


def _by_name(routes: tuple[Route, ...]) -> tuple[tuple[str, Route], ...]:
    return tuple((route.model, route) for route in routes)


def _may_be_longer(target: Target, failed: Target) -> bool:
    if target.context_window is not None and failed.context_window is not None:
        return target.context_window > failed.context_window
    return target.vendor_model != failed.vendor_model


def _is_last(choice: Choice) -> int:
    return 2 if choice.health.state == "cooling" else int(choice.is_too_long)


def _turn(choice: Choice) -> tuple[int, bool, int]:
    return _is_last(choice), bool(choice.fallback), choice.place
