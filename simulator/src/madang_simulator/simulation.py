"""A simulator's controls inside a program: what PUT /_control/… sets over HTTP, as methods."""

from collections.abc import Mapping
from typing import Any

from madang_simulator.control_body import read_behaviour, read_region
from madang_simulator.fleet import Fleet
from madang_simulator.journal import Journal


class Simulation:
    """Deployments, regions and journal of one simulator. Setting raises ControlError, naming every problem."""

    def __init__(self, fleet: Fleet, journal: Journal) -> None:
        self.fleet = fleet
        self.journal = journal

    def configure(self, deployment: str, **settings: object) -> None:
        """Sets a deployment's behaviour; what is left out is as by default."""
        self.fleet.deployment(deployment).set(read_behaviour(settings, self.fleet.defaults))

    def set_region(self, region: str, **settings: object) -> None:
        """Takes a region down (`down=True`, `how="reset"` or "unavailable") or up."""
        self.fleet.set_region(region, read_region(settings))

    def reset(self) -> None:
        """All deployments as by default, all regions up, nothing in the journal."""
        self.fleet.reset_all()
        self.journal.clear()

    def requests(self, deployment: str | None = None, limit: int = 1000) -> Mapping[str, Any]:
        """Counters and the newest requests, as GET /_requests gives them."""
        return self.journal.show(deployment=deployment, limit=limit)
