"""OpenAI and every server that speaks its wire at another base URL (vLLM, Ollama, Groq, …)."""

import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

from madang.calls.event import Event
from madang.calls.files import has_files
from madang.calls.operation import WITH_FILES, Operation
from madang.calls.reply import Call
from madang.calls.request import Request
from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.http_call import PASSED_ON, Outgoing, StreamReader, http_call
from madang.providers.multipart import encode_multipart, multipart_type
from madang.providers.openai_audio import SpeechMeaning, TranscriptMeaning, decode_speech, decode_transcription
from madang.providers.openai_images import ImageMeaning, decode_images
from madang.providers.openai_responses import ResponseMeaning, decode_response
from madang.providers.openai_wire import StreamDecoder, decode_failure, decode_reply, encode_body
from madang.providers.rerank import decode_rerank
from madang.providers.typed_events import TypedEventReader

DEFAULT_BASE_URL = "https://api.openai.com/v1"
PATHS: Mapping[Operation, str] = {
    "chat": "/chat/completions",
    "responses": "/responses",
    "embeddings": "/embeddings",
    "images": "/images/generations",
    "image_edits": "/images/edits",
    "transcription": "/audio/transcriptions",
    "translation": "/audio/translations",
    "speech": "/audio/speech",
    "moderations": "/moderations",
    "rerank": "/rerank",
}


class Address(NamedTuple):
    """Where a request goes, with the headers that open the door."""

    url: str
    headers: dict[str, str]


class OpenAIWire:
    """OpenAI's wire to wherever `address_of` says. Answers pass untouched.

    `renames_model`: whether the caller's model name is replaced by the vendor's, and usage asked for in streams; without
    it the body goes out as the caller wrote it. `new_boundary` makes what stands between the fields of a form.
    """

    def __init__(
        self,
        address_of: Callable[[Request], Address],
        *,
        renames_model: bool = True,
        new_boundary: Callable[[], str] = secrets.token_hex,
    ) -> None:
        self._address_of = address_of
        self._renames_model = renames_model
        self._new_boundary = new_boundary

    async def outgoing(self, request: Request) -> Outgoing:
        target = request.target
        assert target is not None
        url, headers = self._address_of(request)
        if request.operation in WITH_FILES and has_files(request.body):
            fields = {**request.body, "model": target.vendor_model} if self._renames_model else request.body
            boundary = self._new_boundary()
            body = encode_multipart(fields, boundary)
            headers = {**headers, "content-type": multipart_type(boundary)}
        else:
            body = encode_body(request, target.vendor_model) if self._renames_model else request.raw
        return Outgoing(url, headers, body, (target.api_key,))

    def is_stream(self, content_type: str) -> bool:
        return content_type.startswith("text/event-stream")

    def shown_type(self, content_type: str, *, is_stream: bool) -> str:
        return content_type

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        match request.operation:
            case "responses":
                return decode_response(raw)
            case "images" | "image_edits":
                return decode_images(raw)
            case "transcription" | "translation":
                return decode_transcription(raw, content_type)
            case "speech":
                return decode_speech(raw, content_type, request.body.get("input"))
            case "rerank":
                return decode_rerank(raw)
            case _:
                return decode_reply(raw)

    def reader(self, request: Request) -> StreamReader:
        match request.operation:
            case "responses":
                return TypedEventReader(ResponseMeaning())
            case "images" | "image_edits":
                return TypedEventReader(ImageMeaning())
            case "transcription" | "translation":
                return TypedEventReader(TranscriptMeaning())
            case "speech":
                return TypedEventReader(SpeechMeaning(request.body.get("response_format")))
            case _:
                asked = request.body.get("n")
                answers = asked if isinstance(asked, int) else 1
                return StreamDecoder(hides_usage=not request.wants_usage, answers=answers)

    def failure(self, status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
        return decode_failure(status, headers, raw)


def openai_call(transport: Transport) -> Call:
    return wire_call(transport, _address_of)


def wire_call(
    transport: Transport,
    address_of: Callable[[Request], Address],
    *,
    renames_model: bool = True,
    passed_on: frozenset[str] = PASSED_ON,
) -> Call:
    """A call over OpenAI's wire; of the answer's headers, `passed_on` are kept."""
    return http_call(transport, OpenAIWire(address_of, renames_model=renames_model), passed_on)


def _address_of(request: Request) -> Address:
    target = request.target
    assert target is not None
    base = target.base_url.rstrip("/") or DEFAULT_BASE_URL
    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    key = target.api_key or ("simulated" if target.is_simulated else "")
    if key:  # servers of one's own often ask for none
        headers["authorization"] = f"Bearer {key}"
    return Address(base + PATHS[request.operation], headers)
