"""Clients whose calls are answered by the fake model, in this process, at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from madang.calls.clock import Clock
from madang.calls.reply import Reply
from madang.calls.request import Request
from madang.calls.span import Span
from madang.calls.target import Route, Target
from madang.client import AsyncMadang, Madang
from madang.client.wiring import Connection, Wiring
from madang.config import Config
from madang.errors import ConfigError
from madang.layers.stack import Surroundings, build_call
from madang.providers.fake import Answer, fake_call
from madang.routing.books import Books
from madang.routing.override import overridden


class FakeMadang(Madang):
    """A Madang that keeps what it was asked and what it would have sent to the platform."""

    def __init__(self, world: "_World") -> None:
        super().__init__(wiring=world.wiring())
        self.requests = world.requests
        self.spans = world.spans


class FakeAsyncMadang(AsyncMadang):
    """An AsyncMadang that keeps what it was asked and what it would have sent to the platform."""

    def __init__(self, world: "_World") -> None:
        super().__init__(wiring=world.wiring())
        self.requests = world.requests
        self.spans = world.spans


def fake_client(
    answers: Iterable[Answer] | None = None, *, models: Sequence[str] | None = None, retries: int = 0
) -> FakeMadang:
    """A client that gives `answers` in their order, one for each request to the model.

    `requests` holds the bodies sent, `spans` those of all finished calls, a call's root first. Only `models` are known;
    by default every name is. A failure is tried again `retries` times, without waiting, where the pipeline would.
    """
    return FakeMadang(_World(answers, models, retries))


def fake_async_client(
    answers: Iterable[Answer] | None = None, *, models: Sequence[str] | None = None, retries: int = 0
) -> FakeAsyncMadang:
    """As `fake_client`, for event loops."""
    return FakeAsyncMadang(_World(answers, models, retries))


@dataclass
class _World:
    answers: Iterable[Answer] | None
    models: Sequence[str] | None
    retries: int
    requests: list[Mapping[str, Any]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    def wiring(self) -> Wiring:
        clock, books = Clock(), Books()
        config = Config(api_key="", base_url="http://madang.invalid", mode="direct", environment="default", release="")
        model = fake_call(self.answers)

        async def remembered(request: Request) -> Reply:
            self.requests.append(request.body)
            return await model(request)

        def keep(_project_id: str, spans: Sequence[Span]) -> None:
            self.spans.extend(spans)

        around = Surroundings(sink=keep, books_of=lambda _: books, clock=clock, sleep=_no_wait)
        call = build_call(remembered, around)
        directory = _Directory(self.models, self.retries)
        return Wiring(config, directory, _Outlet(keep), lambda: Connection(call, _nothing), clock)


class _Directory:
    """Every model, or those that were named, at one deployment called "fake"."""

    project_id = "fake"

    def __init__(self, models: Sequence[str] | None, retries: int) -> None:
        self._models = models
        self._retries = retries

    def has(self, model: str) -> bool:
        return True

    def route(self, model: str) -> Route:
        if self._models is not None and model not in self._models:
            raise ConfigError(
                f"Model {model!r} is not set up in this project. Known models: {', '.join(self._models)}."
            )
        target = Target(name="fake", vendor="fake", vendor_model=model, is_simulated=True, alias=model)
        return Route(model, (target,), retries=self._retries)

    def overridden(self, route: Route, wishes: Mapping[str, Any], /) -> Route:
        return overridden(route, wishes, {})

    def close(self) -> None:
        pass


class _Outlet:
    """Has nobody to send to: the spans are in the client's own list as soon as a call has ended."""

    dropped = 0

    def __init__(self, keep: Callable[[str, Sequence[Span]], None]) -> None:
        self.keep = keep

    def flush(self, timeout_s: float) -> bool:
        return True

    def close(self) -> None:
        pass


async def _nothing() -> None:
    pass


async def _no_wait(_seconds: float) -> None:
    pass
