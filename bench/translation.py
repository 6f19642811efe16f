"""What speaking another vendor's language costs: CPU of one call through the whole pipeline, beside OpenAI's pass-through.

Each vendor's bytes are recorded once from the simulator and then played back from memory, so that only our own work is
measured: routing, request, signature, decoding, OpenAI's shape, cost, spans. Run: python -m bench.translation
"""

import argparse
import asyncio
import dataclasses
import gc
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that the file can be run by its path

from bench.machine import describe_machine

from madang.calls.reply import Call
from madang.calls.request import Caller, Request
from madang.calls.target import Price, Route, Target
from madang.layers.stack import Surroundings, build_call
from madang.providers.registry import vendor_call
from madang.routing.books import Books
from madang_simulator.behaviour import Behaviour
from madang_simulator.in_memory import InMemoryTransport
from madang_simulator.wires.bedrock.signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY

_ROOT = Path(__file__).resolve().parent.parent
_TOKENS = 64
_PRICE = Price(Decimal("2.5"), Decimal(10), Decimal("1.25"))

TARGETS: Mapping[str, Target] = {
    "openai": Target("openai", "openai", "gpt-4o", base_url="https://127.0.0.1/d/openai/v1", api_key="sk-sim"),
    "anthropic": Target(
        "anthropic", "anthropic", "claude-sonnet-4-5", base_url="https://127.0.0.1/d/anthropic", api_key="sk"
    ),
    "gemini": Target("gemini", "gemini", "gemini-2.5-flash", base_url="https://127.0.0.1/d/gemini", api_key="k"),
    "bedrock": Target(
        "bedrock",
        "bedrock",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        base_url="https://127.0.0.1/d/bedrock",
        region="us-east-1",
        api_key=json.dumps({"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY}),
    ),
}
_QUESTION = {
    "messages": [
        {"role": "system", "content": "Answer briefly."},
        {"role": "user", "content": "What is a madang? " * 10},
    ]
}
_TOOLS = {
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "find_house",
                "description": "Finds a house by its city.",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
            },
        }
    ]
}


@dataclass
class _Recorded:
    status: int
    headers: dict[str, str]
    pieces: list[bytes]

    async def read(self) -> bytes:
        return b"".join(self.pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    def close(self) -> None:
        pass


class _Recording:
    """Asks the simulator the first time, and plays its bytes back afterwards."""

    def __init__(self) -> None:
        self._simulator = InMemoryTransport(
            wall_s=time.time, defaults=Behaviour(output_tokens=(_TOKENS, _TOKENS), tokens_per_chunk=1)
        )
        self.known: _Recorded | None = None

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, connect_timeout_s: float | None = None
    ) -> _Recorded:
        if self.known is None:
            answer = await self._simulator.send(method, url, headers, body)
            pieces = [piece async for piece in answer.chunks()]
            if answer.status >= 300:
                raise SystemExit(f"The simulator answered {answer.status}: {b''.join(pieces)[:300]!r}")
            self.known = _Recorded(answer.status, dict(answer.headers), pieces)
        return self.known

    async def close(self) -> None:
        pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    results = asyncio.run(_measure(given.calls, given.rounds))
    print(table(results))
    path = _ROOT / "bench" / "results" / f"translation-{time.strftime('%Y-%m-%d-%H%M%S', time.gmtime())}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"machine": describe_machine(_ROOT), "microseconds": results}, indent=1))
    return 0


def table(results: Mapping[str, Mapping[str, float]]) -> str:
    """Microseconds of CPU per call, and what is added over OpenAI's."""
    base = results["openai"]
    lines = [
        "| vendor | whole call | added | with tools | added | stream chunk | added |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, seen in results.items():
        cells = [f"{seen[kind]:.0f} | {seen[kind] - base[kind]:+.0f}" for kind in ("whole", "tools", "chunk")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


async def _measure(calls: int, rounds: int) -> dict[str, dict[str, float]]:
    seen: dict[str, dict[str, list[float]]] = {name: {"whole": [], "tools": [], "chunk": []} for name in TARGETS}
    ready = {name: {kind: _pipeline() for kind in ("whole", "tools", "stream")} for name in TARGETS}
    for _ in range(rounds):
        for name, target in TARGETS.items():
            whole = await _cpu_us(ready[name]["whole"], target, _QUESTION, calls)
            tools = await _cpu_us(ready[name]["tools"], target, _QUESTION | _TOOLS, calls)
            stream = await _cpu_us(ready[name]["stream"], target, _QUESTION | {"stream": True}, max(calls // 10, 1))
            seen[name]["whole"].append(whole)
            seen[name]["tools"].append(tools)
            seen[name]["chunk"].append((stream - whole) / _TOKENS)
    return {name: {kind: statistics.median(values) for kind, values in kinds.items()} for name, kinds in seen.items()}


def _pipeline() -> Call:
    books = Books()
    return build_call(
        vendor_call(_Recording()), Surroundings(sink=lambda _project, _spans: None, books_of=lambda _request: books)
    )


async def _cpu_us(call: Call, target: Target, body: dict[str, Any], calls: int) -> float:
    make = _requests(target, body)
    await _drain(call, make())
    gc.collect()
    began = time.process_time()
    for _ in range(calls):
        await _drain(call, make())
    return (time.process_time() - began) / calls * 1e6


def _requests(target: Target, body: dict[str, Any]) -> Callable[[], Request]:
    ready = dataclasses.replace(target, price=_PRICE, alias="chat")
    route = Route("chat", (ready,))
    asked = {"model": "chat", **body}
    raw = msgspec.json.encode(asked)

    def make() -> Request:
        return Request(
            operation="chat",
            route=route,
            body=msgspec.json.decode(raw),
            raw=raw,
            deadline=time.monotonic() + 60,
            caller=Caller(project_id="prj", trace_id="a1" * 16),
            is_stream=asked.get("stream") is True,
        )

    return make


async def _drain(call: Call, request: Request) -> None:
    reply = await call(request)
    async for _ in reply.events:
        pass


if __name__ == "__main__":
    sys.exit(main())
