"""What a drill plays: the traffic, and what goes wrong with which deployments, from when to when. Shapes and rules."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

DisturbanceKind = Literal[
    "down", "unavailable", "hangs", "errors", "throttled", "blocks", "slow_first_token", "cuts", "misconfigured"
]
DISTURBANCES: tuple[DisturbanceKind, ...] = get_args(DisturbanceKind)

LONGEST_MINUTES = 60
HIGHEST_RATE = 200.0
MOST_CALLS = 60_000
# Of all calls together: where nobody answers, all of them may be under way at once. 6 bytes of memory each, and 60.
MOST_PROMPT_TOKENS = 50_000_000
MOST_ANSWER_TOKENS = 10_000_000
_MOST_DISTURBANCES = 20


class BadScenario(Exception):
    """A scenario that cannot be played; `param` names the field."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True, kw_only=True, slots=True)
class Disturbance:
    """Something that goes wrong with every deployment that fits `vendor`, `region` and `deployment` ("" fits all).

    down: connections break · unavailable: 503 · hangs: no answer for `seconds` · errors: 500 · throttled: 429 with
    Retry-After `seconds` · blocks: the content filter refuses · slow_first_token: `seconds` later · cuts: streams break
    in their middle · misconfigured: the key is refused. `share` of the calls, 0 to 1. Minutes are counted from the start.
    """

    kind: DisturbanceKind
    vendor: str = ""
    region: str = ""
    deployment: str = ""
    share: float = 1.0
    seconds: float = 30.0
    from_minute: float = 2.0
    to_minute: float = 8.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """Traffic for one model: `per_second` calls, `stream_share` (0 to 1) of them streamed, over `minutes`."""

    model: str
    minutes: int = 10
    per_second: float = 40.0
    stream_share: float = 0.5
    prompt_tokens: int = 400
    answer_tokens: int = 120
    seed: int = 1
    disturbances: tuple[Disturbance, ...] = ()

    @property
    def calls(self) -> int:
        return round(self.minutes * 60 * self.per_second)


def read_scenario(document: Mapping[str, Any]) -> Scenario:
    """The scenario that a document describes. Raises BadScenario with the field and what would be right."""
    known = {field.name for field in fields(Scenario)}
    for name in document:
        if name not in known:
            raise BadScenario(f"{name!r} is not known; known: {', '.join(sorted(known))}.", str(name))
    model = document.get("model")
    if not isinstance(model, str) or not model:
        raise BadScenario("Name the model whose calls are played.", "model")
    scenario = Scenario(
        model=model,
        minutes=int(_number(document, "minutes", 10, 1, LONGEST_MINUTES)),
        per_second=_number(document, "per_second", 40.0, 0.1, HIGHEST_RATE),
        stream_share=_number(document, "stream_share", 0.5, 0, 1),
        prompt_tokens=int(_number(document, "prompt_tokens", 400, 1, 100_000)),
        answer_tokens=int(_number(document, "answer_tokens", 120, 1, 10_000)),
        seed=int(_number(document, "seed", 1, 0, 2**31)),
        disturbances=_disturbances(document.get("disturbances", [])),
    )
    for index, disturbance in enumerate(scenario.disturbances):
        if disturbance.from_minute >= scenario.minutes:
            raise BadScenario(
                f"A disturbance begins at minute {disturbance.from_minute:g}, and the drill ends at {scenario.minutes}. "
                "Let it begin earlier or the drill last longer.",
                f"disturbances.{index}.from_minute",
            )
    if scenario.calls > MOST_CALLS:
        raise BadScenario(
            f"That is {scenario.calls:,} calls, and a drill plays up to {MOST_CALLS:,}. Shorten it or lower the rate.",
            "per_second",
        )
    _check_tokens(scenario.calls * scenario.prompt_tokens, MOST_PROMPT_TOKENS, "prompt_tokens")
    _check_tokens(scenario.calls * scenario.answer_tokens, MOST_ANSWER_TOKENS, "answer_tokens")
    return scenario


def _check_tokens(tokens: int, most: int, param: str) -> None:
    if tokens > most:
        what = param.removesuffix("_tokens")
        raise BadScenario(
            f"That is {tokens:,} tokens of {what}s in all, and a drill plays up to {most:,}. Shorten them or the drill.",
            param,
        )


def _disturbances(given: Any) -> tuple[Disturbance, ...]:
    if not isinstance(given, list) or len(given) > _MOST_DISTURBANCES:
        raise BadScenario(f"Give a list of up to {_MOST_DISTURBANCES} disturbances.", "disturbances")
    return tuple(_disturbance(each, f"disturbances.{index}") for index, each in enumerate(given))


def _disturbance(given: Any, where: str) -> Disturbance:
    if not isinstance(given, Mapping):
        raise BadScenario("A disturbance is an object.", where)
    known = {field.name for field in fields(Disturbance)}
    for name in given:
        if name not in known:
            raise BadScenario(f"{name!r} is not known; known: {', '.join(sorted(known))}.", f"{where}.{name}")
    kind = given.get("kind")
    if kind not in DISTURBANCES:
        raise BadScenario(f"'kind' must be one of {', '.join(DISTURBANCES)}.", f"{where}.kind")
    for name in ("vendor", "region", "deployment"):
        if not isinstance(given.get(name, ""), str):
            raise BadScenario(f"{name!r} must be a text.", f"{where}.{name}")
    begin = _number(given, "from_minute", 2.0, 0, LONGEST_MINUTES, where)
    end = _number(given, "to_minute", 8.0, 0, LONGEST_MINUTES, where)
    if end <= begin:
        raise BadScenario("A disturbance must end after it begins.", f"{where}.to_minute")
    return Disturbance(
        kind=kind,
        vendor=given.get("vendor", ""),
        region=given.get("region", ""),
        deployment=given.get("deployment", ""),
        share=_number(given, "share", 1.0, 0, 1, where),
        seconds=_number(given, "seconds", 30.0, 0, 600, where),
        from_minute=begin,
        to_minute=end,
    )


def _number(given: Mapping[str, Any], name: str, otherwise: float, least: float, most: float, where: str = "") -> float:
    value = given.get(name, otherwise)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not least <= value <= most:
        param = f"{where}.{name}" if where else name
        raise BadScenario(f"{name!r} must be a number from {least:g} to {most:g}.", param)
    return float(value)
