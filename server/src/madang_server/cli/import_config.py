"""`madang import SOURCE …`: takes over what other products were configured with, one file per source."""

from __future__ import annotations

import argparse
from typing import Any

from madang_server.cli import import_litellm


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser("import", help="take over another product's configuration")
    sources = parser.add_subparsers(dest="source", metavar="SOURCE", required=True)
    import_litellm.add_parser(sources)
