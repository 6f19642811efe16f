"""What the simulator was sent and how it answered: the last requests and counters, for tests and drills.

Keeps request bodies, being a test tool, but never a credential's value.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from madang_simulator.incoming import Incoming

_KEPT_REQUESTS = 1000
_LARGEST_KEPT_BODY = 65_536
_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "api-key",
        "x-api-key",
        "x-goog-api-key",
        "x-amz-security-token",
        "proxy-authorization",
        "cookie",
    }
)
_SECRET_QUERIES = frozenset({"key", "access_token"})
_NOT_KEPT = "(not kept)"


@dataclass(slots=True)
class Entry:
    """One request; what is not yet known is None until it has ended."""

    number: int
    started: float
    method: str
    path: str
    query: str
    deployment: str
    headers: dict[str, str]
    body: bytes = b""
    operation: str | None = None
    streamed: bool = False
    status: int | None = None
    fault: str | None = None
    chunks: int = 0
    client_left: bool = False
    broken_by_us: bool = False
    ended: float | None = None


@dataclass
class Counts:
    """Counters of one deployment since the start, or since they were cleared."""

    requests: int = 0
    in_flight: int = 0
    client_left: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


class Journal:
    """The last requests, the oldest dropped first, and counters for each deployment."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT_REQUESTS)
        self._counts: dict[str, Counts] = {}
        self._number = 0

    def start(self, incoming: Incoming, now: float) -> Entry:
        """A new entry at `now` (Unix seconds), counted as in flight until `end`."""
        self._number += 1
        shown = {name: _NOT_KEPT if name in _SECRET_HEADERS else value for name, value in incoming.headers.items()}
        target = urlsplit(incoming.target)
        query = _shown_query(target.query)
        entry = Entry(self._number, now, incoming.method, target.path, query, incoming.deployment, shown)
        self._entries.append(entry)
        counts = self._counts.setdefault(incoming.deployment, Counts())
        counts.requests += 1
        counts.in_flight += 1
        return entry

    def end(self, entry: Entry, now: float) -> None:
        """The request is over, one way or another."""
        entry.ended = now
        counts = self._counts.setdefault(entry.deployment, Counts())
        counts.in_flight = max(counts.in_flight - 1, 0)
        counts.client_left += entry.client_left
        counts.statuses[str(entry.status) if entry.status is not None else "none"] += 1
        if entry.fault is not None:
            counts.faults[entry.fault] += 1

    def clear(self) -> None:
        """Forgets entries and counters; requests in flight stay counted."""
        self._entries.clear()
        self._counts = {
            name: Counts(in_flight=counts.in_flight) for name, counts in self._counts.items() if counts.in_flight
        }

    def show(self, *, deployment: str | None, limit: int) -> dict[str, Any]:
        """Counters, and the newest `limit` requests, oldest first, as JSON values."""
        chosen = [entry for entry in self._entries if deployment is None or entry.deployment == deployment]
        return {
            "in_flight": sum(counts.in_flight for counts in self._counts.values()),
            "deployments": {
                name: _shown_counts(counts)
                for name, counts in sorted(self._counts.items())
                if deployment is None or name == deployment
            },
            "requests": [_shown_entry(entry) for entry in chosen[max(len(chosen) - limit, 0) :]],
        }


def kept_body(body: bytes) -> bytes:
    """`body` as the journal keeps it: nothing of one that is too large."""
    return body if len(body) <= _LARGEST_KEPT_BODY else b""


def _shown_query(query: str) -> str:
    if not any(f"{name}=" in query for name in _SECRET_QUERIES):
        return query
    fields = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, _NOT_KEPT if name in _SECRET_QUERIES else value) for name, value in fields])


def _shown_counts(counts: Counts) -> Mapping[str, Any]:
    return {
        "requests": counts.requests,
        "in_flight": counts.in_flight,
        "client_left": counts.client_left,
        "statuses": dict(counts.statuses),
        "faults": dict(counts.faults),
    }


def _shown_entry(entry: Entry) -> Mapping[str, Any]:
    return {
        "number": entry.number,
        "time": datetime.fromtimestamp(entry.started, UTC).isoformat().replace("+00:00", "Z"),
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "deployment": entry.deployment,
        "operation": entry.operation,
        "streamed": entry.streamed,
        "status": entry.status,
        "fault": entry.fault,
        "chunks": entry.chunks,
        "client_left": entry.client_left,
        "duration_ms": None if entry.ended is None else round((entry.ended - entry.started) * 1000, 1),
        "headers": entry.headers,
        "body": _shown_body(entry.body),
    }


def _shown_body(body: bytes) -> object:
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body[:2000].decode("utf-8", "replace")
