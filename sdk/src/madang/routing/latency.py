"""How fast each target answers, and how many calls it has in hand. Old observations fade, so that a target that became
fast or slow is seen as such within minutes.
"""

from dataclasses import dataclass, field

from madang.calls.target import Target
from madang.routing.faded import FadedHistogram
from madang.routing.health import key_of

_SMALLEST_S = 0.001


@dataclass(slots=True)
class _Pace:
    first_token: FadedHistogram
    whole: FadedHistogram
    in_flight: int = 0


@dataclass(slots=True)
class LatencyBook:
    """One book per project. Times are on the pipeline's monotonic clock, seconds."""

    _paces: dict[str, _Pace] = field(default_factory=dict)

    def begin(self, target: Target, now: float) -> None:
        key = key_of(target)
        pace = self._paces.get(key)
        if pace is None:
            pace = self._paces[key] = _Pace(FadedHistogram(_SMALLEST_S, now), FadedHistogram(_SMALLEST_S, now))
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
