"""`madang simulate`: stand-ins for the vendors, with faults that can be set while it runs."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping
from typing import Any

DEFAULT_PORT = 7700


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    parser = subparsers.add_parser("simulate", help="run simulated vendors, for tests and outage drills")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"0 takes a free one (default {DEFAULT_PORT})")
    parser.add_argument(
        "--sandbox", action="store_true", help="begin with the paces and faults of the sandbox's models"
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    from madang_simulator.server import CannotListen

    controls: Mapping[str, Mapping[str, object]] = {}
    if given.sandbox:
        from madang_server.models.sandbox import simulator_controls

        controls = simulator_controls()
    try:
        asyncio.run(_serve(given.host, given.port, controls))
    except CannotListen as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _serve(host: str, port: int, controls: Mapping[str, Mapping[str, object]]) -> None:
    from madang_simulator.server import start_simulator

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with start_simulator(host=host, port=port) as simulator:
        for deployment, settings in controls.items():
            simulator.configure(deployment, **settings)
        sys.stdout.write(f"Simulated vendors at {simulator.url}; set faults with PUT /_control/DEPLOYMENT\n")
        sys.stdout.flush()
        await stop.wait()
