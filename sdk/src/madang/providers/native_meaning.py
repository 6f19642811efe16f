"""What requests and answers in vendors' own words tell: which model, what kind of call, what was consumed.

The bytes are the caller's business; whatever cannot be read here just stays unknown.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from madang.calls.event import Consumed, Part
from madang.calls.operation import Operation
from madang.calls.request import Request
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.anthropic.failures import decode_failure as anthropic_failure
from madang.providers.anthropic.reply import meaning_of_reply
from madang.providers.anthropic.stream import MessageReader
from madang.providers.bedrock.chat_answer import parts_of as converse_parts
from madang.providers.bedrock.chat_stream import ConverseReader
from madang.providers.bedrock.failures import decode_failure as bedrock_failure
from madang.providers.gemini.chat_answer import reader_for, whole_answer
from madang.providers.gemini.failure import decode_failure as gemini_failure
from madang.providers.http_call import StreamReader
from madang.providers.openai_chunks import ChunkWriter
from madang.providers.openai_responses import ResponseMeaning, decode_response
from madang.providers.openai_wire import StreamDecoder, decode_failure, decode_reply
from madang.providers.rerank import decode_rerank
from madang.providers.typed_events import TypedEventReader

Form = Literal["chat", "responses", "embeddings", "rerank", "messages", "generate", "converse", "invoke", ""]
"""How an answer is read; empty where it tells of no consumption."""

_OPERATIONS: Mapping[Form, Operation] = {
    "chat": "chat",
    "responses": "responses",
    "embeddings": "embeddings",
    "rerank": "rerank",
    "messages": "messages",
    "generate": "chat",
    "converse": "chat",
    "invoke": "chat",
    "": "passthrough",
}
_OPENAI_FORMS: Mapping[str, Form] = {
    "chat/completions": "chat",
    "completions": "chat",
    "responses": "responses",
    "embeddings": "embeddings",
    "rerank": "rerank",
}
_OF_AZURE = re.compile(r"openai/(?:v1|deployments/(?P<model>[^/]+))/(?P<rest>.+)")
_OF_GOOGLE = re.compile(r"(?:models|endpoints)/(?P<model>[^/:]+):(?P<method>\w+)$")
_OF_BEDROCK = re.compile(
    r"model/(?P<model>[^/]+)/(?P<verb>converse|converse-stream|invoke|invoke-with-response-stream)$"
)
_FAILURES = {
    "anthropic": anthropic_failure,
    "gemini": gemini_failure,
    "vertex": gemini_failure,
    "bedrock": bedrock_failure,
}


class NativeMeaning(NamedTuple):
    """What a request is; `model` is the vendor's name for it, empty where none is asked."""

    form: Form
    model: str

    @property
    def operation(self) -> Operation:
        return _OPERATIONS[self.form]


def meaning_of(vendor: str, method: str, path: str, body: Mapping[str, Any]) -> NativeMeaning:
    """What a request to this path asks for. `path` is percent-encoded, as the caller sent it."""
    path = unquote(path)
    named = str(body.get("model") or "")
    form: Form = ""
    match vendor:
        case "openai":
            form = _OPENAI_FORMS.get(path.removeprefix("v1/"), "")
        case "anthropic":
            form = "messages" if path == "v1/messages" else ""
        case "azure":
            found = _OF_AZURE.fullmatch(path)
            if found:
                form, named = _OPENAI_FORMS.get(found["rest"], ""), found["model"] or named
        case "gemini" | "vertex":
            found = _OF_GOOGLE.search(path)
            if found:
                named = found["model"]
                form = "generate" if found["method"] in ("generateContent", "streamGenerateContent") else ""
        case "bedrock":
            found = _OF_BEDROCK.fullmatch(path)
            if found:
                named = found["model"]
                form = "converse" if found["verb"].startswith("converse") else "invoke"
    return NativeMeaning(form if method == "POST" else "", named)


def failure_meaning(vendor: str, status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
    """What an error of this vendor means."""
    return _FAILURES.get(vendor, decode_failure)(status, headers, raw)


def parts_of_answer(form: Form, request: Request, headers: Mapping[str, str], raw: bytes) -> tuple[Part, ...]:
    """The parts of an answer that is not streamed. Raises CallFailed for what cannot be read."""
    match form:
        case "chat" | "embeddings":
            return decode_reply(raw).parts
        case "responses":
            return decode_response(raw).parts
        case "rerank":
            return decode_rerank(raw).parts
        case "messages":
            return meaning_of_reply(raw)
        case "generate":
            return whole_answer(request, raw, vendor="Gemini").parts
        case "converse":
            return converse_parts(raw, reply_id="", model=_model(request), is_by_tool=False)
        case "invoke":
            return _invoked(headers)
    return ()


def reader_of_stream(form: Form, request: Request, content_type: str) -> StreamReader | None:
    """A reader for a stream of this kind; None for what is none that can be read."""
    if content_type.startswith("application/vnd.amazon.eventstream"):
        writer = ChunkWriter(reply_id="", model=_model(request), created=0, wants_usage=False)
        return (
            ConverseReader(writer, reply_id="", model=_model(request), is_by_tool=False) if form == "converse" else None
        )
    if not content_type.startswith("text/event-stream"):
        return None
    match form:
        case "chat":
            return StreamDecoder(hides_usage=False)
        case "responses":
            return TypedEventReader(ResponseMeaning())
        case "messages":
            return MessageReader()
        case "generate":
            return reader_for(request, vendor="Gemini")
    return None


def _invoked(headers: Mapping[str, str]) -> tuple[Part, ...]:
    """InvokeModel's bodies differ by model; Bedrock itself tells the counts in headers."""
    given = headers.get("x-amzn-bedrock-input-token-count", "")
    written = headers.get("x-amzn-bedrock-output-token-count", "")
    if not given.isdigit():
        return ()
    return (Consumed(Usage(int(given), int(written) if written.isdigit() else 0)),)


def _model(request: Request) -> str:
    assert request.target is not None
    return request.target.vendor_model
