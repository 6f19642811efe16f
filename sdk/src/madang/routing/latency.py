"""How fast each target answers, and how many calls it has in hand. Old observations fade, so that a target that became
fast or slow is seen as such within minutes.
"""

import math
from dataclasses import dataclass, field

from madang.calls.target import Target
from madang.routing.health import key_of

HALF_LIFE_S = 120.0
_FADE_EVERY_S = 5.0
_SMALLEST_S = 0.001
_STEPS_PER_DOUBLING = 4  # a bucket is 19 % wide: finer than any difference worth routing by
_BUCKETS = 80  # up to 1,000 s
_PER_LOG = _STEPS_PER_DOUBLING / math.log(2)


class _Faded:
    """A histogram of seconds whose counts halve every HALF_LIFE_S."""

    __slots__ = ("_counts", "_faded_at", "total")

    def __init__(self, now: float) -> None:
        self._counts = [0.0] * _BUCKETS
        self._faded_at = now
        self.total = 0.0

    def add(self, seconds: float, now: float) -> None:
        self._fade(now)
        place = int(math.log(seconds / _SMALLEST_S) * _PER_LOG) if seconds > _SMALLEST_S else 0
        self._counts[min(place, _BUCKETS - 1)] += 1.0
        self.total += 1.0

    def percentile(self, share: float, now: float) -> float | None:
        """Seconds under which `share` (0 to 1) of the calls stayed; None when too little is known."""
        self._fade(now)
        if self.total < 1.0:
            return None
        wanted = share * self.total
        passed = 0.0
        slowest = 0
        for place, count in enumerate(self._counts):
            if count:
                passed += count
                slowest = place
                if passed >= wanted:
                    break
        return _SMALLEST_S * math.exp((slowest + 0.5) / _PER_LOG)

    def known(self, now: float) -> float:
        self._fade(now)
        return self.total

    def _fade(self, now: float) -> None:
        elapsed = now - self._faded_at
        if elapsed < _FADE_EVERY_S:
            return
        self._faded_at = now
        factor = 0.5 ** (elapsed / HALF_LIFE_S)
        self._counts = [count * factor for count in self._counts]
        self.total *= factor


@dataclass(slots=True)
class _Pace:
    first_token: _Faded
    whole: _Faded
    in_flight: int = 0


@dataclass(slots=True)
class LatencyBook:
    """One book per project. Times are on the pipeline's monotonic clock, seconds."""

    _paces: dict[str, _Pace] = field(default_factory=dict)

    def begin(self, target: Target, now: float) -> None:
        key = key_of(target)
        pace = self._paces.get(key)
        if pace is None:
            pace = self._paces[key] = _Pace(_Faded(now), _Faded(now))
        pace.in_flight += 1

    def end(self, target: Target, now: float, seconds: float | None, *, is_stream: bool) -> None:
        """A call is over. `seconds`: until its first token for a stream, else until its answer; None when it failed."""
        pace = self._paces.get(key_of(target))
        if pace is None:
            return
        pace.in_flight = max(pace.in_flight - 1, 0)
        if seconds is not None:
            (pace.first_token if is_stream else pace.whole).add(seconds, now)

    def in_flight(self, target: Target) -> int:
        pace = self._paces.get(key_of(target))
        return 0 if pace is None else pace.in_flight

    def percentile(self, target: Target, share: float, now: float, *, is_stream: bool) -> float | None:
        """Seconds, or None when nothing is known about this target lately."""
        pace = self._paces.get(key_of(target))
        return None if pace is None else (pace.first_token if is_stream else pace.whole).percentile(share, now)

    def known_calls(self, target: Target, now: float, *, is_stream: bool) -> float:
        """How many calls the percentiles rest on, older ones counting less."""
        pace = self._paces.get(key_of(target))
        return 0.0 if pace is None else (pace.first_token if is_stream else pace.whole).known(now)
