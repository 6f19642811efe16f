"""How long the questions of the Traces page take on a store with many spans. Run: python -m bench.queries [spans]."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.running_store import running_store

from madang_server.spans.filter import TraceFilter
from madang_server.spans.totals import chart, facets, summarise
from madang_server.spans.traces import list_traces, read_trace
from madang_server.storage.clickhouse.client import Store
from madang_server.storage.clickhouse.migrate import migrate

PROJECT = "bench"
DAYS = 30
_WORDS = 4000
_CHUNK = 50_000

# Two spans for each call, as the gateway writes them; text of the sizes that were seen in practice (1.5 and 0.8 KB).
_FILL = """
INSERT INTO spans (project_id, trace_id, span_id, parent_span_id, is_root, kind, name, start_time, end_time, status,
    error_type, environment, session_id, user_id, provider, model, response_model, deployment, input_tokens,
    output_tokens, cost_usd, first_token_ms, attempts, simulated, attributes, input, output, version)
WITH
    intDiv(number, 2) AS call,
    number % 2 = 0 AS root,
    cityHash64(call) AS h,
    fromUnixTimestamp64Micro(toInt64({first:Int64} + call * {step:Int64}), 'UTC') AS started,
    ['gpt-4o', 'gpt-4o-mini', 'claude', 'gemini'][1 + h % 4] AS alias,
    h % 50 = 0 AS failed
SELECT
    {project:String}, lower(hex(sipHash128(call))), lower(leftPad(hex(cityHash64(number)), 16, '0')),
    if(root, '', lower(leftPad(hex(cityHash64(number - 1)), 16, '0'))), root, if(root, 'generation', 'attempt'), alias,
    if(root, started, addMicroseconds(started, 100)), addMicroseconds(started, 200000 + h % 3000000),
    if(failed, 'error', 'ok'), if(failed, 'rate_limited', ''), if(h % 5 = 0, 'staging', 'production'),
    concat('session-', toString(h % 20000)), concat('user-', toString(h % 5000)), 'openai', alias, alias,
    concat(alias, '-', toString(h % 3)), if(root, h % 3000, NULL), if(root, h % 700, NULL),
    if(root, toDecimal64((h % 100000) / 10000000, 9), NULL), h % 900, if(root, 1 + (h % 20 = 0), 0), false,
    map('madang.attempt.number', '1'),
    if(root, concat('{"model":"', alias, '","messages":[{"role":"user","content":"',
        arrayStringConcat(arrayMap(i -> concat('w', toString(intDiv(cityHash64(call, i) % {words:UInt64}
            * (cityHash64(i, call) % {words:UInt64}), {words:UInt64}))), range(300)), ' '),
        if(call % 100000 = 7, ' needleinhaystack', ''), '"}]}'), ''),
    if(root, concat('{"choices":[{"index":0,"message":{"role":"assistant","content":"',
        arrayStringConcat(arrayMap(i -> concat('w', toString(cityHash64(i, call, 1) % {words:UInt64})), range(140)), ' '),
        '"},"finish_reason":"stop"}]}'), ''),
    1
FROM numbers({from:UInt64}, {count:UInt64})
"""


def fill(store: Store, spans: int, end: datetime) -> None:
    """Write that many spans, spread evenly over the days before `end`."""
    step = int(DAYS * 86_400 * 1_000_000 / (spans / 2))
    first = int((end - timedelta(days=DAYS)).timestamp() * 1_000_000)
    given = {"project": PROJECT, "first": first, "step": step, "words": _WORDS}
    for start in range(0, spans, _CHUNK):
        store.run(_FILL, {**given, "from": start, "count": min(_CHUNK, spans - start)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("spans", nargs="?", type=int, default=1_000_000)
    spans = parser.parse_args().spans
    with tempfile.TemporaryDirectory() as folder, running_store(Path(folder)) as running:
        store = Store(running.url)
        migrate(store)
        end = datetime.now(UTC).replace(microsecond=0)
        began = time.monotonic()
        fill(store, spans, end)
        print(f"{spans:,} spans over {DAYS} days written in {time.monotonic() - began:.0f} s")
        _settle(store)
        size = store.rows(
            "SELECT sum(bytes_on_disk) AS b, count() AS n FROM system.parts WHERE table='spans' AND active"
        )[0]
        print(f"{size['b'] / spans:.0f} bytes a span in {size['n']} parts\n")
        _measure_all(store, end)


def _settle(store: Store) -> None:
    """Wait until merges have gone quiet, at most two minutes."""
    for _ in range(120):
        if not store.rows("SELECT count() AS n FROM system.merges")[0]["n"]:
            return
        time.sleep(1)


def _measure_all(store: Store, end: datetime) -> None:
    month = TraceFilter(project_id=PROJECT, start=end - timedelta(days=DAYS), end=end)
    day = TraceFilter(project_id=PROJECT, start=end - timedelta(days=1), end=end)
    week = replace(month, start=end - timedelta(days=7))
    newest = list_traces(store, month, 50)
    middle = list_traces(store, replace(month, end=end - timedelta(days=15)), 1)
    trace = middle.rows[0].trace_id
    questions: list[tuple[str, Callable[[], object]]] = [
        ("newest 50, 30 days", lambda: list_traces(store, month, 50)),
        ("next 50", lambda: list_traces(store, month, 50, newest.next)),
        ("failed with one model, 7 days", lambda: list_traces(
            store, replace(week, status=["error"], model=["gpt-4o"]), 50)),
        ("one user, 30 days", lambda: list_traces(
            store, replace(month, user="user-17"), 50)),
        ("slower than 3.1 s, 30 days", lambda: list_traces(
            store, replace(month, min_duration_ms=3100), 50)),
        ("one trace", lambda: read_trace(store, PROJECT, trace)),
        ("chart by hour, 24 h", lambda: chart(store, day, 24)),
        ("chart by day, 30 days", lambda: chart(store, month, 30)),
        ("summary, 24 h", lambda: summarise(store, day)),
        ("summary, 30 days", lambda: summarise(store, month)),
        ("summary of one model, 30 days", lambda: summarise(
            store, replace(month, model=["gpt-4o"]))),
        ("facets, 24 h", lambda: facets(store, day)),
        ("facets, 30 days", lambda: facets(store, month)),
        ("frequent word, 30 days", lambda: list_traces(
            store, replace(month, text="w17"), 50)),
        ("rare word, 7 days", lambda: list_traces(store, replace(week, text="needleinhay"), 50)),
        ("rare word, 30 days", lambda: list_traces(
            store, replace(month, text="needleinhay"), 50)),
    ]  # fmt: skip
    print(f"{'question':<34}{'p50 ms':>9}{'p95 ms':>9}")
    for name, ask in questions:
        _measure(store, name, ask)


def _measure(store: Store, name: str, ask: Callable[[], object], times: int = 15) -> None:
    ask()
    took = []
    for _ in range(times):
        # A repeated question would be answered from the engine's memory of which parts match.
        store.run("SYSTEM DROP QUERY CONDITION CACHE")
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1000)
        if sum(took) > 10_000:
            break
    took.sort()
    print(f"{name:<34}{statistics.median(took):>9.1f}{took[int(len(took) * 0.95)]:>9.1f}", flush=True)


if __name__ == "__main__":
    main()
