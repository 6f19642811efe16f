"""Where a call would go, and why: the very line that a call gets, told instead of tried. Calls nobody."""

from collections import Counter
from dataclasses import dataclass
from random import Random

from madang.calls.policy import CLASS_OF, FAILURE_CLASSES, FailureClass
from madang.calls.target import Route, Target
from madang.errors import CallFailed, FailureReason
from madang.routing.line import Choice, Line
from madang.routing.rank import Sight

_DRAWS = 400  # enough to tell shares within about two points
_SEED = 1

# Any reason of a class leads to the same line.
_EXAMPLE_OF: dict[FailureClass, FailureReason] = {failure_class: reason for reason, failure_class in CLASS_OF.items()}


@dataclass(frozen=True, slots=True)
class Step:
    """One target at its place in the line. `share`: of calls like this one that would try it first, 0 to 1.

    Latency is of lately, in milliseconds, None while unknown; `calls_known`: how many calls it rests on, faded with age.
    """

    deployment: str
    model: str  # the alias it stands behind; another than the asked one for a fallback
    vendor: str
    vendor_model: str
    region: str
    reason: str
    share: float
    state: str
    rests_s: float
    in_flight: int
    p50_ms: int | None
    p95_ms: int | None
    calls_known: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A target that cannot serve such a call, and why."""

    deployment: str
    model: str
    why: str


@dataclass(frozen=True, slots=True)
class Next:
    """Who is asked after the first target failed in one way; empty when that failure is final."""

    after: FailureClass
    deployments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The line of one call, as it stands now."""

    model: str
    strategy: str
    steps: tuple[Step, ...]
    skipped: tuple[Skipped, ...]
    next_after: tuple[Next, ...]


def explain(route: Route, sight: Sight) -> Explanation:
    """Where a call with this sight would go."""
    firsts: Counter[str] = Counter()
    draws = _dice()
    for _ in range(_DRAWS):
        choice = Line(route, sight, draws).next()
        if choice is not None:
            firsts[choice.target.name] += 1
    line = Line(route, sight, _dice())
    skipped = tuple(Skipped(each.target.name, each.target.alias, each.why) for each in line.passed_over)
    choices = _rest(line)
    # The likeliest line is told: where chance decides, the target with the larger share comes first.
    choices.sort(key=lambda choice: -firsts[choice.target.name])
    steps = tuple(_step(choice, sight, firsts[choice.target.name] / _DRAWS) for choice in choices)
    following = tuple(Next(each, _after(route, sight, each)) for each in FAILURE_CLASSES)
    return Explanation(route.model, route.policy.strategy, steps, skipped, following)


def _dice() -> Random:
    return Random(_SEED)  # noqa: S311 - the same explanation each time it is asked for


def _rest(line: Line) -> list[Choice]:
    found = []
    while (choice := line.next()) is not None:
        found.append(choice)
    return found


def _after(route: Route, sight: Sight, failure_class: FailureClass) -> tuple[str, ...]:
    line = Line(route, sight, _dice())
    first = line.next()
    if first is None:
        return ()
    line.failed(first.target, CallFailed("", reason=_EXAMPLE_OF[failure_class], status=500))
    return tuple(choice.target.name for choice in _rest(line))


def _step(choice: Choice, sight: Sight, share: float) -> Step:
    target, latency = choice.target, sight.books.latency
    return Step(
        deployment=target.name,
        model=target.alias,
        vendor=target.vendor,
        vendor_model=target.vendor_model,
        region=target.region,
        reason=choice.reason,
        share=share,
        state=choice.health.state,
        rests_s=round(max(choice.health.until - sight.now, 0.0), 1) if choice.health.state == "cooling" else 0.0,
        in_flight=latency.in_flight(target),
        p50_ms=_milliseconds(target, sight, 0.5),
        p95_ms=_milliseconds(target, sight, 0.95),
        calls_known=round(latency.known_calls(target, sight.now, is_stream=sight.is_stream)),
    )


def _milliseconds(target: Target, sight: Sight, share: float) -> int | None:
    seconds = sight.books.latency.percentile(target, share, sight.now, is_stream=sight.is_stream)
    return None if seconds is None else round(seconds * 1000)
