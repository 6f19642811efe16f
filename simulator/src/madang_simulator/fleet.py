"""The deployments and regions of one running simulator, made on first use, and their limits per minute."""

from collections.abc import Mapping
from typing import NamedTuple

from madang_simulator.behaviour import Behaviour, FaultPlan
from madang_simulator.prompt_tokens import PrefixMemory
from madang_simulator.shelf import Shelf


class Limits(NamedTuple):
    """What the x-ratelimit headers say: limits, what is left of them, seconds until they are full again."""

    requests: int
    requests_left: int
    tokens: int
    tokens_left: int
    reset_s: float
    exceeded: bool


_SHOWN_REQUESTS = 10_000
_SHOWN_TOKENS = 30_000_000


class Deployment:
    """One simulated deployment: its behaviour, and what it remembers."""

    def __init__(self, name: str, behaviour: Behaviour) -> None:
        self.name = name
        self.prefixes = PrefixMemory()
        self.shelf = Shelf()
        self._minute = -1
        self._requests_used = 0
        self._tokens_used = 0
        self.set(behaviour)

    def set(self, behaviour: Behaviour) -> None:
        """Behaves as told from now on; faults and draws start counting again."""
        self.behaviour = behaviour
        self.plan = FaultPlan(behaviour)
        self._answers = 0

    def next_chance(self) -> str:
        """What makes the next answer differ from the one before it, and a repeated run the same."""
        self._answers += 1
        return f"{self.behaviour.seed}.{self._answers}"

    def admit(self, tokens: int, now: float) -> Limits:
        """Counts a request of `tokens` at `now` (Unix seconds) against the minute; `exceeded` when it had no room."""
        self._begin_minute(now)
        max_requests, max_tokens = self.behaviour.requests_per_minute, self.behaviour.tokens_per_minute
        exceeded = (max_requests is not None and self._requests_used + 1 > max_requests) or (
            max_tokens is not None and self._tokens_used + tokens > max_tokens
        )
        if not exceeded:
            self._requests_used += 1
            self._tokens_used += tokens
        return self.limits(now)._replace(exceeded=exceeded)

    def limits(self, now: float) -> Limits:
        """The limits as they stand at `now` (Unix seconds)."""
        self._begin_minute(now)
        max_requests, max_tokens = self.behaviour.requests_per_minute, self.behaviour.tokens_per_minute
        shown_requests = _SHOWN_REQUESTS if max_requests is None else max_requests
        shown_tokens = _SHOWN_TOKENS if max_tokens is None else max_tokens
        return Limits(
            shown_requests,
            max(shown_requests - self._requests_used, 0),
            shown_tokens,
            max(shown_tokens - self._tokens_used, 0),
            60 - now % 60,
            exceeded=False,
        )

    def _begin_minute(self, now: float) -> None:
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._requests_used, self._tokens_used = minute, 0, 0


class Fleet:
    """All deployments by name; `defaults` is how a deployment behaves that nobody has set."""

    def __init__(self, defaults: Behaviour) -> None:
        self.defaults = defaults
        self._deployments: dict[str, Deployment] = {}
        self._down: dict[str, str] = {}

    def deployment(self, name: str) -> Deployment:
        """The deployment of that name; a new one when it has not been called before."""
        found = self._deployments.get(name)
        if found is None:
            found = self._deployments[name] = Deployment(name, self.defaults)
        return found

    def reset(self, name: str) -> None:
        """Forgets everything about a deployment, so that it behaves as by default."""
        self._deployments.pop(name, None)

    def reset_all(self) -> None:
        """Forgets all deployments and brings all regions up."""
        self._deployments.clear()
        self._down.clear()

    def behaviours(self) -> Mapping[str, Behaviour]:
        """Behaviour of every deployment set or called so far."""
        return {name: deployment.behaviour for name, deployment in sorted(self._deployments.items())}

    def set_region(self, region: str, how: str | None) -> None:
        """Takes a region down ("reset" or "unavailable") or, with None, up again."""
        if how is None:
            self._down.pop(region, None)
        else:
            self._down[region] = how

    def regions(self) -> Mapping[str, str | None]:
        """Every known region, with how it is down, or None."""
        known = {behaviour.region for behaviour in self.behaviours().values() if behaviour.region} | self._down.keys()
        return {region: self._down.get(region) for region in sorted(known)}

    def outage_of(self, deployment: Deployment) -> str | None:
        """How the deployment's region is down, or None when it is up or has no region."""
        region = deployment.behaviour.region
        return None if region is None else self._down.get(region)
