"""`client.responses.create`, with OpenAI's arguments, for event loops and for plain code."""

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from madang.client.answers import Response, StreamEvent, read_answer, read_events
from madang.client.arguments import split_arguments
from madang.client.streams import AsyncStream, Stream, call_facts, whole_body

if TYPE_CHECKING:
    from madang.client.async_client import AsyncMadang
    from madang.client.sync_client import Madang

Input: TypeAlias = str | list[Any] | None


class AsyncResponses:
    def __init__(self, client: "AsyncMadang") -> None:
        self._client = client

    @overload
    async def create(
        self, *, model: str, stream: Literal[True], input: Input = None, **arguments: Any
    ) -> AsyncStream[StreamEvent]: ...

    @overload
    async def create(
        self, *, model: str, stream: Literal[False] | None = None, input: Input = None, **arguments: Any
    ) -> Response: ...

    async def create(
        self, *, model: str, stream: bool | None = None, input: Input = None, **arguments: Any
    ) -> Response | AsyncStream[StreamEvent]:
        """A response, or with `stream=True` an iterator of its events. Raises CallFailed when no target answered."""
        body, options = split_arguments(arguments)
        body = {"model": model, "input": input, "stream": stream, **body}
        request, reply = await self._client.send("responses", body, **options)
        if stream:
            return await AsyncStream.begun(request, reply, read_events)
        return read_answer(await whole_body(reply), Response, call_facts(request, reply))


class Responses:
    def __init__(self, client: "Madang") -> None:
        self._client = client

    @overload
    def create(
        self, *, model: str, stream: Literal[True], input: Input = None, **arguments: Any
    ) -> Stream[StreamEvent]: ...

    @overload
    def create(
        self, *, model: str, stream: Literal[False] | None = None, input: Input = None, **arguments: Any
    ) -> Response: ...

    def create(
        self, *, model: str, stream: bool | None = None, input: Input = None, **arguments: Any
    ) -> Response | Stream[StreamEvent]:
        """As AsyncMadang's: a response, or with `stream=True` an iterator of its events."""
        create = self._client.asynchronous.responses.create
        if stream:
            started = self._client.run(create(model=model, stream=True, input=input, **arguments))
            return Stream(self._client, started)
        answer: Response = self._client.run(create(model=model, input=input, **arguments))
        return answer
