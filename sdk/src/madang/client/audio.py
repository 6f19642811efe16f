"""`client.audio.transcriptions`, `.translations` and `.speech`, with OpenAI's arguments, for event loops and plain code."""

from typing import TYPE_CHECKING, Any, Literal, overload

from madang.calls.operation import Operation
from madang.client.answers import PlainText, Speech, StreamEvent, Transcription, read_answer, read_events, read_text
from madang.client.arguments import File, split_arguments, upload_of
from madang.client.streams import AsyncStream, Stream, call_facts, whole_body

if TYPE_CHECKING:
    from madang.client.async_client import AsyncMadang
    from madang.client.sync_client import Madang


class AsyncAudio:
    def __init__(self, client: "AsyncMadang") -> None:
        self.transcriptions = AsyncTranscriptions(client, "transcription")
        self.translations = AsyncTranscriptions(client, "translation")
        self.speech = AsyncSpeech(client)


class AsyncTranscriptions:
    """What was said in a recording: in its own language, or in English (`translations`)."""

    def __init__(self, client: "AsyncMadang", operation: Operation) -> None:
        self._client = client
        self._operation = operation

    @overload
    async def create(
        self, *, model: str, file: File, stream: Literal[True], **arguments: Any
    ) -> AsyncStream[StreamEvent]: ...

    @overload
    async def create(
        self, *, model: str, file: File, stream: Literal[False] | None = None, **arguments: Any
    ) -> Transcription | PlainText: ...

    async def create(
        self, *, model: str, file: File, stream: bool | None = None, **arguments: Any
    ) -> Transcription | PlainText | AsyncStream[StreamEvent]:
        """The text; a string where `response_format` asks for one (text, srt, vtt). With `stream=True`, which newer models
        know, an iterator of events. Raises CallFailed when no target answered, ConfigError for a file that cannot be read.
        """
        body, options = split_arguments(arguments)
        body = {"model": model, "file": await upload_of(file), "stream": stream, **body}
        request, reply = await self._client.send(self._operation, body, **options)
        if stream:
            return await AsyncStream.begun(request, reply, read_events)
        raw, call = await whole_body(reply), call_facts(request, reply)
        is_json = reply.content_type.startswith("application/json")
        return read_answer(raw, Transcription, call) if is_json else read_text(raw, call)


class AsyncSpeech:
    def __init__(self, client: "AsyncMadang") -> None:
        self._client = client

    async def create(self, *, model: str, input: str, voice: Any, **arguments: Any) -> Speech:
        """The spoken text, as sound in `response_format`. Raises CallFailed when no target answered."""
        body, options = split_arguments(arguments)
        body = {"model": model, "input": input, "voice": voice, **body}
        request, reply = await self._client.send("speech", body, **options)
        return Speech(await whole_body(reply), reply.content_type, call_facts(request, reply))


class Audio:
    def __init__(self, client: "Madang") -> None:
        self.transcriptions = Transcriptions(client, "transcription")
        self.translations = Transcriptions(client, "translation")
        self.speech = SpeechCalls(client)


class Transcriptions:
    """As AsyncMadang's."""

    def __init__(self, client: "Madang", operation: Operation) -> None:
        self._client = client
        self._operation = operation

    @overload
    def create(self, *, model: str, file: File, stream: Literal[True], **arguments: Any) -> Stream[StreamEvent]: ...

    @overload
    def create(
        self, *, model: str, file: File, stream: Literal[False] | None = None, **arguments: Any
    ) -> Transcription | PlainText: ...

    def create(
        self, *, model: str, file: File, stream: bool | None = None, **arguments: Any
    ) -> Transcription | PlainText | Stream[StreamEvent]:
        """As AsyncMadang's: the text, or with `stream=True` an iterator of events."""
        create = AsyncTranscriptions(self._client.asynchronous, self._operation).create
        if stream:
            return Stream(self._client, self._client.run(create(model=model, file=file, stream=True, **arguments)))
        answer: Transcription | PlainText = self._client.run(create(model=model, file=file, **arguments))
        return answer


class SpeechCalls:
    """As AsyncMadang's."""

    def __init__(self, client: "Madang") -> None:
        self._client = client

    def create(self, *, model: str, input: str, voice: Any, **arguments: Any) -> Speech:
        """As AsyncMadang's: the spoken text, as sound."""
        create = self._client.asynchronous.audio.speech.create
        return self._client.run(create(model=model, input=input, voice=voice, **arguments))
