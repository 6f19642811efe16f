"""Plays a drill: the project's real routing, retries, limits and breakers, with simulated vendors and a virtual clock."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import msgspec

from madang.calls.clock import Clock
from madang.calls.reply import Call, Reply
from madang.calls.request import Caller, Request
from madang.calls.target import Route
from madang.errors import CallFailed
from madang.layers.stack import Surroundings, build_call
from madang.providers.registry import vendor_call
from madang.routing.books import Books
from madang_server.drill.conditions import behaviours, moments
from madang_server.drill.ledger import Ledger
from madang_server.drill.places import Pace, hits, place_of, places_of
from madang_server.drill.scenario import Scenario
from madang_server.drill.virtual_time import VirtualTimeLoop
from madang_simulator.in_memory import InMemoryTransport

_START_US = 1_700_000_000_000_000  # any moment will do, and the same one each time
_KEY = "simulated"
# Vendors that the simulator does not speak, or only after an exchange of tokens, answer as one that it speaks.
_PLAYED_BY = {"litellm": "openai", "fake": "openai", "vertex": "gemini"}
_NOTICE_EVERY_S = 0.5


@dataclass(slots=True)
class _Noticed:
    """A deployment that is disturbed, and how many seconds after that its breaker opened; None when it never did."""

    began_s: float
    after_s: float | None = None


def play(
    scenario: Scenario, route: Route, paces: Mapping[str, Pace], progress: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """The report, as JSON values. `progress` gets each minute as it has passed. Takes a second or two per thousand calls."""
    loop = VirtualTimeLoop()
    try:
        return loop.run_until_complete(_Drill(scenario, route, paces, loop).run(progress))
    finally:
        loop.close()


class _Drill:
    def __init__(self, scenario: Scenario, route: Route, paces: Mapping[str, Pace], loop: VirtualTimeLoop) -> None:
        self._scenario = scenario
        self._route = route
        self._paces = paces
        self._loop = loop
        self._rng = Random(scenario.seed)  # noqa: S311 - a drill must come out the same each time
        self._books = Books()
        self._ledger = Ledger(_START_US)
        self._targets = places_of(route)
        self._noticed: dict[tuple[str, str], _Noticed] = {}  # by place and kind, of the first time

    async def run(self, progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        scenario = self._scenario
        transport = InMemoryTransport(wall_s=lambda: _START_US / 1e6 + self._loop.time())
        numbers = iter(range(1, 10**9))
        call = build_call(
            _simulated(vendor_call(transport)),
            Surroundings(
                sink=self._ledger.keep,
                books_of=lambda _: self._books,
                clock=Clock(lambda: _START_US + round(self._loop.time() * 1e6), self._loop.time),
                rng=self._rng,
                new_span_id=lambda: f"{next(numbers):016x}",
            ),
        )
        async with asyncio.TaskGroup() as beside:
            around = [
                beside.create_task(self._change_conditions(transport)),
                beside.create_task(self._tell(progress)),
                beside.create_task(self._watch_breakers()),
            ]
            async with asyncio.TaskGroup() as calls:
                for number in range(scenario.calls):
                    await asyncio.sleep(max(number / scenario.per_second - self._loop.time(), 0.0))
                    calls.create_task(self._call(call, number))
            for task in around:
                task.cancel()
        progress({"minute": scenario.minutes, "minutes": self._ledger.minutes()})
        return {
            "minutes": self._ledger.minutes(),
            "total": self._ledger.total(),
            "noticed": [
                {"deployment": self._targets[place].name, "kind": kind, "after_s": noticed.after_s}
                for (place, kind), noticed in self._noticed.items()
            ],
        }

    async def _call(self, call: Call, number: int) -> None:
        is_stream = self._rng.random() < self._scenario.stream_share
        body: dict[str, Any] = {
            "model": self._route.model,
            "messages": [{"role": "user", "content": _prompt(self._scenario, number)}],
        }
        if is_stream:
            body["stream"] = True
        request = Request(
            operation="chat",
            route=self._route,
            body=body,
            raw=msgspec.json.encode(body),
            deadline=self._loop.time() + self._route.timeout_s,
            caller=Caller(
                project_id="drill",
                trace_id=f"{number + 1:032x}",
                session_id=f"s{number % 500}",
                user_id=f"u{number % 200}",
            ),
            is_stream=is_stream,
        )
        try:
            reply = await call(request)
            async for _ in reply.events:
                pass
        except CallFailed:
            pass  # the ledger has it from the call's trace

    async def _change_conditions(self, transport: InMemoryTransport) -> None:
        for minute in moments(self._scenario):
            await asyncio.sleep(max(minute * 60 - self._loop.time(), 0))
            for place, behaviour in behaviours(self._scenario, self._targets, self._paces, minute).items():
                transport.simulation.fleet.deployment(place).set(behaviour)
            for disturbance in self._scenario.disturbances:
                if disturbance.from_minute == minute:
                    for place, target in self._targets.items():
                        if hits(disturbance, target):
                            self._noticed.setdefault((place, disturbance.kind), _Noticed(minute * 60))

    async def _watch_breakers(self) -> None:
        while True:
            await asyncio.sleep(_NOTICE_EVERY_S)
            now = self._loop.time()
            for (place, _), noticed in self._noticed.items():
                if noticed.after_s is None and self._books.health.of(self._targets[place], now).state != "healthy":
                    noticed.after_s = round(now - noticed.began_s, 1)

    async def _tell(self, progress: Callable[[dict[str, Any]], None]) -> None:
        for minute in range(1, self._scenario.minutes):
            await asyncio.sleep(minute * 60 - self._loop.time())
            progress({"minute": minute, "minutes": self._ledger.minutes()})


def _simulated(vendor: Call) -> Call:
    """The innermost call, with everything the same but the address, which is the simulator's, and the key."""

    async def call(request: Request) -> Reply:
        target = request.target
        assert target is not None
        speaks = _PLAYED_BY.get(target.vendor, target.vendor)
        base = f"simulator://d/{place_of(target)}"
        played = replace(
            target,
            vendor=speaks,
            base_url=f"{base}/v1" if speaks == "openai" else base,
            api_key=_KEY,
            region=target.region or "us-east-1",
            is_simulated=True,
        )
        return await vendor(msgspec.structs.replace(request, target=played))

    return call


def _prompt(scenario: Scenario, number: int) -> str:
    """A text of about the wanted length, another one for each call."""
    return f"Call {number}. " + "Please go on. " * max(scenario.prompt_tokens // 4, 1)
