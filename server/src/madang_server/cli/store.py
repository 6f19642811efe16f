"""`madang store`: the embedded trace store alone."""

import argparse
from typing import Any


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    parser = subparsers.add_parser("store", help="run the embedded trace store alone (needs MADANG_STORE_PASSWORD)")
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one, see run/store.json)"
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    from madang_server.store.__main__ import main

    return main(["--port", str(given.port)])
