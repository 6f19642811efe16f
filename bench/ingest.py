"""What a span costs from OTLP over the spool into the store, in CPU of all our processes. Run: python -m bench.ingest.

Every answer is given only when its spans would survive a power cut; CPU is read when all are stored and merged. With
--peers phoenix, Arize Phoenix gets the same bodies in the same run.
"""

import argparse
import asyncio
import gzip
import http.client
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn
from bench.ingest_peers import PEERS
from bench.processes import cpu_s_so_far
from bench.running_store import running_store
from bench.targets import CannotRun

from madang.calls.span import Span
from madang.tracing.otlp import encode_spans
from madang_server.gateway.otlp import receive_spans
from madang_server.settings import read_settings
from madang_server.storage.clickhouse.client import Store
from madang_server.storage.clickhouse.migrate import migrate
from madang_server.storage.spool.writer import open_spool
from madang_server.worker import run_worker

PROJECT = "bench"
_STORED_LIMIT_S = 600.0


@dataclass(frozen=True)
class Load:
    """Requests of `batch` spans each: the body, and the ids of the traces in it as they stand there."""

    form: str
    batch: int
    bodies: list[tuple[bytes, list[bytes]]]


@dataclass(frozen=True)
class Cost:
    """What a number of spans took: CPU seconds of each process, and seconds from the first request on."""

    spans: int
    cpu_s: list[float]
    acknowledged_s: float
    queryable_s: float
    bytes_a_span: float | None = None

    @property
    def us_a_span(self) -> float:
        return 1e6 * sum(self.cpu_s) / self.spans


def calls(count: int, random_: random.Random, now_us: int) -> list[Span]:
    """Spans of that many calls, as the SDK makes them: a root with both texts and one attempt. Sizes as in production."""
    words = [f"w{number}" for number in range(4000)]
    spans = []
    for number in range(count):
        trace, root = f"{random_.getrandbits(128) | 1:032x}", f"{random_.getrandbits(64) | 1:016x}"
        start = now_us + number
        asked = " ".join(random_.choices(words, k=int(random_.triangular(40, 800, 200))))
        answered = " ".join(random_.choices(words, k=int(random_.triangular(20, 350, 100))))
        shared: dict[str, Any] = {
            "trace_id": trace, "start_us": start, "end_us": start + 900_000, "status": "ok", "provider": "openai",
            "model": "gpt-4o", "response_model": "gpt-4o-2024-08-06", "deployment": "eastus", "user_id": f"u{number % 500}",
            "session_id": f"s{number % 3000}", "environment": "production",
        }  # fmt: skip
        spans.append(
            Span(
                **shared,
                span_id=root,
                is_root=True,
                kind="generation",
                name="chat gpt-4o",
                input_tokens=400,
                output_tokens=120,
                cached_tokens=0,
                cost_usd=Decimal("0.0022"),
                attempts=1,
                first_token_ms=300,
                cost_details={"input": Decimal("0.001"), "output": Decimal("0.0012")},
                tags=("web",),
                input=f'{{"model":"gpt-4o","messages":[{{"role":"user","content":"{asked}"}}]}}',
                output=f'{{"choices":[{{"index":0,"message":{{"role":"assistant","content":"{answered}"}}}}]}}',
                attributes={"http.route": "/ask", "tenant": f"t{number % 40}"},
            )
        )
        spans.append(
            Span(
                **shared,
                span_id=f"{random_.getrandbits(64) | 1:016x}",
                parent_span_id=root,
                kind="attempt",
                name="eastus",
                attributes={"madang.attempt.number": "1", "madang.attempt.reason": "first choice"},
            )
        )
    return spans


def to_protobuf(body: bytes) -> bytes:
    """The same request in protobuf, as other senders use it."""
    import base64
    import json

    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = json.loads(body)
    for span in request["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for name in ("traceId", "spanId", "parentSpanId"):
            span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    return json_format.ParseDict(request, ExportTraceServiceRequest()).SerializeToString()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=500, help="spans in one request")
    parser.add_argument("--peers", nargs="+", choices=sorted(PEERS), help="measure these beside Madang, protobuf only")
    parser.add_argument("--peer-spans", type=int, default=2_000, help="spans for a peer, which may take 80 a second")
    parser.add_argument("--role", choices=["intake", "worker"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.spans % given.batch or given.peer_spans % given.batch:
        parser.error("only whole requests are sent: make --spans and --peer-spans multiples of --batch")
    if given.role == "intake":
        serve_intake(Path(os.environ["MADANG_HOME"]))
    elif given.role == "worker":
        asyncio.run(run_worker(read_settings(os.environ), asyncio.Event()))
    elif given.peers:
        compare_with_peers(given.peers, given.spans, given.peer_spans, given.batch)
    else:
        compare(given.spans, given.batch)


def compare(spans: int, batch: int) -> None:
    """Print one line for each form that spans arrive in."""
    print(f"{spans:,} spans in requests of {batch}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(
        f"{'format':<16}{'intake':>9}{'worker':>9}{'store':>9}{'µs/span':>9}{'spans/CPU-s':>13}{'spans/s':>10}{'bytes':>8}"
    )
    for form in ("json", "json gzip", "protobuf"):
        with tempfile.TemporaryDirectory() as folder:
            cost = measure(Path(folder), make_load(form, batch), spans)
        print(
            f"{form:<16}" + "".join(f"{1e6 * part / spans:>9.0f}" for part in cost.cpu_s)
            + f"{cost.us_a_span:>9.0f}{1e6 / cost.us_a_span:>13,.0f}{spans / cost.queryable_s:>10,.0f}"
            + f"{cost.bytes_a_span:>8.0f}",
            flush=True,
        )  # fmt: skip


def compare_with_peers(names: Sequence[str], spans: int, peer_spans: int, batch: int) -> None:
    """Print Madang with its own number of spans and with the peers', then each peer. All warm: one request went before."""
    print(f"protobuf in requests of {batch}, 4 senders, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(
        f"{'server':<18}{'spans':>9}{'µs/span':>9}{'spans/CPU-s':>13}"
        f"{'acknowledged':>14}{'queryable':>11}{'spans/s':>9}{'× Madang':>10}"
    )
    load, own = make_load("protobuf", batch), []
    for count in (spans, peer_spans):
        with tempfile.TemporaryDirectory() as folder:
            own.append(measure(Path(folder), load, count, warm=1))
        _print_row("Madang", own[-1], own[0])
    for name in names:
        # Whatever goes wrong with a peer must not cost the rows of the others.
        try:
            with tempfile.TemporaryDirectory() as folder, PEERS[name](Path(folder)) as peer:
                _print_row(peer.name, _drive(peer.port, load, peer_spans, 1, peer.stored, [peer.pid]), own[0])
        except (CannotRun, OSError, RuntimeError, http.client.HTTPException, sqlite3.Error) as error:
            print(f"{name:<18}not measured: {error or type(error).__name__}", flush=True)


def _print_row(name: str, cost: Cost, base: Cost) -> None:
    print(
        f"{name:<18}{cost.spans:>9,}{cost.us_a_span:>9,.0f}{1e6 / cost.us_a_span:>13,.0f}{cost.acknowledged_s:>12.2f} s"
        f"{cost.queryable_s:>9.2f} s{cost.spans / cost.queryable_s:>9,.0f}{cost.us_a_span / base.us_a_span:>10.1f}",
        flush=True,
    )


def measure(home: Path, load: Load, spans: int, warm: int = 0) -> Cost:
    """Madang's cost in that order: intake, worker, store. `warm` requests go before and do not count."""
    with running_store(home) as running:
        store = Store(running.url)
        migrate(store)
        intake, worker = _start("intake", home, running.url), _start("worker", home, running.url)
        try:
            port = _port_of(home)
            _wait_ready(port)
            pids = [intake.pid, worker.pid, running.process.pid]
            cost = _drive(port, load, spans, warm, lambda: _stored(store), pids, lambda: _settle(store))
        finally:
            for process in (intake, worker):
                process.kill()
                process.wait()
        size = store.rows("SELECT sum(bytes_on_disk) AS b FROM system.parts WHERE table = 'spans' AND active")[0]["b"]
        all_stored = _stored(store)
        store.close()
    return replace(cost, bytes_a_span=size / all_stored)


def _drive(
    port: int,
    load: Load,
    spans: int,
    warm: int,
    stored: Callable[[], int],
    pids: Sequence[int],
    settle: Callable[[], None] = lambda: None,
) -> Cost:
    """Sends the spans and waits until all are stored; CPU is read then, or after `settle`. Raises RuntimeError."""
    _send(port, load, range(warm))
    _wait_stored(stored, warm * load.batch)
    before = [cpu_s_so_far([pid]) for pid in pids]
    began = time.monotonic()
    _send(port, load, range(warm, warm + spans // load.batch))
    acknowledged = time.monotonic() - began
    _wait_stored(stored, warm * load.batch + spans)
    queryable = time.monotonic() - began
    settle()
    used = [cpu_s_so_far([pid]) - start for pid, start in zip(pids, before, strict=True)]
    return Cost(spans, used, acknowledged, queryable)


def _wait_stored(stored: Callable[[], int], wanted: int) -> None:
    limit = time.monotonic() + _STORED_LIMIT_S
    while (found := stored()) < wanted:
        if time.monotonic() > limit:
            raise RuntimeError(f"only {found:,} of {wanted:,} spans were stored after {_STORED_LIMIT_S:.0f} s")
        time.sleep(0.2)
    if found > wanted:
        raise RuntimeError(f"{found:,} spans were stored of {wanted:,}")


def serve_intake(home: Path) -> None:
    """A process that takes OTLP as the gateway does, without its keys and routes."""
    spool = open_spool(home / "spool")

    async def app(scope: dict, receive, send) -> None:  # type: ignore[no-untyped-def, type-arg]  # a bare ASGI app
        headers = {name: value.decode() for name, value in scope["headers"]}
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status, answered, content = await receive_spans(
            PROJECT, body, headers.get(b"content-type", ""), headers.get(b"content-encoding", ""), spool
        )
        answered.append((b"content-length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": answered})
        await send({"type": "http.response.body", "body": content})

    config = uvicorn.Config(app, port=0, lifespan="off", log_level="warning", loop="uvloop", http="httptools")
    listener = config.bind_socket()
    (home / "intake.port").write_text(str(listener.getsockname()[1]))
    uvicorn.Server(config).run(sockets=[listener])


def make_load(form: str, batch: int) -> Load:
    """Forty requests, always the same but for the hour."""
    made = calls(batch * 40 // 2, random.Random(7), int(time.time() * 1e6) - 3_600_000_000)
    bodies: list[tuple[bytes, list[bytes]]] = []
    for start in range(0, len(made), batch):
        part = made[start : start + batch]
        body, traces = encode_spans(part), [span.trace_id for span in part[::2]]
        if form == "protobuf":
            bodies.append((to_protobuf(body), [bytes.fromhex(trace) for trace in traces]))
        else:
            bodies.append((body, [trace.encode() for trace in traces]))
    return Load(form, batch, bodies)


def _send(port: int, load: Load, numbers: Iterable[int]) -> None:
    """Four senders at once. Every request has spans of its own: the start of each trace's id is changed in the bytes."""

    def send(number: int) -> None:
        form, (body, traces) = load.form, load.bodies[number % len(load.bodies)]
        mark = (number + 1).to_bytes(4) if form == "protobuf" else b"%08x" % (number + 1)
        for trace in traces:
            body = body.replace(trace, mark + trace[len(mark) :])
        if form == "json gzip":
            body = gzip.compress(body, 1)
        headers = {"content-type": "application/x-protobuf" if form == "protobuf" else "application/json"}
        if form == "json gzip":
            headers["content-encoding"] = "gzip"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/v1/traces", body, headers)
        status = connection.getresponse().status
        connection.close()
        if status != 200:
            raise RuntimeError(f"a request was answered with {status}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, numbers))


def _start(role: str, home: Path, url: str) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    environment = {**kept, "MADANG_HOME": str(home), "MADANG_CLICKHOUSE_URL": url}
    return subprocess.Popen([sys.executable, "-m", "bench.ingest", "--role", role], env=environment)


def _port_of(home: Path) -> int:
    path = home / "intake.port"
    for _ in range(400):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.05)
    raise RuntimeError("The intake did not start within 20 s")


def _wait_ready(port: int) -> None:
    for _ in range(200):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=2).connect()
        except OSError:
            time.sleep(0.05)
        else:
            time.sleep(1)
            return
    raise RuntimeError("The intake does not answer")


def _stored(store: Store) -> int:
    return int(store.rows("SELECT count() AS n FROM spans")[0]["n"])


def _settle(store: Store) -> None:
    quiet = 0
    while quiet < 4:
        time.sleep(0.5)
        quiet = 0 if store.rows("SELECT count() AS n FROM system.merges")[0]["n"] else quiet + 1


if __name__ == "__main__":
    main()
