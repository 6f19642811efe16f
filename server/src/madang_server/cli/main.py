"""The list of commands. A command is a file with `add_parser(subparsers)` and `run(arguments) -> exit code`."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from madang_server.settings import SettingsError
from madang_server.version import __version__

# In the order in which `madang --help` shows them.
COMMANDS = (
    "up",
    "apply",
    "export",
    "import_config",
    "explain",
    "drill",
    "sign_in_link",
    "doctor",
    "migrate",
    "server",
    "worker",
    "store",
    "simulate",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 it did not work, 2 wrong usage or settings."""
    parser = argparse.ArgumentParser(prog="madang", description="The self-hosted LLMOps platform.")
    parser.add_argument("--version", action="version", version=f"madang {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(f"madang_server.cli.{name}").add_parser(subparsers)
    given = parser.parse_args(arguments)
    try:
        code: int = given.run(given)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return code
