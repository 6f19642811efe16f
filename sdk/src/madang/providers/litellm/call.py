"""One attempt through LiteLLM: chat, vectors, images, transcription, speech and reranking.

LiteLLM keeps connections of its own, so its time for connecting is not the route's; everything else has the limits of the
layers around. It never repeats a request here: `max_retries=0` is what every one of its clients honours.
"""

import contextlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from madang.calls.clock import Clock
from madang.calls.event import Event
from madang.calls.operation import Operation
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.http_call import PASSED_ON, keyless
from madang.providers.litellm.answers import ChunkReader, dumped_bytes, is_usage_told, whole_answer
from madang.providers.litellm.arguments import arguments_of
from madang.providers.litellm.door import door_of, vendor_of
from madang.providers.litellm.failures import failure_of
from madang.providers.litellm.library import VendorKnowledge, litellm_library
from madang.providers.litellm.session import Sessions
from madang.providers.openai_audio import decode_speech, decode_transcription
from madang.providers.openai_images import decode_images
from madang.providers.rerank import decode_rerank

_FUNCTIONS: Mapping[Operation, str] = {
    "chat": "acompletion",
    "embeddings": "aembedding",
    "images": "aimage_generation",
    "transcription": "atranscription",
    "speech": "aspeech",
    "rerank": "arerank",
}
_SOUND = {"mp3": "audio/mpeg", "opus": "audio/opus", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav"}
# Never tries twice, and sends the word for it on to the vendor.
_WITHOUT_RETRIES = frozenset({"huggingface"})
_SHORTEST_S = 1.0  # a deadline that has passed is the timeout layer's to tell


def litellm_call(_: Transport, clock: Clock | None = None) -> Call:
    clock = clock or Clock()
    sessions = Sessions()

    async def call(request: Request) -> Reply:
        target = request.target
        assert target is not None
        vendor = vendor_of(target)
        door = door_of(target)
        library = await litellm_library()
        name = _FUNCTIONS.get(request.operation)
        if name is None:
            raise CallFailed(
                f"LiteLLM is not asked for {request.operation}; use a deployment of another vendor.",
                reason="not_found",
                status=404,
                code="operation_not_served",
            )
        model = target.vendor_model.partition("/")[2]
        arguments = arguments_of(request, vendor, VendorKnowledge(library, vendor, model))
        sending = sessions.watch(vendor, is_chat=request.operation == "chat")
        timeout = max(_SHORTEST_S, request.deadline - clock.monotonic())
        try:
            answer = await getattr(library, name)(
                model=target.vendor_model,
                timeout=timeout,
                **({} if vendor in _WITHOUT_RETRIES else {"max_retries": 0}),
                **await sessions.arguments(vendor, is_chat=request.operation == "chat"),
                **door.arguments,
                **arguments,
            )
            if arguments.get("stream"):
                return await _streamed(request, _Stream(answer, vendor, door.secrets, sessions))
            headers = _headers(answer)
            if request.attempt is not None:
                request.attempt.request_id = headers.get("x-request-id", "")
            event, content_type = _read(request, answer)
        except CallFailed as failure:
            raise keyless(failure, door.secrets) from None
        except Exception as error:  # noqa: BLE001 - the edge of somebody else's library: told in our words
            raise keyless(failure_of(error, vendor, is_sent=sending.has_begun), door.secrets) from None
        return Reply(200, headers, content_type, _once(event), target)

    return call


def _read(request: Request, answer: Any) -> tuple[Event, str]:
    match request.operation:
        case "images":
            return decode_images(dumped_bytes(answer)), "application/json"
        case "transcription":
            return decode_transcription(dumped_bytes(answer), "application/json"), "application/json"
        case "speech":
            kind = _SOUND.get(str(request.body.get("response_format") or "mp3"), "application/octet-stream")
            return decode_speech(answer.content, kind, request.body.get("input")), kind
        case "rerank":
            return decode_rerank(dumped_bytes(answer)), "application/json"
        case _:
            return whole_answer(answer), "application/json"


async def _once(event: Event) -> Events:
    yield event


class _Stream(NamedTuple):
    """What is needed until a stream's end; its connection lives as long as `sessions` does."""

    chunks: Any
    vendor: str
    secrets: tuple[str, ...]
    sessions: Sessions


async def _streamed(request: Request, stream: _Stream) -> Reply:
    """A reply whose first chunk has come: for some vendors LiteLLM sends the request no earlier than that."""
    assert request.target is not None
    reader = ChunkReader(
        stream.vendor, wants_usage=request.wants_usage, is_usage_told=lambda: is_usage_told(stream.chunks)
    )
    try:
        first = await anext(stream.chunks, None)
        event = reader.feed(first) if first is not None else reader.end()
    except BaseException:  # whatever it is, the vendor's answer is not read any further
        await _close(stream.chunks)
        raise
    headers = _headers(stream.chunks)
    if request.attempt is not None:
        request.attempt.request_id = headers.get("x-request-id", "")
    return Reply(200, headers, "text/event-stream", _rest(event, reader, stream), request.target)


async def _rest(first: Event | None, reader: ChunkReader, stream: _Stream) -> Events:
    try:
        if first is not None:
            yield first
        async for chunk in stream.chunks:
            event = reader.feed(chunk)
            if event is not None:
                yield event
        last = reader.end()
        if last is not None:
            yield last
    except CallFailed as failure:
        raise keyless(failure, stream.secrets) from None
    except Exception as error:  # noqa: BLE001 - the edge of somebody else's library: told in our words
        raise keyless(failure_of(error, stream.vendor, has_begun=reader.has_spoken), stream.secrets) from None
    finally:
        await _close(stream.chunks)


async def _close(chunks: Any) -> None:
    """Ends the vendor's answer at once; an answer that has ended may not like to be closed."""
    with contextlib.suppress(Exception):
        await chunks.aclose()


def _headers(answer: Any) -> dict[str, str]:
    """Of the vendor's headers those worth passing on; LiteLLM puts its prefix before their names."""
    hidden = getattr(answer, "_hidden_params", None) or {}
    given = hidden.get("additional_headers") if isinstance(hidden, Mapping) else None
    named = {str(name).lower().removeprefix("llm_provider-"): str(value) for name, value in (given or {}).items()}
    return {name: value for name, value in named.items() if name in PASSED_ON}
