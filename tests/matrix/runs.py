"""Plays cells of the matrix: each in this process and through the Gateway, and the traces that both leave."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.matrix.callers import WAYS, Caller, Failure, Way
from tests.matrix.columns import Column
from tests.support.running_platform import Platform, until

from madang import Madang
from madang_simulator import RunningSimulator

Json = dict[str, Any]
Span = Mapping[str, Any]

_AT_ONCE = 16
_APPLIED_AT_ONCE = 300  # models; a document may have 500
_STORED_S = 60.0
# What of a trace is bound to differ: when it happened, and the ids.
_DIFFERENT = frozenset(
    {"trace_id", "span_id", "parent_span_id", "start_time", "end_time", "duration_us", "first_token_ms", "version"}
)
_SECONDS = re.compile(r"\b\d+(?:\.\d+)? s\b")
# Ids and times; and whether a response is kept, which only the Gateway can.
_RANDOM = frozenset(
    {"id", "created", "system_fingerprint", "created_at", "completed_at", "call_id", "item_id", "store"}
)


@dataclass(frozen=True)
class Cell:
    """One question to one vendor. `ask` is called for each way, with a fresh deployment behind `model`."""

    name: str
    column: Column
    deployment: Mapping[str, Any]
    behaviour: Mapping[str, Any]
    limits: Mapping[str, Any]
    ask: Callable[[Caller, str], Json]

    @property
    def model(self) -> str:
        return f"model-{self.deployment['name']}"


@dataclass
class Outcome:
    """What one way gave: an answer or a failure, what arrived at the vendor, and the traces, one for each call."""

    answer: Json | None = None
    failure: Failure | None = None
    trace_ids: Sequence[str] = ()
    requests: Sequence[Mapping[str, Any]] = ()
    traces: Sequence[Sequence[Span]] = field(default_factory=list)

    @property
    def root(self) -> Span:
        """The last call's own span."""
        return self.traces[-1][0]

    @property
    def attempts(self) -> Sequence[Span]:
        """The last call's requests to the vendor."""
        return self.traces[-1][1:]


Played = Mapping[str, Mapping[Way, Outcome]]


def play(platform: Platform, cells: Sequence[Cell]) -> Played:
    """All cells, by name. What nobody foresaw while asking is raised."""
    project_id, key = platform.new_project()
    first = _first_calls(platform, cells)
    _set_up(platform, [*cells, *first], key)
    with _clients(platform, key) as clients, ThreadPoolExecutor(_AT_ONCE) as threads:
        for cell in first:
            _both(platform, cell, clients)
        played = dict(
            zip((c.name for c in cells), threads.map(lambda c: _both(platform, c, clients), cells), strict=True)
        )
    _add_traces(platform, project_id, [outcome for both in played.values() for outcome in both.values()])
    return played


def shape_of(outcome: Outcome) -> list[list[Json]]:
    """The traces without what differs from call to call."""
    return [[_shown(span) for span in trace] for trace in outcome.traces]


def same_answer(answer: Json | None) -> Json | None:
    """The answer without ids and times."""
    shown: Json | None = _without(answer)
    return shown


def same_words(message: str) -> str:
    """The message without how many seconds were left, of which each way has a few milliseconds less."""
    return _SECONDS.sub("… s", message)


def _first_calls(platform: Platform, cells: Sequence[Cell]) -> list[Cell]:
    """LiteLLM takes seconds to load at its first call, which no cell's time limit should have to pay for."""
    column = next((cell.column for cell in cells if cell.column.vendor == "litellm"), None)
    if column is None:
        return []

    def ask(caller: Caller, model: str) -> Json:
        return caller.chat(model=model, messages=[{"role": "user", "content": "Hello"}])

    return [Cell("first", column, column.deployment(platform.simulator), {}, {}, ask)]


def _set_up(platform: Platform, cells: Sequence[Cell], key: str) -> None:
    columns = {cell.column.name: cell.column for cell in cells}
    credentials = [given for column in columns.values() for given in column.credentials(platform.simulator)]
    models = [
        {"alias": cell.model, "deployments": [cell.deployment], "retries": 0, "timeout_s": 30, **cell.limits}
        for cell in cells
    ]
    platform.apply({"credentials": credentials}, key=key)
    for start in range(0, len(models), _APPLIED_AT_ONCE):
        platform.apply({"models": models[start : start + _APPLIED_AT_ONCE]}, key=key)


@contextmanager
def _clients(platform: Platform, key: str) -> Iterator[Mapping[Way, Any]]:
    with Madang(api_key=key, base_url=platform.url, mode="direct") as direct:
        yield {"direct": direct, "gateway": platform.openai(key=key, max_retries=0)}


def _both(platform: Platform, cell: Cell, clients: Mapping[Way, Any]) -> Mapping[Way, Outcome]:
    return {way: _asked(platform, cell, clients[way]) for way in WAYS}


def _asked(platform: Platform, cell: Cell, client: Any) -> Outcome:
    place = cell.deployment["name"]
    _forget(platform.simulator, place)
    platform.simulator.configure(place, seed=7, **cell.behaviour)
    before = len(platform.simulator.requests(place)["requests"])
    caller = Caller(client)
    outcome = Outcome()
    try:
        outcome.answer = cell.ask(caller, cell.model)
    except Exception as error:  # the caller raises again what is none of a call's
        error.add_note(f"in {cell.name}")
        outcome.failure = caller.failure(error)
    outcome.trace_ids = tuple(caller.trace_ids)
    arrived = platform.simulator.requests(place)["requests"]
    outcome.requests = arrived[: len(arrived) - before]  # the newest come first
    return outcome


def _forget(simulator: RunningSimulator, place: str) -> None:
    """Lets the place begin anew: also the prompts that it has seen count as new, as they did for the other way."""
    request = urllib.request.Request(f"{simulator.url}/_control/{place}", method="DELETE")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status < 300


def _add_traces(platform: Platform, project_id: str, outcomes: Sequence[Outcome]) -> None:
    """Reads all traces at once, as soon as every one is there."""
    wanted = {trace_id for outcome in outcomes for trace_id in outcome.trace_ids}
    count = f"SELECT uniqExact(trace_id) AS n FROM spans WHERE project_id = '{project_id}' AND is_root"
    begun = time.monotonic()
    until(
        lambda: any(int(row["n"]) >= len(wanted) for row in platform.rows(count)),
        f"{len(wanted)} traces are stored",
        within_s=_STORED_S,
    )
    spans = platform.rows(f"SELECT * FROM spans WHERE project_id = '{project_id}' ORDER BY start_time")
    assert time.monotonic() - begun < _STORED_S
    traces: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (not span["is_root"], span["start_time"])):
        traces.setdefault(span["trace_id"], []).append(span)
    for outcome in outcomes:
        outcome.traces = [traces.get(trace_id, []) for trace_id in outcome.trace_ids]


def _shown(span: Span) -> Json:
    shown = {name: value for name, value in span.items() if name not in _DIFFERENT}
    shown["attributes"] = {
        name: value for name, value in span["attributes"].items() if name != "madang.attempt.request_id"
    }
    shown["status_message"] = same_words(span["status_message"])
    for body in ("input", "output"):
        shown[body] = _without(_read(span[body]))
    return shown


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner) for name, inner in value.items() if name not in _RANDOM}
    if isinstance(value, list):
        return [_without(each) for each in value]
    return value
