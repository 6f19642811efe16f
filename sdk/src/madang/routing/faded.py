"""A histogram that forgets: what was seen counts half after a while, so that a percentile is that of lately."""

import math

HALF_LIFE_S = 120.0
_FADE_EVERY_S = 5.0
_STEPS_PER_DOUBLING = 4  # a bucket is 19 % wide: finer than any difference worth acting on
_BUCKETS = 80  # up to a million times the smallest
_PER_LOG = _STEPS_PER_DOUBLING / math.log(2)


class FadedHistogram:
    """Values from `smallest` to a million times that; others count as the nearest of them. Times in seconds."""

    __slots__ = ("_counts", "_faded_at", "_smallest", "total")

    def __init__(self, smallest: float, now: float) -> None:
        self._smallest = smallest
        self._counts = [0.0] * _BUCKETS
        self._faded_at = now
        self.total = 0.0

    def add(self, value: float, now: float) -> None:
        self._fade(now)
        place = int(math.log(value / self._smallest) * _PER_LOG) if value > self._smallest else 0
        self._counts[min(place, _BUCKETS - 1)] += 1.0
        self.total += 1.0

    def percentile(self, share: float, now: float) -> float | None:
        """The value under which `share` (0 to 1) of all stayed; None when too little is known."""
        self._fade(now)
        if self.total < 1.0:
            return None
        wanted = share * self.total
        passed = 0.0
        highest = 0
        for place, count in enumerate(self._counts):
            if count:
                passed += count
                highest = place
                if passed >= wanted:
                    break
        return self._smallest * math.exp((highest + 0.5) / _PER_LOG)

    def known(self, now: float) -> float:
        """How many values the percentiles rest on, older ones counting less."""
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
