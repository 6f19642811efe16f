"""What an outage of one of two regions does to callers: errors, latency, and how soon nobody is sent there any more.

Steady traffic goes through a running Gateway to two simulated regions; one of them dies in a different way in each phase.
Run: python -m bench.outage [--rate 40] [--seconds 20]
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that the file can be run by its path

from bench.load import open_loop, percentile_ms, request_bytes
from bench.machine import describe_machine
from bench.targets import OTHER_CORE, Place, Target, first_answer, free_port, madang, process

_ROOT = Path(__file__).resolve().parent.parent
_ALIAS = "two-regions"
_ANSWER_LIMIT_S = 1.0
_PACE = {"first_token_ms": 80.0, "per_token_ms": 1.0, "jitter": 0.3, "output_tokens": [40, 80], "tokens_per_chunk": 8}

# What happens to region "east" in each phase, as faults of the simulator.
PHASES: dict[str, list[dict[str, Any]]] = {
    "healthy": [],
    "connections break": [{"kind": "reset"}],
    "healthy again": [],
    "answers 503": [{"kind": "overloaded"}],
    "healthy after 503": [],
    "accepts and stays silent": [{"kind": "hang", "duration_s": 60}],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=40.0)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each phase")
    given = parser.parse_args()
    os.sched_setaffinity(0, {OTHER_CORE})
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="madang-outage-")))
        port = free_port()
        log = folder / "simulator.log"
        command = [sys.executable, "-m", "madang_simulator", "--port", str(port)]
        simulator = stack.enter_context(process(command, log, core=OTHER_CORE))
        first_answer(f"http://127.0.0.1:{port}/v1/chat/completions", "sk-sim", simulator, log)
        target = stack.enter_context(madang(Place(folder, port, realtime=False)))
        _prepare(target, port)
        results = {name: _phase(name, target, port, given) for name in PHASES}
    print(table(results))
    path = _ROOT / "bench" / "results" / f"outage-{time.strftime('%Y-%m-%d-%H%M%S', time.gmtime())}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        json.dumps({"machine": describe_machine(_ROOT), "settings": vars(given), "phases": results}, indent=1)
    )
    return 0


def table(results: dict[str, dict[str, Any]]) -> str:
    """A line per phase. `hits` are requests that went to the dead region, `last hit` when the last one began."""
    lines = [
        "| east | calls | client errors | p50 ms | p99 ms | hits on east | in the first second |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, seen in results.items():
        numbers = f"{seen['p50_ms']:.0f} | {seen['p99_ms']:.0f} | {seen['east_hits']} | {seen['east_hits_first_s']}"
        lines.append(f"| {name} | {seen['calls']} | {seen['failed']} | {numbers} |")
    return "\n".join(lines)


def _prepare(target: Target, port: int) -> None:
    """The model with its two regions, and the simulator's pace."""
    base = target.url.removesuffix("/v1/chat/completions")
    deployments = [
        {"name": f"sim-{region}", "vendor": "openai", "vendor_model": "gpt-4o", "region": region, "credential": "simulated",
         "base_url": f"http://127.0.0.1:{port}/d/{region}/v1"}
        for region in ("east", "west")
    ]  # fmt: skip
    credential = {"name": "simulated", "vendor": "openai", "api_key": "sk-simulated"}
    model = {"alias": _ALIAS, "deployments": deployments, "answer_timeout_s": _ANSWER_LIMIT_S, "timeout_s": 30}
    _send("POST", f"{base}/api/apply", {"credentials": [credential], "models": [model]}, target.key)
    _condition(port, "west", [])


def _phase(name: str, target: Target, port: int, given: argparse.Namespace) -> dict[str, Any]:
    _condition(port, "east", PHASES[name])
    _send("DELETE", f"http://127.0.0.1:{port}/_requests", None)
    request = request_bytes(target.url, key=target.key, model=_ALIAS, is_stream=False)
    began = time.time()
    seen = uvloop.run(open_loop(target.url, request, rate=given.rate, seconds=given.seconds))
    hits = _hits(port, "east")
    return {
        "calls": seen.done + seen.failed,
        "failed": seen.failed,
        "p50_ms": percentile_ms(seen.latencies, 0.5),
        "p99_ms": percentile_ms(seen.latencies, 0.99),
        "worst_ms": percentile_ms(seen.latencies, 1.0),
        "east_hits": len(hits),
        "east_hits_first_s": sum(at - began < 1.0 for at in hits),
    }


def _condition(port: int, region: str, faults: list[dict[str, Any]]) -> None:
    _send("PUT", f"http://127.0.0.1:{port}/_control/{region}", {**_PACE, "region": region, "faults": faults})


def _hits(port: int, deployment: str) -> list[float]:
    """When requests to a deployment began, seconds since the epoch."""
    shown = _send("GET", f"http://127.0.0.1:{port}/_requests?deployment={deployment}&limit=1000", None)
    return [datetime.fromisoformat(each["time"]).timestamp() for each in shown["requests"]]


def _send(method: str, url: str, document: Any, key: str = "") -> Any:
    body = None if document is None else json.dumps(document).encode()
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else None


if __name__ == "__main__":
    sys.exit(main())
