"""The client for event loops. One instance may be used from several loops, one after the other or side by side."""

import asyncio
import os
import re
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from madang.calls.clock import new_trace_id
from madang.calls.files import without_bytes
from madang.calls.operation import WITH_FILES, Operation, is_stream_asked
from madang.calls.reply import Call, Reply
from madang.calls.request import Caller, Request
from madang.calls.target import Route
from madang.client.audio import AsyncAudio
from madang.client.images import AsyncImages
from madang.client.moderations import AsyncModerations
from madang.client.rerank import AsyncRerank
from madang.client.resources import AsyncChat, AsyncEmbeddings
from madang.client.responses import AsyncResponses
from madang.client.wiring import Connection, Wiring, wire
from madang.config import Mode, read_config
from madang.errors import ConfigError

_encode = msgspec.json.Encoder().encode
_TRACE_ID = re.compile("(?!0{32})[0-9a-f]{32}")
_SPAN_ID = re.compile("[0-9a-f]{16}")


class AsyncMadang:
    """Calls any model of a project by its name.

    `api_key` (or MADANG_API_KEY) is the project's secret key, `base_url` (or MADANG_BASE_URL) the platform. In mode
    "direct" this process calls the vendors itself; in mode "gateway" the platform does. Raises ConfigError at once for
    settings that cannot work. Close with `await client.close()` or use as `async with`. `wiring` replaces everything that
    stands between the client and the world; `madang.testing` does that.
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
        wiring: Wiring | None = None,
    ) -> None:
        self._wiring = wiring or wire(
            read_config(
                os.environ, api_key=api_key, base_url=base_url, mode=mode, environment=environment, release=release
            )
        )
        self.config = self._wiring.config
        self._timeout_s = timeout_s
        self._by_loop: dict[asyncio.AbstractEventLoop, tuple[Connection, AsyncGenerator[None, None]]] = {}
        self._lock = threading.Lock()
        self.chat = AsyncChat(self)
        self.responses = AsyncResponses(self)
        self.embeddings = AsyncEmbeddings(self)
        self.images = AsyncImages(self)
        self.audio = AsyncAudio(self)
        self.moderations = AsyncModerations(self)
        self.rerank = AsyncRerank(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Sends what is left of the traces and lets go of threads and of this event loop's connections."""
        made = self._by_loop.pop(asyncio.get_running_loop(), None)
        if made is not None:
            await made[1].aclose()
        await asyncio.to_thread(self.close_threads)

    def close_threads(self) -> None:
        """The part of `close` that needs no event loop. Blocks for at most some seconds."""
        self._wiring.outlet.close()
        self._wiring.directory.close()

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Whether all traces so far have been delivered within the time."""
        return self._wiring.outlet.flush(timeout_s)

    @property
    def dropped_spans(self) -> int:
        """Spans given up because the platform could not take them."""
        return self._wiring.outlet.dropped

    async def send(self, operation: Operation, body: dict[str, Any], **options: Any) -> tuple[Request, Reply]:
        """One call; the request's journal tells how it went. `options` are those of `create`."""
        request = await self._request(operation, body, **options)
        call = await self._call()
        return request, await call(request)

    async def _call(self) -> Call:
        loop = asyncio.get_running_loop()
        made = self._by_loop.get(loop)
        if made is None:
            connection = self._wiring.connect()
            made = (connection, _open_until_the_loop_ends(connection))
            with self._lock:
                for ended in [known for known in self._by_loop if known.is_closed()]:
                    del self._by_loop[ended]
                self._by_loop[loop] = made
            await anext(made[1])
        return made[0].call

    async def _request(
        self,
        operation: Operation,
        body: dict[str, Any],
        *,
        timeout: float | None = None,
        extra_body: Mapping[str, Any] | None = None,
        session_id: str = "",
        user_id: str = "",
        tags: Sequence[str] = (),
        trace_id: str = "",
        parent_span_id: str = "",
        routing: Mapping[str, Any] | None = None,
    ) -> Request:
        if trace_id and not _TRACE_ID.fullmatch(trace_id):
            raise ConfigError(f"trace_id {trace_id!r} is not 32 lower-case hex digits.")
        if parent_span_id and not _SPAN_ID.fullmatch(parent_span_id):
            raise ConfigError(f"parent_span_id {parent_span_id!r} is not 16 lower-case hex digits.")
        whole = {name: value for name, value in body.items() if value is not None} | dict(extra_body or {})
        route = await self._route(str(whole["model"]), routing or {})
        limit = timeout or self._timeout_s or route.timeout_s
        options = whole.get("stream_options")
        return Request(
            operation=operation,
            route=route,
            body=whole,
            raw=_encoded(without_bytes(whole) if operation in WITH_FILES else whole),
            deadline=self._wiring.clock.monotonic() + limit,
            caller=Caller(
                project_id=self._wiring.directory.project_id,
                trace_id=trace_id or new_trace_id(),
                parent_span_id=parent_span_id,
                session_id=str(session_id),
                user_id=str(user_id or whole.get("user") or ""),
                environment=self.config.environment,
                release=self.config.release,
                tags=(tags,) if isinstance(tags, str) else tuple(str(tag) for tag in tags),
            ),
            is_stream=is_stream_asked(operation, whole),
            wants_usage=isinstance(options, dict) and options.get("include_usage") is True,
        )

    async def _route(self, model: str, routing: Mapping[str, Any]) -> Route:
        directory = self._wiring.directory
        route = directory.route(model) if directory.has(model) else await asyncio.to_thread(directory.route, model)
        return await asyncio.to_thread(directory.overridden, route, routing) if routing else route


async def _open_until_the_loop_ends(connection: Connection) -> AsyncGenerator[None, None]:
    """Closes the connection when it is closed itself, which `asyncio.run` does for generators still open at its end."""
    try:
        yield
    finally:
        await connection.close()


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return _encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise ConfigError(f"The call's arguments cannot be written as JSON: {error}.") from error
