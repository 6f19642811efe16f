"""What a client stands on: who knows the models, where spans go, how calls are made. Only here do the modes differ."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from madang.calls.clock import Clock
from madang.calls.reply import Call
from madang.calls.span import Span
from madang.calls.target import Route, Target
from madang.client.knowledge import Knowledge
from madang.client.pipeline import direct_call, gateway_call
from madang.config import Config
from madang.providers.aiohttp_transport import AiohttpTransport
from madang.routing.books import Books
from madang.studio.platform import Platform
from madang.tracing.exporter import SpanExporter
from madang.tracing.otlp import encode_spans

GATEWAY_TIMEOUT_S = 600.0
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


class Directory(Protocol):
    """Knows where calls for a model's name go."""

    @property
    def project_id(self) -> str: ...

    def has(self, model: str) -> bool:
        """Whether `route` answers without waiting."""

    def route(self, model: str) -> Route: ...

    def overridden(self, route: Route, wishes: Mapping[str, Any], /) -> Route:
        """The route as one call wants it. Raises ConfigError. May block."""

    def close(self) -> None: ...


class SpanOutlet(Protocol):
    """Takes finished spans away. Never blocks a call and never raises."""

    @property
    def dropped(self) -> int: ...

    def keep(self, project_id: str, spans: Sequence[Span], /) -> None: ...

    def flush(self, timeout_s: float) -> bool: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Connection:
    """The way out of one event loop."""

    call: Call
    close: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wiring:
    """`connect` is called once in each event loop."""

    config: Config
    directory: Directory
    outlet: SpanOutlet
    connect: Callable[[], Connection]
    clock: Clock


def wire(config: Config) -> Wiring:
    """The wiring to the platform, in the mode that `config` says. Starts nothing yet."""
    clock = Clock()
    platform = Platform(config.base_url, config.api_key)
    outlet = SpanExporter(encode_spans, platform.send_spans)
    if config.mode == "gateway":

        def connect_gateway() -> Connection:
            transport = _transport()
            return Connection(gateway_call(transport, config.base_url, config.api_key, clock), transport.close)

        return Wiring(config, _AnyModel(), outlet, connect_gateway, clock)
    knowledge = Knowledge(platform)
    books = Books()

    def connect_vendors() -> Connection:
        transport = _transport()
        return Connection(direct_call(transport, knowledge.key_of, outlet.keep, clock, books), transport.close)

    return Wiring(config, knowledge, outlet, connect_vendors, clock)


def _transport() -> AiohttpTransport:
    return AiohttpTransport(reads_proxy_environment=any(os.environ.get(name) for name in _PROXIES))


class _AnyModel:
    """In gateway mode the platform alone knows the models."""

    project_id = ""

    def has(self, model: str) -> bool:
        return True

    def route(self, model: str) -> Route:
        target = Target(name="gateway", vendor="openai", vendor_model=model, alias=model)
        return Route(model, (target,), timeout_s=GATEWAY_TIMEOUT_S)

    def overridden(self, route: Route, wishes: Mapping[str, Any], /) -> Route:
        return route  # the wishes go along with the call

    def close(self) -> None:
        pass
