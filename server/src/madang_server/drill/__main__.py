"""Plays one drill in a process of its own, so that a busy gateway does not feel it.

Reads {"scenario", "models", "paces"} as JSON from standard input, `models` as the SDK's configuration has them; writes one
JSON object per line: {"minutes": […]} as minutes pass, then {"report": {…}} or {"problem": "…"}.
"""

import json
import os
import sys
from typing import Any

from madang_server.drill.places import Pace, route_of
from madang_server.drill.replay import play
from madang_server.drill.scenario import BadScenario, read_scenario

_NICENESS = 10


def main() -> int:
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    asked = json.load(sys.stdin)
    try:
        scenario = read_scenario(asked["scenario"])
        route = route_of(scenario, asked["models"])
        paces = {name: Pace(**pace) for name, pace in asked["paces"].items()}
        report = play(scenario, route, paces, lambda minutes: _tell({"minutes": minutes["minutes"]}))
    except BadScenario as error:
        _tell({"problem": str(error)})
        return 1
    _tell({"report": report})
    return 0


def _tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
