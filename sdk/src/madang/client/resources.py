"""`client.chat.completions.create` and `client.embeddings.create` for event loops, with OpenAI's arguments."""

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from madang.client.answers import (
    ChatCompletion,
    ChatCompletionChunk,
    EmbeddingList,
    read_answer,
    read_chunks,
    read_whole_as_chunks,
)
from madang.client.arguments import split_arguments
from madang.client.streams import AsyncStream, call_facts, whole_body

if TYPE_CHECKING:
    from madang.client.async_client import AsyncMadang

AsyncChatStream: TypeAlias = AsyncStream[ChatCompletionChunk]


class AsyncChat:
    def __init__(self, client: "AsyncMadang") -> None:
        self.completions = AsyncCompletions(client)


class AsyncCompletions:
    def __init__(self, client: "AsyncMadang") -> None:
        self._client = client

    @overload
    async def create(
        self, *, model: str, messages: list[Any], stream: Literal[True], **arguments: Any
    ) -> AsyncChatStream: ...

    @overload
    async def create(
        self, *, model: str, messages: list[Any], stream: Literal[False] | None = None, **arguments: Any
    ) -> ChatCompletion: ...

    async def create(
        self, *, model: str, messages: list[Any], stream: bool | None = None, **arguments: Any
    ) -> ChatCompletion | AsyncChatStream:
        """An answer, or with `stream=True` an iterator of its pieces.

        Takes every argument of OpenAI's method, sends those it does not know to the vendor as they are, and takes
        `session_id`, `user_id`, `tags` and `trace_id` for the trace. Raises CallFailed when no target answered.
        """
        body, options = split_arguments(arguments)
        body = {"model": model, "messages": messages, "stream": stream, **body}
        request, reply = await self._client.send("chat", body, **options)
        if stream:
            is_stream = reply.content_type.startswith("text/event-stream")
            return await AsyncChatStream.begun(request, reply, read_chunks if is_stream else read_whole_as_chunks)
        return read_answer(await whole_body(reply), ChatCompletion, call_facts(request, reply))


class AsyncEmbeddings:
    def __init__(self, client: "AsyncMadang") -> None:
        self._client = client

    async def create(self, *, model: str, input: str | list[Any], **arguments: Any) -> EmbeddingList:
        """Vectors for `input`. Raises CallFailed when no target answered."""
        body, options = split_arguments(arguments)
        request, reply = await self._client.send("embeddings", {"model": model, "input": input, **body}, **options)
        return read_answer(await whole_body(reply), EmbeddingList, call_facts(request, reply))
