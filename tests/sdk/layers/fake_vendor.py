"""A vendor without a network, a clock that only moves when told, and the whole pipeline around both."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from madang.calls.clock import Clock
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.calls.span import Span
from madang.errors import CallFailed, FailureReason
from madang.layers.stack import Surroundings, build_call
from madang.providers.openai_wire import StreamDecoder, decode_reply
from madang.routing.books import Books

Step = bytes | CallFailed | float | Exception | asyncio.Event
"""One thing that a vendor does: send bytes, fail, be silent for so many seconds of real time or until an event, or be
broken."""


def failed(
    reason: FailureReason, status: int = 500, retry_after_s: float | None = None, words: str = "no"
) -> CallFailed:
    return CallFailed(words, reason=reason, status=status, retry_after_s=retry_after_s)


def whole(text: str = "A courtyard.", *, tokens: tuple[int, int] | None = (10, 4)) -> list[Step]:
    """An answer in one piece."""
    message = {"role": "assistant", "content": text}
    body = {"id": "c1", "model": "gpt-4o-2024", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    return [msgspec.json.encode(body | ({"usage": _usage(tokens)} if tokens else {}))]


def streamed(*pieces: str, tokens: tuple[int, int] | None = (10, 4)) -> list[Step]:
    """An answer in pieces, with its usage and its end."""
    steps: list[Step] = [chunk(piece) for piece in pieces or ("A ", "courtyard.")]
    return [opening(), *steps, *ending(tokens)]


def opening() -> bytes:
    return _frame({"role": "assistant", "content": ""})


def chunk(text: str) -> bytes:
    return _frame({"content": text})


def ending(tokens: tuple[int, int] | None = (10, 4)) -> list[bytes]:
    usage = {"id": "c1", "model": "gpt-4o-2024", "choices": [], "usage": _usage(tokens)}
    shown = [b"data: " + msgspec.json.encode(usage) + b"\n\n"] if tokens else []
    return [_frame({}, "stop"), *shown, b"data: [DONE]\n\n"]


def _frame(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return b"data: " + msgspec.json.encode({"id": "c1", "model": "gpt-4o-2024", "choices": [choice]}) + b"\n\n"


def _usage(tokens: tuple[int, int] | None) -> dict[str, int]:
    given, said = tokens or (0, 0)
    return {"prompt_tokens": given, "completion_tokens": said, "total_tokens": given + said}


class Vendor:
    """Plays one script per request, by target's name or "any". Remembers who was asked with what, which connections were
    closed, and how many were open at once."""

    def __init__(self, **scripts: Sequence[Sequence[Step]]) -> None:
        self._scripts = {name: iter(script) for name, script in scripts.items()}
        self.asked: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.closed: list[str] = []
        self.most_open = 0

    @property
    def open(self) -> int:
        return len(self.asked) - len(self.closed)

    async def __call__(self, request: Request) -> Reply:
        assert request.target is not None
        name = request.target.name
        self.asked.append(name)
        self.bodies.append(request.body)
        self.most_open = max(self.most_open, self.open)
        steps = list(next(self._scripts[name if name in self._scripts else "any"]))
        try:
            while steps and not isinstance(steps[0], bytes):
                await _play(steps.pop(0))
        except BaseException:
            self.closed.append(name)
            raise
        kind = "text/event-stream" if request.is_stream else "application/json"
        return Reply(200, {}, kind, self._events(request, steps), request.target)

    async def _events(self, request: Request, steps: list[Step]) -> Events:
        assert request.target is not None
        decoder = StreamDecoder(hides_usage=not request.wants_usage)
        try:
            for step in steps:
                if not isinstance(step, bytes):
                    await _play(step)
                    continue
                event = decoder.feed(step) if request.is_stream else decode_reply(step)
                if event is not None:
                    yield event
                if decoder.failure is not None:
                    raise decoder.failure
            if request.is_stream:
                decoder.end()
                if decoder.failure is not None:
                    raise decoder.failure
        finally:
            self.closed.append(request.target.name)


async def _play(step: Step) -> None:
    if isinstance(step, float | int):
        await asyncio.sleep(step)
    elif isinstance(step, asyncio.Event):
        await step.wait()
    elif isinstance(step, Exception):
        raise step


@dataclass
class Hands:
    """A clock moved by hand. Sleeping moves it, and is remembered."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return Clock(now_us=lambda: 1_767_225_600_000_000 + int(self.seconds * 1e6), monotonic=lambda: self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@dataclass
class Pipeline:
    """The whole pipeline around a vendor, with everything that it left behind."""

    call: Call
    vendor: Vendor
    hands: Hands
    books: Books
    traces: list[tuple[Span, ...]]

    @property
    def trace(self) -> tuple[Span, ...]:
        """The only trace there is."""
        (trace,) = self.traces
        return trace


def pipeline(
    vendor: Vendor, *, sink: Callable[[str, Sequence[Span]], None] | None = None, asks: Call | None = None
) -> Pipeline:
    """`asks` is called in place of the vendor, where not all of its answers are played."""
    hands, books = Hands(), Books()
    traces: list[tuple[Span, ...]] = []
    numbers = iter(range(1, 1_000))
    around = Surroundings(
        sink=sink or (lambda _project_id, spans: traces.append(tuple(spans))),
        books_of=lambda _: books,
        clock=hands.clock,
        rng=Random(1),
        new_span_id=lambda: f"{next(numbers):016x}",
        sleep=hands.sleep,
    )
    return Pipeline(build_call(asks or vendor, around), vendor, hands, books, traces)


async def read(reply: Reply) -> bytes:
    """All that the caller gets to see."""
    return b"".join([event.raw async for event in reply.events])
