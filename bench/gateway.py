"""Measures Madang's Gateway beside nginx and LiteLLM's proxy: one run, one machine, one mock vendor, interleaved rounds.

Run: python bench/gateway.py [--quick] [--targets madang,nginx,litellm] [--rounds N]. See bench/README.md.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that the file can be run by its path

from bench.gateway_table import figures, table
from bench.machine import describe_machine
from bench.mock_vendor import PIECES
from bench.processes import cpu_s_between, rss_mb, run_times
from bench.targets import MODEL, OTHER_CORE, STARTERS, CannotRun, Place, Target, vendor

_ROOT = Path(__file__).resolve().parent.parent
_EVENTS = PIECES + 4  # of a stream: the role, the pieces, finish, usage, [DONE]
_STREAMS = 6
_RATE = 100.0
_LOW_RATE = 10.0  # at which even the slowest target has no queue
_CONNECTIONS = 32
_STORED_LIMIT_S = 90.0

Numbers = dict[str, float]


def main() -> int:
    given = _arguments()
    if len(os.sched_getaffinity(0)) < 2:
        sys.stderr.write("Two cores are needed: one for the process under test, one for the load and the vendor.\n")
        return 2
    names = ["direct", *given.targets.split(",")]
    unknown = [name for name in names if name not in STARTERS]
    if unknown:
        sys.stderr.write(f"Unknown targets {unknown}; known are {', '.join(STARTERS)}.\n")
        return 2
    os.sched_setaffinity(0, {OTHER_CORE})
    began = describe_machine(_ROOT)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="madang-bench-")))
        port = stack.enter_context(vendor(folder, realtime=given.realtime))
        targets, missing = _start(names, Place(folder, port, given.realtime), stack)
        results = _measure(targets, given)
    report = {
        "began": began,
        "ended": describe_machine(_ROOT),
        "settings": vars(given),
        "missing": missing,
        "targets": results,
    }
    print(table(results, missing))
    if "madang" in results:
        print(figures(results))
    path = _ROOT / "bench" / "results" / f"gateway-{time.strftime('%Y-%m-%d-%H%M%S', time.gmtime())}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=1))
    print(f"\nAll rounds: {path.relative_to(_ROOT)}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two short rounds, to see that everything works")
    parser.add_argument("--targets", default="nginx,madang,litellm")
    parser.add_argument("--rounds", type=int, help="default 7, or 2 with --quick")
    parser.add_argument("--seconds", type=float, help="of each measurement; default 3, or 1.5 with --quick")
    parser.add_argument(
        "--flat-seconds", type=float, help="of load for the memory's course; default 24, or 4 with --quick"
    )
    parser.add_argument(
        "--realtime",
        action="store_true",
        help="prefer the measured processes to other work on the machine (SCHED_RR; needs the right to)",
    )
    given = parser.parse_args()
    given.rounds = given.rounds or (2 if given.quick else 7)
    given.seconds = given.seconds or (1.5 if given.quick else 3.0)
    given.flat_seconds = given.flat_seconds or (4.0 if given.quick else 24.0)
    return given


def _start(names: list[str], place: Place, stack: contextlib.ExitStack) -> tuple[list[Target], dict[str, str]]:
    """What could be started, and why the rest could not."""
    targets: list[Target] = []
    missing: dict[str, str] = {}
    for name in names:
        _say(f"starting {name}")
        try:
            targets.append(stack.enter_context(STARTERS[name](place)))
        except CannotRun as error:
            missing[name] = str(error)
            _say(f"{name} is left out: {error}")
    return targets, missing


def _measure(targets: list[Target], given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    for target in targets:
        _load(target, "closed", given.seconds / 2, given.realtime)
    rounds: dict[str, list[Numbers]] = {target.name: [] for target in targets}
    for number in range(given.rounds):
        _say(f"round {number + 1} of {given.rounds}")
        for target in targets:
            rounds[target.name].append(_round(target, given))
        for target in targets:
            _add_differences(rounds[target.name][-1], rounds["direct"][-1])
    results: dict[str, dict[str, Any]] = {}
    for target in targets:
        _say(f"the memory of {target.name}")
        course = _memory_course(target, given) if target.tested else {}
        results[target.name] = {
            "medians": {**_medians(rounds[target.name]), **course},
            "start": vars(target.start) if target.start else None,
            "rounds": rounds[target.name],
            "wrk_per_s": None if given.quick else _wrk(target, given.seconds),
        }
        _until_stored(target)
    return results


def _round(target: Target, given: argparse.Namespace) -> Numbers:
    """Saturation, then two quiet rates, then streams."""
    numbers: Numbers = {}
    _until_stored(target)
    storing_before = run_times(target.storing)
    stored_before = _stored(target)
    seen, cpu_s = _load(target, "closed", given.seconds, given.realtime)
    numbers["calls_per_s"] = seen["per_s"]
    numbers["failed"] = seen["failed"]
    if target.tested and seen["done"]:
        numbers["cpu_us"] = cpu_s / seen["done"] * 1e6
        numbers["core_share"] = cpu_s / seen["elapsed_s"]
    if target.storing and seen["done"]:
        _until_stored(target)
        storing_s = cpu_s_between(storing_before, run_times(target.storing))
        numbers["storing_cpu_us"] = storing_s / seen["done"] * 1e6
        numbers["spans_per_call"] = (_stored(target) - stored_before) / seen["done"]
    seen, cpu_s = _load(target, "open", given.seconds, given.realtime)
    numbers |= {"p50_ms": seen["p50_ms"], "p99_ms": seen["p99_ms"]}
    numbers["failed"] += seen["failed"]
    if target.tested and seen["done"]:
        numbers["quiet_cpu_us"] = cpu_s / seen["done"] * 1e6
    seen, _ = _load(target, "open", given.seconds, given.realtime, rate=_LOW_RATE)
    numbers["low_p50_ms"] = seen["p50_ms"]
    numbers["failed"] += seen["failed"]
    seen, cpu_s = _load(target, "streams", given.seconds, given.realtime)
    numbers["first_token_ms"] = seen["first_token_ms"]
    numbers["failed"] += seen["failed"]
    numbers["events_share"] = seen["events"] / max(1, seen["done"] * _EVENTS)
    if target.tested and seen["done"]:
        numbers["chunk_cpu_us"] = cpu_s / (seen["done"] * _EVENTS) * 1e6
    return numbers


def _add_differences(numbers: Numbers, direct: Numbers) -> None:
    for name in ("p50_ms", "p99_ms", "low_p50_ms", "first_token_ms"):
        numbers[f"added_{name}"] = numbers[name] - direct[name]


def _medians(rounds: list[Numbers]) -> Numbers:
    names = [name for name in rounds[0] if name != "failed"]
    found = {name: statistics.median(one[name] for one in rounds if name in one) for name in names}
    return {**found, "failed": sum(one["failed"] for one in rounds)}


def _memory_course(target: Target, given: argparse.Namespace) -> Numbers:
    """Resident memory after the rounds, and how much it grew over the second half of a long load."""
    readings: list[float] = [rss_mb(target.tested)]
    calls: list[int] = [0]
    for _ in range(4):
        seen, _ = _load(target, "closed", given.flat_seconds / 4, given.realtime)
        readings.append(rss_mb(target.tested))
        calls.append(seen["done"])
    grown = readings[4] - readings[2]
    return {
        "rss_mb": readings[4],
        "memory_calls": float(sum(calls)),
        "grown_mb_per_10k": grown / max(1, calls[3] + calls[4]) * 10_000,
        "storing_rss_mb": rss_mb(target.storing),
    }


def _load(
    target: Target, mode: str, seconds: float, realtime: bool, rate: float = _RATE
) -> tuple[dict[str, Any], float]:
    """What the load saw, and the CPU seconds that the processes under test spent meanwhile."""
    count = _STREAMS if mode == "streams" else _CONNECTIONS
    command = [sys.executable, str(_ROOT / "bench" / "load.py"), mode, target.url]
    command += ["--key", target.key, "--model", MODEL, "--seconds", str(seconds)]
    command += ["--connections", str(count), "--rate", str(rate)]
    if realtime:
        command = ["chrt", "--rr", "1", *command]
    before = run_times(target.tested)
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    cpu_s = cpu_s_between(before, run_times(target.tested))
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen, cpu_s


def _until_stored(target: Target) -> None:
    """Waits until the worker has brought all spans into the store, so that its work does not fall to the next target."""
    end = time.monotonic() + _STORED_LIMIT_S
    quiet_since: float | None = None
    while target.home is not None and time.monotonic() < end:
        status = _worker_status(target)
        if status.get("backlog_bytes", 1):
            quiet_since = None
        elif quiet_since is None:
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since > 2.5:  # longer than the worker takes between two reports
            return
        time.sleep(0.1)


def _stored(target: Target) -> float:
    return float(_worker_status(target).get("stored_records", 0))


def _worker_status(target: Target) -> dict[str, Any]:
    try:
        status: dict[str, Any] = json.loads(((target.home or Path()) / "run" / "worker.json").read_text())
    except (OSError, ValueError):
        return {}
    return status


def _wrk(target: Target, seconds: float) -> float | None:
    """Calls per second by wrk, a load generator that is not ours; None where it is not installed."""
    if shutil.which("wrk") is None:
        return None
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "menu " * 80}]})
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"wrk.method = 'POST'\nwrk.body = '{body}'\nwrk.headers['Content-Type'] = 'application/json'\n")
        script.write(f"wrk.headers['Authorization'] = 'Bearer {target.key}'\n")
        script.flush()
        command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", script.name, target.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    for line in done.stdout.splitlines():
        if line.startswith("Requests/sec:"):
            return float(line.split()[1])
    return None


def _say(words: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")


if __name__ == "__main__":
    sys.exit(main())
