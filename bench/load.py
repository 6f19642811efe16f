"""Loads one HTTP endpoint and prints what it saw as one line of JSON.

closed   as many connections as asked, each sending its next request when the answer is there
open     a fixed rate, whether answers come or not; latency counts from when a request was due, so waiting is not hidden
streams  as many streamed calls at a time as asked, begun one after the other
"""

import argparse
import asyncio
import ctypes
import json
import os
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

_OPEN_CONNECTIONS = 32
_NS = 1_000_000_000


@dataclass
class Seen:
    """What the load saw. Times in seconds."""

    done: int = 0
    failed: int = 0
    events: int = 0
    begun: float = 0.0  # time.perf_counter when the first request was sent
    ended: float = 0.0  # and when the last answer was complete
    latencies: list[float] = field(default_factory=list)
    first_tokens: list[float] = field(default_factory=list)


class Exchange(asyncio.Protocol):
    """One kept-alive connection that has one request at a time on its way."""

    def __init__(self, request: bytes, seen: Seen, free: "Callable[[Exchange], None]") -> None:
        self._request = request
        self._seen = seen
        self._free = free
        self._buffer = b""
        self._rest = -1  # bytes of the body still to come; -1 before the head, -2 while chunked
        self._since = 0.0
        self._has_token = False
        self._is_failed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have asyncio's methods without being its subclasses.
        self._transport = cast("asyncio.Transport", transport)

    def send(self, due: float) -> None:
        """Sends the request; its latency counts from `due` (time.perf_counter)."""
        self._since = due
        self._seen.begun = self._seen.begun or due
        self._buffer = b""
        self._rest = -1
        self._has_token = False
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._rest == -1:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head, data = self._buffer[:end].lower(), self._buffer[end + 4 :]
            self._buffer = b""
            self._is_failed = not head.startswith(b"http/1.1 200")
            found = head.find(b"content-length:")
            if found >= 0:
                self._rest = int(head[found + 15 :].split(b"\r\n", 1)[0])
            else:
                self._rest = -2
        if self._rest == -2:
            self._chunked(data)
            return
        self._rest -= len(data)
        if self._rest <= 0:
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        if self._since:
            self._seen.failed += 1
        self._since = 0.0

    def _chunked(self, data: bytes) -> None:
        self._seen.events += data.count(b"data: ")
        if not self._has_token:
            # The first event has the role alone; the first piece of text is what a person sees.
            self._buffer += data
            if b"word00" in self._buffer:
                self._has_token = True
                self._seen.first_tokens.append(time.perf_counter() - self._since)
        if data.endswith(b"0\r\n\r\n"):
            self._is_failed = self._is_failed or not self._has_token
            self._finish()

    def _finish(self) -> None:
        self._seen.ended = time.perf_counter()
        self._seen.latencies.append(self._seen.ended - self._since)
        self._since = 0.0
        if self._is_failed:
            self._seen.failed += 1
        else:
            self._seen.done += 1
        self._free(self)


async def closed(url: str, request: bytes, *, connections: int, seconds: float) -> Seen:
    """As many requests as the endpoint takes."""
    seen = Seen()
    end = time.perf_counter() + seconds

    def again(exchange: Exchange) -> None:
        now = time.perf_counter()
        if now < end:
            exchange.send(now)

    exchanges = await _connect(url, request, seen, again, connections)
    for exchange in exchanges:
        exchange.send(time.perf_counter())
    await asyncio.sleep(seconds)
    await _drained(exchanges, 10.0)
    return seen


async def open_loop(url: str, request: bytes, *, rate: float, seconds: float) -> Seen:
    """`rate` requests a second, evenly, on connections that are free; a request that finds none waits for one."""
    seen = Seen()
    idle: list[Exchange] = []
    late: deque[float] = deque()

    def free(exchange: Exchange) -> None:
        if late:
            exchange.send(late.popleft())
        else:
            idle.append(exchange)

    exchanges = await _connect(url, request, seen, free, _OPEN_CONNECTIONS)
    idle.extend(exchanges)
    begin = time.perf_counter() + 0.01
    total = int(rate * seconds)
    sent = 0
    finished = asyncio.Event()

    def on_tick() -> None:
        nonlocal sent
        os.read(timer, 8)
        while sent < total and begin + sent / rate <= time.perf_counter():
            due = begin + sent / rate
            sent += 1
            if idle:
                idle.pop().send(due)
            else:
                late.append(due)
        if sent >= total:
            finished.set()

    timer = _ticks(begin, 1 / rate)
    loop = asyncio.get_running_loop()
    loop.add_reader(timer, on_tick)
    try:
        await finished.wait()
        await _drained(exchanges, 10.0, lambda: bool(late))
    finally:
        loop.remove_reader(timer)
        os.close(timer)
    return seen


async def streams(url: str, request: bytes, *, at_once: int, seconds: float) -> Seen:
    """`at_once` streamed calls at any time."""
    seen = Seen()
    end = time.perf_counter() + seconds

    def again(exchange: Exchange) -> None:
        now = time.perf_counter()
        if now < end:
            exchange.send(now)

    exchanges = await _connect(url, request, seen, again, at_once)
    for exchange in exchanges:
        exchange.send(time.perf_counter())
        await asyncio.sleep(0.003)  # spread over the 10 ms between two pieces
    await asyncio.sleep(seconds)
    await _drained(exchanges, 10.0)
    return seen


def request_bytes(url: str, *, key: str, model: str, is_stream: bool) -> bytes:
    """A chat completion request of about 470 bytes without its head."""
    content = "You are asked for a short description of a dish on a menu. " * 5
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "system", "content": "Answer in one sentence."}, {"role": "user", "content": content}],
        "temperature": 0.2,
    }
    if is_stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    raw = json.dumps(body, separators=(",", ":")).encode()
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


async def _connect(
    url: str, request: bytes, seen: Seen, free: Callable[[Exchange], None], count: int
) -> list[Exchange]:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Exchange(request, seen, free), parts.hostname or "", parts.port or 80)
        for _ in range(count)
    ]
    return [exchange for _, exchange in made]


async def _drained(exchanges: list[Exchange], longest_s: float, is_waiting: Callable[[], bool] = bool) -> None:
    """Waits until no answer is outstanding."""
    end = time.perf_counter() + longest_s
    while (is_waiting() or any(exchange._since for exchange in exchanges)) and time.perf_counter() < end:
        await asyncio.sleep(0.005)


def _ticks(begin: float, interval_s: float) -> int:
    """A timerfd that fires at `begin` and every interval after it: event loops' own timers are a millisecond coarse."""
    library = ctypes.CDLL(None, use_errno=True)
    timer: int = library.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
    wait_ns = max(1, int((begin - time.perf_counter()) * _NS))
    interval_ns = int(interval_s * _NS)
    spec = struct.pack("qqqq", *divmod(interval_ns, _NS), *divmod(wait_ns, _NS))
    if timer < 0 or library.timerfd_settime(timer, 0, spec, None) != 0:
        raise OSError(ctypes.get_errno(), "No timer could be made")
    return timer


def percentile_ms(values: list[float], share: float) -> float | None:
    """The value that `share` of the values do not exceed, in milliseconds."""
    if not values:
        return None
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


def _report(seen: Seen) -> dict[str, Any]:
    elapsed_s = seen.ended - seen.begun
    return {
        "elapsed_s": elapsed_s,
        "done": seen.done,
        "failed": seen.failed,
        "events": seen.events,
        "per_s": seen.done / elapsed_s if elapsed_s else 0.0,
        "p50_ms": percentile_ms(seen.latencies, 0.5),
        "p99_ms": percentile_ms(seen.latencies, 0.99),
        "first_token_ms": percentile_ms(seen.first_tokens, 0.5),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("closed", "open", "streams"))
    parser.add_argument("url")
    parser.add_argument("--key", default="sk-bench")
    parser.add_argument("--model", default="bench")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=32, help="closed: connections; streams: streams at once")
    parser.add_argument("--rate", type=float, default=100.0)
    given = parser.parse_args()
    request = request_bytes(given.url, key=given.key, model=given.model, is_stream=given.mode == "streams")
    if given.mode == "closed":
        seen = uvloop.run(closed(given.url, request, connections=given.connections, seconds=given.seconds))
    elif given.mode == "open":
        seen = uvloop.run(open_loop(given.url, request, rate=given.rate, seconds=given.seconds))
    else:
        seen = uvloop.run(streams(given.url, request, at_once=given.connections, seconds=given.seconds))
    print(json.dumps(_report(seen)))


if __name__ == "__main__":
    main()
