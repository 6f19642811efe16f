"""`python -m madang_simulator`: the simulator as a process of its own."""

import argparse
import sys
from collections.abc import Sequence

from madang_simulator.behaviour import Behaviour
from madang_simulator.server import DEFAULT_PORT, CannotListen, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until told to stop; 1 when it cannot listen."""
    parser = argparse.ArgumentParser(prog="madang_simulator", description="Stand-in for model vendors, with faults.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"0 for a free one (default {DEFAULT_PORT})")
    parser.add_argument("--first-token-ms", type=float, default=0.0, help="time to the first token (default 0)")
    parser.add_argument("--per-token-ms", type=float, default=0.0, help="time for each further token (default 0)")
    parser.add_argument("--jitter", type=float, default=0.0, help="share by which times vary, 0 to 1 (default 0)")
    given = parser.parse_args(arguments)
    if not 0 <= given.port <= 65_535:
        parser.error(f"--port must be between 0 and 65535, not {given.port}")
    if given.first_token_ms < 0 or given.per_token_ms < 0 or not 0 <= given.jitter <= 1:
        parser.error("times must not be negative, and --jitter must lie between 0 and 1")
    defaults = Behaviour(first_token_ms=given.first_token_ms, per_token_ms=given.per_token_ms, jitter=given.jitter)
    try:
        run(given.host, given.port, defaults=defaults)
    except CannotListen as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
