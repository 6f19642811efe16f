"""`madang apply FILE`: makes a project's credentials and models match a file, wholly or not at all."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from madang_server.cli.references import resolve
from madang_server.cli.server_call import CallRefused, post
from madang_server.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class UnusableFile(Exception):
    """The file cannot be read as a document; the message names the line where that is known."""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser(
        "apply",
        help="make a project match a file (YAML or JSON)",
        description="Makes the project of MADANG_API_KEY match FILE. ${NAME} and os.environ/NAME are filled in here.",
    )
    parser.add_argument("file", metavar="FILE", help="a YAML or JSON file, or - for standard input")
    parser.add_argument("--dry-run", action="store_true", help="show what would change and change nothing")
    parser.add_argument("--prune", action="store_true", help="remove credentials and models that FILE does not name")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    settings = read_settings(os.environ)
    try:
        document = read_document(args.file)
        ready = _filled_in(document, os.environ)
        if args.prune:
            ready["prune"] = True
        print(apply_document(settings, ready, dry_run=args.dry_run))
    except (UnusableFile, CallRefused) as error:
        print(f"madang apply: {error}", file=sys.stderr)
        return 1
    return 0


def read_document(name: str) -> dict[str, Any]:
    """The file's content. Raises `UnusableFile`."""
    with reading(name, otherwise="is neither YAML nor JSON"):
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        document = yaml.safe_load(text)
    if not isinstance(document, dict):
        raise UnusableFile(f"{name} must hold the lists 'credentials' and 'models'.")
    return document


def write_document(text: str, name: str) -> None:
    """Writes a document's file, for its owner's eyes only. Raises `UnusableFile`."""
    try:
        with os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UnusableFile(f"{name} cannot be written: {error.strerror}.") from None


@contextlib.contextmanager
def reading(name: str, *, otherwise: str) -> Iterator[None]:
    """Turns what goes wrong while a YAML file is read into `UnusableFile`; `otherwise` says what a damaged one is."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnusableFile(f"{name} cannot be read: {reason}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark is not None else "some line"
        raise UnusableFile(f"{name} {otherwise}; the mistake is at {place}.") from None


def apply_document(settings: Settings, document: Mapping[str, Any], *, dry_run: bool) -> str:
    """Sends a filled-in document; gives back the report to print. Raises `CallRefused`."""
    sent = {**document, "dry_run": True} if dry_run else document
    return report(post(settings, "/api/apply", sent), settings.base_url, dry_run=bool(sent.get("dry_run")))


def report(answer: Mapping[str, list[str]], base_url: str, *, dry_run: bool) -> str:
    """What was done, one line each, with a sum at the end."""
    signs = (("created", "+"), ("changed", "~"), ("removed", "-"))
    lines = [f"  {sign} {name}" for kind, sign in signs for name in answer[kind]]
    counts = [f"{len(answer[kind])} {kind}" for kind in ("created", "changed", "removed", "unchanged") if answer[kind]]
    if not counts:
        counts = ["nothing to do: the file names no credentials and no models"]
    ending = f"Dry run at {base_url}, nothing was written" if dry_run else f"Applied to {base_url}"
    return "\n".join([*lines, f"{ending}: {', '.join(counts)}."])


def _filled_in(document: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    ready, missing = resolve(document, environ)
    if missing:
        listed = "".join(f"\n  - {name} (at {where})" for where, name in missing)
        raise UnusableFile(f"These environment variables are not set, or empty:{listed}\nSet them and run again.")
    assert isinstance(ready, dict)
    return ready
