"""`madang export [FILE]`: a project's credentials and models as a file for `madang apply`, without any key."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

import yaml

from madang_server.cli.apply import UnusableFile, write_document
from madang_server.cli.references import without_references
from madang_server.cli.server_call import CallRefused, get
from madang_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADING = """\
# Written by `madang export`. Keys are not in it: applied to the same project, its credentials keep theirs; for another
# project add `api_key: ${NAME}` to each credential that needs one.
"""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser(
        "export",
        help="write a project as a file for `madang apply`, without keys",
        description="Writes what the project of MADANG_API_KEY has as YAML that `madang apply` takes.",
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="where to; - (the default) prints it")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        text = as_text(get(read_settings(os.environ), "/api/apply"))
        if args.file == "-":
            sys.stdout.write(text)
        else:
            write_document(text, args.file)
            print(f"Written to {args.file}.")
    except (UnusableFile, CallRefused) as error:
        print(f"madang export: {error}", file=sys.stderr)
        return 1
    return 0


def as_text(document: Mapping[str, Any]) -> str:
    """The file's content."""
    return _HEADING + yaml.safe_dump(without_references(dict(document)), sort_keys=False, allow_unicode=True, width=120)
