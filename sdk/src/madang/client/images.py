"""`client.images.generate` and `.edit`, with OpenAI's arguments, for event loops and for plain code."""

from typing import TYPE_CHECKING, Any, Literal, overload

from madang.calls.operation import Operation
from madang.client.answers import ImageList, StreamEvent, read_answer, read_events
from madang.client.arguments import File, split_arguments, upload_of
from madang.client.streams import AsyncStream, Stream, call_facts, whole_body

if TYPE_CHECKING:
    from madang.client.async_client import AsyncMadang
    from madang.client.sync_client import Madang


class AsyncImages:
    def __init__(self, client: "AsyncMadang") -> None:
        self._client = client

    @overload
    async def generate(
        self, *, model: str, prompt: str, stream: Literal[True], **arguments: Any
    ) -> AsyncStream[StreamEvent]: ...

    @overload
    async def generate(
        self, *, model: str, prompt: str, stream: Literal[False] | None = None, **arguments: Any
    ) -> ImageList: ...

    async def generate(
        self, *, model: str, prompt: str, stream: bool | None = None, **arguments: Any
    ) -> ImageList | AsyncStream[StreamEvent]:
        """Images, or with `stream=True` an iterator of events with what is drawn so far. Raises CallFailed."""
        return await self._made("images", {"model": model, "prompt": prompt, "stream": stream}, arguments)

    @overload
    async def edit(
        self, *, model: str, image: File | list[File], prompt: str, stream: Literal[True], **arguments: Any
    ) -> AsyncStream[StreamEvent]: ...

    @overload
    async def edit(
        self,
        *,
        model: str,
        image: File | list[File],
        prompt: str,
        stream: Literal[False] | None = None,
        **arguments: Any,
    ) -> ImageList: ...

    async def edit(
        self,
        *,
        model: str,
        image: File | list[File],
        prompt: str,
        stream: bool | None = None,
        mask: File | None = None,
        **arguments: Any,
    ) -> ImageList | AsyncStream[StreamEvent]:
        """Images made of `image`, or of several; otherwise as `generate`."""
        uploads = [await upload_of(each) for each in image] if isinstance(image, list) else await upload_of(image)
        body = {"model": model, "image": uploads, "prompt": prompt, "stream": stream}
        if mask is not None:
            body["mask"] = await upload_of(mask)
        return await self._made("image_edits", body, arguments)

    async def _made(
        self, operation: Operation, body: dict[str, Any], arguments: dict[str, Any]
    ) -> ImageList | AsyncStream[StreamEvent]:
        more, options = split_arguments(arguments)
        request, reply = await self._client.send(operation, {**body, **more}, **options)
        if request.is_stream:
            return await AsyncStream.begun(request, reply, read_events)
        return read_answer(await whole_body(reply), ImageList, call_facts(request, reply))


class Images:
    def __init__(self, client: "Madang") -> None:
        self._client = client

    @overload
    def generate(self, *, model: str, prompt: str, stream: Literal[True], **arguments: Any) -> Stream[StreamEvent]: ...

    @overload
    def generate(
        self, *, model: str, prompt: str, stream: Literal[False] | None = None, **arguments: Any
    ) -> ImageList: ...

    def generate(
        self, *, model: str, prompt: str, stream: bool | None = None, **arguments: Any
    ) -> ImageList | Stream[StreamEvent]:
        """As AsyncMadang's: images, or with `stream=True` an iterator of events."""
        generate = self._client.asynchronous.images.generate
        if stream:
            return Stream(
                self._client, self._client.run(generate(model=model, prompt=prompt, stream=True, **arguments))
            )
        answer: ImageList = self._client.run(generate(model=model, prompt=prompt, **arguments))
        return answer

    @overload
    def edit(
        self, *, model: str, image: File | list[File], prompt: str, stream: Literal[True], **arguments: Any
    ) -> Stream[StreamEvent]: ...

    @overload
    def edit(
        self,
        *,
        model: str,
        image: File | list[File],
        prompt: str,
        stream: Literal[False] | None = None,
        **arguments: Any,
    ) -> ImageList: ...

    def edit(
        self, *, model: str, image: File | list[File], prompt: str, stream: bool | None = None, **arguments: Any
    ) -> ImageList | Stream[StreamEvent]:
        """As AsyncMadang's: images made of `image`, or of several."""
        edit = self._client.asynchronous.images.edit
        if stream:
            started = self._client.run(edit(model=model, image=image, prompt=prompt, stream=True, **arguments))
            return Stream(self._client, started)
        answer: ImageList = self._client.run(edit(model=model, image=image, prompt=prompt, **arguments))
        return answer
