"""`madang worker`: brings spooled spans into the trace store."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from typing import Any


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    parser = subparsers.add_parser(
        "worker", help="bring spooled spans into the trace store (needs MADANG_CLICKHOUSE_URL)"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    from madang_server.settings import read_settings
    from madang_server.worker import run_worker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    settings = read_settings(os.environ)
    if settings.clickhouse_url is None:
        sys.stderr.write("MADANG_CLICKHOUSE_URL is not set; `madang up` sets it for the embedded store.\n")
        return 2

    async def work() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run_worker(settings, stop)

    asyncio.run(work())
    return 0
