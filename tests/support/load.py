"""Steady traffic on a platform by many clients at once, and which of it was acknowledged to them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from tests.support.running_platform import Platform

SPANS_PER_BATCH = 4
_PAUSE_S = 0.03  # of each client between two requests; the machine has other work, too
_PAUSE_AFTER_FAILURE_S = 0.3


@dataclass
class Acknowledged:
    """Trace ids. A call is here once the client has its whole answer, a batch of spans once it was answered 200."""

    whole: list[str] = field(default_factory=list)
    streamed: list[str] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # what clients got instead, in words

    @property
    def calls(self) -> list[str]:
        return self.whole + self.streamed

    def __len__(self) -> int:
        return len(self.whole) + len(self.streamed) + len(self.batches)


@contextlib.asynccontextmanager
async def load_on(platform: Platform, alias: str, *, clients_of_a_kind: int = 5) -> AsyncIterator[Acknowledged]:
    """Traffic until the end of the block: calls in one piece, streams, and batches of spans by OTLP."""
    acknowledged = Acknowledged()
    stop = asyncio.Event()
    headers = {"authorization": f"Bearer {platform.key}"}
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(platform.url, headers=headers, timeout=timeout) as session:
        kinds = (_whole, _streamed, _batch)
        clients = [
            asyncio.create_task(_repeat(kind, session, alias, acknowledged, stop))
            for kind in kinds
            for _ in range(clients_of_a_kind)
        ]
        try:
            yield acknowledged
        finally:
            stop.set()
            await asyncio.gather(*clients)


async def _repeat(
    kind: Any, session: aiohttp.ClientSession, alias: str, seen: Acknowledged, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        try:
            await kind(session, alias, seen)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            seen.failed.append(type(error).__name__)
            await asyncio.sleep(_PAUSE_AFTER_FAILURE_S)
        await asyncio.sleep(_PAUSE_S)


def _call(session: aiohttp.ClientSession, alias: str, trace_id: str, *, stream: bool) -> Any:
    body = {"model": alias, "stream": stream, "messages": [{"role": "user", "content": "Hello"}]}
    return session.post("/v1/chat/completions", json=body, headers={"x-madang-trace-id": trace_id})


async def _whole(session: aiohttp.ClientSession, alias: str, seen: Acknowledged) -> None:
    trace_id = secrets.token_hex(16)
    async with _call(session, alias, trace_id, stream=False) as answer:
        body = await answer.read()
        if answer.status == 200:
            seen.whole.append(trace_id)
        else:
            seen.failed.append(f"{answer.status} {body[:200]!r}")


async def _streamed(session: aiohttp.ClientSession, alias: str, seen: Acknowledged) -> None:
    trace_id = secrets.token_hex(16)
    last = b""
    async with _call(session, alias, trace_id, stream=True) as answer:
        async for line in answer.content:
            last = line.strip() or last
            if last == b"data: [DONE]":
                seen.streamed.append(trace_id)
                return  # as clients do: nobody waits for what might follow
        seen.failed.append(f"{answer.status} {last[:200]!r}")


async def _batch(session: aiohttp.ClientSession, _: str, seen: Acknowledged) -> None:
    trace_id = secrets.token_hex(16)
    now = time.time_ns()
    spans = [
        {
            "traceId": trace_id,
            "spanId": secrets.token_hex(8),
            "name": f"step {number}",
            "startTimeUnixNano": str(now),
            "endTimeUnixNano": str(now + 1_000_000),
        }
        for number in range(SPANS_PER_BATCH)
    ]
    body = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    async with session.post("/v1/traces", json=body) as answer:
        if answer.status == 200:
            seen.batches.append(trace_id)
        else:
            seen.failed.append(f"{answer.status} of spans")
