"""`client.chat.completions.create` and `client.embeddings.create` for event loops, with OpenAI's arguments."""

from collections.abc import AsyncGenerator, AsyncIterator
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, overload

from madang.calls.event import Event
from madang.calls.reply import Reply
from madang.calls.request import Request
from madang.client.answers import (
    CallFacts,
    ChatCompletion,
    ChatCompletionChunk,
    EmbeddingList,
    read_answer,
    read_chunks,
    read_whole_as_chunks,
)
from madang.errors import ConfigError

if TYPE_CHECKING:
    from madang.client.async_client import AsyncMadang


class AsyncChat:
    def __init__(self, client: "AsyncMadang") -> None:
        self.completions = AsyncCompletions(client)


class AsyncCompletions:
    def __init__(self, client: "AsyncMadang") -> None:
        self._client = client

    @overload
    async def create(
        self, *, model: str, messages: list[Any], stream: Literal[True], **arguments: Any
    ) -> "AsyncChatStream": ...

    @overload
    async def create(
        self, *, model: str, messages: list[Any], stream: Literal[False] | None = None, **arguments: Any
    ) -> ChatCompletion: ...

    async def create(
        self, *, model: str, messages: list[Any], stream: bool | None = None, **arguments: Any
    ) -> "ChatCompletion | AsyncChatStream":
        """An answer, or with `stream=True` an iterator of its pieces.

        Takes every argument of OpenAI's method, sends those it does not know to the vendor as they are, and takes
        `session_id`, `user_id`, `tags` and `trace_id` for the trace. Raises CallFailed when no target answered.
        """
        body, options = _split(arguments)
        body = {"model": model, "messages": messages, "stream": stream, **body}
        request, reply = await self._client.send("chat", body, **options)
        if stream:
            return await AsyncChatStream.begun(request, reply)
        return read_answer(await _whole(reply), ChatCompletion, call_facts(request, reply))


class AsyncEmbeddings:
    def __init__(self, client: "AsyncMadang") -> None:
        self._client = client

    async def create(self, *, model: str, input: str | list[Any], **arguments: Any) -> EmbeddingList:
        """Vectors for `input`. Raises CallFailed when no target answered."""
        body, options = _split(arguments)
        request, reply = await self._client.send("embeddings", {"model": model, "input": input, **body}, **options)
        return read_answer(await _whole(reply), EmbeddingList, call_facts(request, reply))


class AsyncChatStream:
    """The pieces of an answer as they come. Closing it, or leaving its `async with`, stops the vendor's call."""

    def __init__(self, request: Request, reply: Reply, first: Event | None) -> None:
        self._request = request
        self._reply = reply
        self._chunks = _chunks(first, reply)

    @classmethod
    async def begun(cls, request: Request, reply: Reply) -> "AsyncChatStream":
        """A stream whose first event has been read. The pipeline holds it ready, so nobody waits for it; and only what
        has been begun can be closed, with the vendor's call behind it.
        """
        return cls(request, reply, await anext(reply.events, None))

    @property
    def call(self) -> CallFacts:
        """How the call went; complete when the stream has ended."""
        return call_facts(self._request, self._reply)

    def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        return self

    async def __anext__(self) -> ChatCompletionChunk:
        return await anext(self._chunks)

    async def __aenter__(self) -> "AsyncChatStream":
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        await self._chunks.aclose()
        await self._reply.events.aclose()


async def _chunks(first: Event | None, reply: Reply) -> AsyncGenerator[ChatCompletionChunk, None]:
    read = read_chunks if reply.content_type.startswith("text/event-stream") else read_whole_as_chunks
    for chunk in read(first.raw) if first is not None else ():
        yield chunk
    async for event in reply.events:
        for chunk in read(event.raw):
            yield chunk


def call_facts(request: Request, reply: Reply) -> CallFacts:
    """From the journal where the pipeline ran here, else from what the Gateway said."""
    attempts = request.journal.attempts
    if attempts:
        costs = [attempt.cost.total_usd for attempt in attempts if attempt.cost is not None]
        cost = sum(costs, Decimal(0)) if costs else None
        return CallFacts(request.caller.trace_id, reply.target.name, len(attempts), cost)
    headers = reply.headers
    cost = Decimal(headers["x-madang-cost-usd"]) if "x-madang-cost-usd" in headers else None
    count = int(headers.get("x-madang-attempts", "1"))
    return CallFacts(request.caller.trace_id, headers.get("x-madang-deployment", ""), count, cost)


async def _whole(reply: Reply) -> bytes:
    return b"".join([event.raw async for event in reply.events])


_OPTIONS = ("timeout", "extra_body", "session_id", "user_id", "tags", "trace_id", "parent_span_id")


def _split(arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What goes into the body, and what is about the call itself."""
    for name in ("extra_headers", "extra_query"):
        if arguments.get(name):
            raise ConfigError(f"{name} is not supported: which vendor answers is not known. Use extra_body.")
    options = {name: arguments[name] for name in _OPTIONS if name in arguments}
    body = {name: value for name, value in arguments.items() if name not in (*_OPTIONS, "extra_headers", "extra_query")}
    return body, options
