"""The client for plain code: the same pipeline, run by an event loop in a thread that the client owns."""

import asyncio
import atexit
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, TypeVar, overload

from madang.client.answers import ChatCompletion, ChatCompletionChunk, EmbeddingList
from madang.client.async_client import AsyncMadang
from madang.client.audio import Audio
from madang.client.images import Images
from madang.client.moderations import Moderations
from madang.client.rerank import Rerank
from madang.client.responses import Responses
from madang.client.streams import Stream
from madang.client.wiring import Wiring
from madang.config import Mode
from madang.errors import ConfigError

_CLOSING_S = 5.0
_T = TypeVar("_T")

ChatStream: TypeAlias = Stream[ChatCompletionChunk]


class Madang:
    """Calls any model of a project by its name; arguments as those of AsyncMadang. Safe to use from many threads."""

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
        self._async = AsyncMadang(
            api_key, base_url, mode=mode, environment=environment, release=release, timeout_s=timeout_s, wiring=wiring
        )
        self.config = self._async.config
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._of_the_parent: list[asyncio.AbstractEventLoop | None] = []
        self._lock = threading.Lock()
        self._is_closed = False
        self.chat = Chat(self)
        self.responses = Responses(self)
        self.embeddings = Embeddings(self)
        self.images = Images(self)
        self.audio = Audio(self)
        self.moderations = Moderations(self)
        self.rerank = Rerank(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends calls under way, sends what is left of the traces, stops the thread. Also when the interpreter ends."""
        atexit.unregister(self.close)
        with self._lock:
            loop, self._loop = self._loop, None
            self._is_closed = True
        if loop is not None:
            asyncio.run_coroutine_threadsafe(_wind_down(), loop).result(_CLOSING_S)
            loop.call_soon_threadsafe(loop.stop)
            assert self._thread is not None
            self._thread.join(_CLOSING_S)
            loop.close()
        # Not in the loop: when the interpreter ends, no thread pool takes work any more.
        self._async.close_threads()

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Whether all traces so far have been delivered within the time."""
        return self._async.flush(timeout_s)

    @property
    def dropped_spans(self) -> int:
        """Spans given up because the platform could not take them."""
        return self._async.dropped_spans

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of `work`, run on the client's own loop."""
        try:
            loop = self._running_loop()
        except ConfigError:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except BaseException:  # KeyboardInterrupt among them: the call must not go on by itself
            future.cancel()
            raise

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._is_closed:
                raise ConfigError("This client is closed; make a new one.")
            if self._thread is not None and not self._thread.is_alive():
                # The process was forked: its loop runs in the parent. Closing it here would reach into the parent's.
                self._of_the_parent.append(self._loop)
                self._loop = None
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="madang-calls", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            return self._loop

    @property
    def asynchronous(self) -> AsyncMadang:
        """The client underneath, bound to this client's own loop."""
        return self._async


class Chat:
    def __init__(self, client: Madang) -> None:
        self.completions = Completions(client)


class Completions:
    def __init__(self, client: Madang) -> None:
        self._client = client

    @overload
    def create(self, *, model: str, messages: list[Any], stream: Literal[True], **arguments: Any) -> ChatStream: ...

    @overload
    def create(
        self, *, model: str, messages: list[Any], stream: Literal[False] | None = None, **arguments: Any
    ) -> ChatCompletion: ...

    def create(
        self, *, model: str, messages: list[Any], stream: bool | None = None, **arguments: Any
    ) -> ChatCompletion | ChatStream:
        """As AsyncMadang's: an answer, or with `stream=True` an iterator of its pieces."""
        create = self._client.asynchronous.chat.completions.create
        if stream:
            started = self._client.run(create(model=model, messages=messages, stream=True, **arguments))
            return ChatStream(self._client, started)
        answer: ChatCompletion = self._client.run(create(model=model, messages=messages, **arguments))
        return answer


class Embeddings:
    def __init__(self, client: Madang) -> None:
        self._client = client

    def create(self, *, model: str, input: str | list[Any], **arguments: Any) -> EmbeddingList:
        """As AsyncMadang's: vectors for `input`."""
        return self._client.run(self._client.asynchronous.embeddings.create(model=model, input=input, **arguments))


async def _wind_down() -> None:
    """Cancels what still runs, so that nobody waits for it for ever, and closes streams and connections."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
