"""What is remembered about a project's targets, together."""

from dataclasses import dataclass, field

from madang.routing.health import HealthBook
from madang.routing.latency import LatencyBook


@dataclass(frozen=True, slots=True)
class Books:
    """One pair per project."""

    health: HealthBook = field(default_factory=HealthBook)
    latency: LatencyBook = field(default_factory=LatencyBook)
