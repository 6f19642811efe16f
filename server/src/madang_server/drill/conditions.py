"""How each simulated deployment behaves at a moment of a drill: its usual pace, and what disturbs it then. Pure."""

from collections.abc import Mapping

from madang.calls.target import Target
from madang_server.drill.places import Pace, hits
from madang_server.drill.scenario import Disturbance, Scenario
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


def moments(scenario: Scenario) -> list[float]:
    """The minutes at which something begins or ends, in order."""
    edges = {0.0}
    for each in scenario.disturbances:
        edges |= {each.from_minute, each.to_minute}
    return sorted(edge for edge in edges if edge < scenario.minutes)


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
