"""The speed of an answer: waits before the first token and between tokens, varied by the deployment's jitter."""

from collections.abc import Callable
from random import Random

from madang_simulator.behaviour import Behaviour
from madang_simulator.outgoing import Pause, Steps

_TURN = 64


class Pace:
    """Keeps one answer's speed. Due times add up from the start, so that late wake-ups do not make it slower."""

    def __init__(self, behaviour: Behaviour, rng: Random, now_s: Callable[[], float], extra_s: float = 0.0) -> None:
        self._behaviour = behaviour
        self._rng = rng
        self._now_s = now_s
        self._due_s = now_s() + extra_s
        self._events = 0

    def before_first(self) -> Steps:
        """Waits as long as the deployment takes for its first token."""
        self._due_s += self._varied(self._behaviour.first_token_ms) / 1000
        return self._wait()

    def before(self, tokens: int, least_ms: float = 0.0) -> Steps:
        """Waits as long as the deployment takes for `tokens` more, at least `least_ms`."""
        self._due_s += max(self._varied(self._behaviour.per_token_ms) * tokens, least_ms) / 1000
        return self._wait()

    def _varied(self, wait_ms: float) -> float:
        jitter = self._behaviour.jitter
        return wait_ms if not jitter or not wait_ms else wait_ms * (1 + self._rng.uniform(-jitter, jitter))

    def _wait(self) -> Steps:
        left_s = self._due_s - self._now_s()
        self._events += 1
        if left_s > 0:
            yield Pause(left_s)
        elif self._events % _TURN == 0:  # a long answer without waits must not keep the others from theirs
            yield Pause(0)
