"""`client.chat.completions.create` and `client.embeddings.create` for event loops, with OpenAI's arguments."""

from collections.abc import AsyncGenerator, AsyncIterator
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, overload

from madang.calls.reply import Reply
from madang.calls.request import Request
from madang.client.answers import (
    CallFacts,
    ChatCompletion,
    ChatCompletionChunk,
    EmbeddingList,
    read_answer,
    read_chunks,
)

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
            return AsyncChatStream(request, reply)
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
    """The pieces of an answer as they come. Leaving the loop early or closing stops the vendor's call."""

    def __init__(self, request: Request, reply: Reply) -> None:
        self._request = request
        self._reply = reply
        self._chunks = self._read()

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

    async def _read(self) -> AsyncGenerator[ChatCompletionChunk, None]:
        async for event in self._reply.events:
            for chunk in read_chunks(event.raw):
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
    options = {name: arguments[name] for name in _OPTIONS if name in arguments}
    return {name: value for name, value in arguments.items() if name not in _OPTIONS}, options
