"""The client for event loops. One instance may be used from several loops, one after the other or side by side."""

import asyncio
import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from madang.calls.clock import Clock, new_trace_id
from madang.calls.reply import Call, Reply
from madang.calls.request import Caller, Operation, Request
from madang.calls.target import Route, Target
from madang.client.knowledge import Knowledge
from madang.client.pipeline import direct_call, gateway_call
from madang.client.resources import AsyncChat, AsyncEmbeddings
from madang.config import Mode, read_config
from madang.errors import ConfigError
from madang.providers.aiohttp_transport import AiohttpTransport
from madang.routing.health import HealthBook
from madang.studio.platform import Platform
from madang.tracing.exporter import SpanExporter
from madang.tracing.otlp import encode_spans

DEFAULT_TIMEOUT_S = 600.0
_encode = msgspec.json.Encoder().encode
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


class AsyncMadang:
    """Calls any model of a project by its name.

    `api_key` (or MADANG_API_KEY) is the project's secret key, `base_url` (or MADANG_BASE_URL) the platform. In mode
    "direct" this process calls the vendors itself; in mode "gateway" the platform does. Raises ConfigError at once for
    settings that cannot work. Close with `await client.close()` or use as `async with`.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        mode: Mode = "direct",
        environment: str = "default",
        release: str = "",
        timeout_s: float | None = None,
    ) -> None:
        self.config = read_config(
            os.environ, api_key=api_key, base_url=base_url, mode=mode, environment=environment, release=release
        )
        self._timeout_s = timeout_s
        self._clock = Clock()
        self._book = HealthBook()
        platform = Platform(self.config.base_url, self.config.api_key)
        self._knowledge = Knowledge(platform)
        self._exporter = SpanExporter(encode_spans, platform.send_spans)
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Call, AiohttpTransport]] = WeakKeyDictionary()
        self.chat = AsyncChat(self)
        self.embeddings = AsyncEmbeddings(self)

    async def __aenter__(self) -> "AsyncMadang":
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Sends what is left of the traces and lets go of connections and threads."""
        made = self._by_loop.pop(asyncio.get_running_loop(), None)
        if made is not None:
            await made[1].close()
        await asyncio.to_thread(self.close_threads)

    def close_threads(self) -> None:
        """The part of `close` that needs no event loop."""
        self._exporter.close()
        self._knowledge.close()

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Whether all traces so far have been delivered within the time."""
        return self._exporter.flush(timeout_s)

    @property
    def dropped_spans(self) -> int:
        """Spans given up because the platform could not take them."""
        return self._exporter.dropped

    async def send(self, operation: Operation, body: dict[str, Any], **options: Any) -> tuple[Request, Reply]:
        """One call; the request's journal tells how it went. `options` are those of `create`."""
        request = await self._request(operation, body, **options)
        return request, await self._call()(request)

    def _call(self) -> Call:
        loop = asyncio.get_running_loop()
        made = self._by_loop.get(loop)
        if made is None:
            transport = AiohttpTransport(reads_proxy_environment=any(os.environ.get(name) for name in _PROXIES))
            if self.config.mode == "gateway":
                call = gateway_call(transport, self.config.base_url, self.config.api_key, self._clock)
            else:
                call = direct_call(transport, self._knowledge.key_of, self._exporter.keep, self._clock, self._book)
            made = self._by_loop[loop] = (call, transport)
        return made[0]

    async def _request(
        self,
        operation: Operation,
        body: dict[str, Any],
        *,
        timeout: float | None = None,
        extra_body: Mapping[str, Any] | None = None,
        session_id: str = "",
        user_id: str = "",
        tags: tuple[str, ...] = (),
        trace_id: str = "",
        parent_span_id: str = "",
    ) -> Request:
        whole = {name: value for name, value in body.items() if value is not None} | dict(extra_body or {})
        route = await self._route(str(whole["model"]))
        limit = timeout or self._timeout_s or route.timeout_s
        options = whole.get("stream_options")
        return Request(
            operation=operation,
            route=route,
            body=whole,
            raw=_encoded(whole),
            deadline=time.monotonic() + limit,
            caller=Caller(
                project_id=self._knowledge.project_id,
                trace_id=trace_id or new_trace_id(),
                parent_span_id=parent_span_id,
                session_id=session_id,
                user_id=user_id or str(whole.get("user") or ""),
                environment=self.config.environment,
                release=self.config.release,
                tags=tuple(tags),
            ),
            is_stream=whole.get("stream") is True,
            wants_usage=isinstance(options, dict) and options.get("include_usage") is True,
        )

    async def _route(self, model: str) -> Route:
        if self.config.mode == "gateway":
            target = Target(name="gateway", vendor="openai", vendor_model=model, alias=model)
            return Route(model, (target,), timeout_s=DEFAULT_TIMEOUT_S)
        if self._knowledge.has(model):
            return self._knowledge.route(model)
        return await asyncio.to_thread(self._knowledge.route, model)


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return _encode(body)
    except (TypeError, msgspec.MsgspecError) as error:
        raise ConfigError(f"The call's arguments cannot be written as JSON: {error}.") from error
