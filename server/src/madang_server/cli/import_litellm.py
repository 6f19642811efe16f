"""`madang import litellm FILE`: reads a LiteLLM proxy's configuration into a project, and says what it left behind."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from madang_server.cli.apply import UnusableFile, apply_document, reading, write_document
from madang_server.cli.litellm_config import Conversion, convert
from madang_server.cli.references import names_in, resolve
from madang_server.cli.server_call import CallRefused
from madang_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from madang_server.cli.litellm_config import Place


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser(
        "litellm",
        help="a LiteLLM proxy's config.yaml",
        description="Reads model_list, router_settings and litellm_settings, and names all that is not taken over.",
    )
    parser.add_argument("file", metavar="FILE", help="the proxy's config.yaml")
    parser.add_argument("--output", metavar="FILE", help="write a file for `madang apply` instead of sending it")
    parser.add_argument("--dry-run", action="store_true", help="show what would change and change nothing")
    parser.add_argument("--partial", action="store_true", help="leave out what needs a variable that is not set")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    settings = read_settings(os.environ)
    try:
        config, lines = read_config(args.file)
        converted = convert(config)
        _print_remarks(converted, args.file, lines)
        if args.output is not None:
            _write(converted.document, args.output)
            return 0
        ready = _filled_in(converted.document, {**os.environ, **converted.variables}, partial=args.partial)
        print(apply_document(settings, ready, dry_run=args.dry_run))
    except (UnusableFile, CallRefused) as error:
        print(f"madang import litellm: {error}", file=sys.stderr)
        return 1
    return 0


def read_config(name: str) -> tuple[dict[str, Any], dict[Place, int]]:
    """The configuration, and the line (from 1) on which each of its parts begins. Raises `UnusableFile`."""
    with reading(name, otherwise="is not YAML"):
        text = Path(name).read_text(encoding="utf-8")
        config = yaml.safe_load(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(config, dict) or not isinstance(config.get("model_list"), list):
        raise UnusableFile(f"{name} has no model_list; is it a LiteLLM proxy's configuration?")
    lines: dict[Place, int] = {}
    _note_lines(root, (), lines)
    return config, lines


def without_missing(document: Mapping[str, Any], missing_names: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """The document without what refers to variables that are not set, and sentences about what is gone with them."""
    gone = set(missing_names)
    said: list[str] = []
    credentials = []
    for credential in document["credentials"]:
        if gone.isdisjoint(names_in(credential)):
            credentials.append(credential)
        else:
            said.append(f"credential {credential['name']}")
    known = {credential["name"] for credential in credentials}
    models = []
    for model in document["models"]:
        kept = [
            one
            for one in model["deployments"]
            if one.get("credential") in (None, *known) and gone.isdisjoint(names_in(one))
        ]
        said.extend(
            f"deployment {one['name']} of model {model['alias']}" for one in model["deployments"] if one not in kept
        )
        if any(one.get("weight", 1) > 0 for one in kept):
            models.append({**model, "deployments": kept})
        else:
            said.append(f"model {model['alias']}")
    aliases = {model["alias"] for model in models}
    for model in models:
        model["fallbacks"] = [alias for alias in model["fallbacks"] if alias in aliases]
        if "routing" in model:
            model["routing"] = _without_unknown(model["routing"], aliases)
    return {**document, "credentials": credentials, "models": models}, said


def _without_unknown(routing: Mapping[str, Any], aliases: Container[str]) -> dict[str, Any]:
    """A model's routing without fallbacks that are gone; where none is left the model's own fallbacks hold."""
    kept = {
        kind: [alias for alias in names if alias in aliases]
        for kind, names in routing.get("fallbacks_after", {}).items()
    }
    rest = {name: value for name, value in routing.items() if name != "fallbacks_after"}
    kept = {kind: names for kind, names in kept.items() if names}
    return {**rest, "fallbacks_after": kept} if kept else rest


def _filled_in(document: dict[str, Any], environ: Mapping[str, str], *, partial: bool) -> dict[str, Any]:
    _, missing = resolve(document, environ)
    names = sorted({one.name for one in missing})
    if missing and not partial:
        listed = "".join(f"\n  - {name}" for name in names)
        raise UnusableFile(
            f"These environment variables are not set, or empty:{listed}\n"
            "Set them and run again, or give --partial to take over the rest."
        )
    if missing:
        document, left_out = without_missing(document, names)
        print(f"Left out, as {', '.join(names)} {'is' if len(names) == 1 else 'are'} not set:")
        print("".join(f"  - {what}\n" for what in left_out))
    ready, _ = resolve(document, environ)
    assert isinstance(ready, dict)
    return ready


def _print_remarks(converted: Conversion, name: str, lines: Mapping[Place, int]) -> None:
    models = len(converted.document["models"])
    print(f"{name}: {models} model{'' if models == 1 else 's'} can be taken over.")
    if converted.remarks:
        print("Not taken over, or to look at:")
    for remark in converted.remarks:
        print(f"  - line {_line_of(remark.place, lines)}: {remark.text}")


def _line_of(place: Place, lines: Mapping[Place, int]) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _note_lines(node: yaml.Node | None, place: Place, lines: dict[Place, int]) -> None:
    if node is None:
        return
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inside = (*place, str(key.value))
            lines[inside] = key.start_mark.line + 1
            _note_lines(value, inside, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*place, index), lines)


def _write(document: Mapping[str, Any], name: str) -> None:
    write_document(yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True), name)
    print(f"Written to {name}. Look it over, then: madang apply {name}")
