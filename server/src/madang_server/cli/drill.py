"""`madang drill MODEL`: what an outage would do to a model's callers, replayed in seconds with simulated vendors."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from madang_server.cli.server_call import CallRefused, get, post
from madang_server.drill.scenario import DISTURBANCES, BadScenario, read_scenario
from madang_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXAMPLE = "down,vendor=azure,region=eastus,from=2,to=12"
_NAMES = {"from": "from_minute", "to": "to_minute"}
_TEXTS = ("vendor", "region", "deployment")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser(
        "drill",
        help="rehearse an outage: the project's routing against simulated vendors",
        description="Takes the project's routing from the platform at MADANG_BASE_URL and plays traffic through it here, "
        "with simulated vendors and a virtual clock. No vendor is called and the platform is not disturbed.",
    )
    parser.add_argument("model", metavar="MODEL", nargs="?", help="the model whose calls are played")
    parser.add_argument("--scenario", metavar="FILE", help="a YAML or JSON file with the whole scenario")
    parser.add_argument(
        "--disturb",
        action="append",
        default=[],
        metavar="WHAT",
        help=f"such as {_EXAMPLE}; kinds: {', '.join(DISTURBANCES)}; may be given several times",
    )
    parser.add_argument("--minutes", type=int, metavar="N", help="how long (default 10)")
    parser.add_argument("--rate", type=float, metavar="N", help="calls per second (default 40)")
    parser.add_argument("--stream-share", type=float, metavar="N", help="share of streamed calls, 0 to 1 (default 0.5)")
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed gives the same drill (default 1)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    # Imported here: who only asks for help does not load the pipeline and the simulator.
    from madang_server.drill.places import paces_of, route_of
    from madang_server.drill.replay import play

    settings = read_settings(os.environ)
    try:
        scenario = read_scenario(_document(args))
        models = get(settings, "/api/sdk/config")["models"]
        told = post(settings, "/api/explain", {"model": scenario.model})
        route = route_of(scenario, models)
    except (BadScenario, CallRefused) as error:
        print(f"madang drill: {error}", file=sys.stderr)
        return 1
    is_quiet = args.json or not sys.stderr.isatty()
    report = play(
        scenario,
        route,
        paces_of(told["steps"]),
        lambda so_far: None if is_quiet else _show(so_far["minute"], scenario.minutes),
    )
    print(json.dumps(report, indent=2) if args.json else in_words(report))
    return 0


def in_words(report: Mapping[str, Any]) -> str:
    """The report as a table, a line per minute, and what it comes to."""
    lines = ["minute   calls  answered    p50 ms   p95 ms   p99 ms   cost USD  where to"]
    lines += [_line(minute) for minute in report["minutes"]]
    total = report["total"]
    lines.append(_line({**total, "minute": "all"}))
    for each in report["noticed"]:
        after = f"out of the way after {each['after_s']:g} s" if each["after_s"] is not None else "never out of the way"
        lines.append(f"{each['deployment']}: {each['kind'].replace('_', ' ')}, {after}")
    if total["failures"]:
        failures = ", ".join(f"{count} {reason}" for reason, count in sorted(total["failures"].items()))
        lines.append(f"Callers saw {sum(total['failures'].values())} errors: {failures}.")
    else:
        lines.append("Callers saw no error.")
    lines.append(f"{total['attempts']} requests to vendors for {total['calls']} calls.")
    return "\n".join(lines)


def _line(minute: Mapping[str, Any]) -> str:
    rate = minute["success_rate"]
    answered = "–" if rate is None else f"{rate:.2%}"
    where = ", ".join(f"{name} {count}" for name, count in sorted(minute["by_deployment"].items()))
    latency = "".join(f"{_number(minute[name]):>9}" for name in ("p50_ms", "p95_ms", "p99_ms"))
    return (
        f"{minute['minute']:>6}{minute['calls']:>8}{answered:>10} {latency}{float(minute['cost_usd']):>11.4f}  {where}"
    )


def _number(value: int | None) -> str:
    return "–" if value is None else str(value)


def _show(minute: int, minutes: int) -> None:
    sys.stderr.write(f"\rminute {minute} of {minutes}" + ("\n" if minute == minutes else ""))
    sys.stderr.flush()


def _document(args: argparse.Namespace) -> dict[str, Any]:
    """The scenario from the file, and over it what the options say. Raises BadScenario."""
    document: dict[str, Any] = _from_file(args.scenario) if args.scenario else {}
    if args.disturb:
        document["disturbances"] = [_disturbance(text) for text in args.disturb]
    given = {
        "model": args.model,
        "minutes": args.minutes,
        "per_second": args.rate,
        "stream_share": args.stream_share,
        "seed": args.seed,
    }
    return document | {name: value for name, value in given.items() if value is not None}


def _from_file(name: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise BadScenario(f"{name} cannot be read as YAML or JSON.", "scenario") from None
    if not isinstance(document, dict):
        raise BadScenario(f"{name} must hold an object with the scenario's fields.", "scenario")
    return document


def _disturbance(text: str) -> dict[str, Any]:
    kind, *settings = text.split(",")
    read: dict[str, Any] = {"kind": kind.strip()}
    for setting in settings:
        name, _, value = (part.strip() for part in setting.partition("="))
        field = _NAMES.get(name, name)
        read[field] = value if field in _TEXTS else _read_number(value)
    return read


def _read_number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # the scenario's rules say what is wrong with it
