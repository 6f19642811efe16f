"""Calls to AWS Bedrock: Converse and ConverseStream for chat, InvokeModel for embeddings, images and reranking.

Requests are signed where the credential is a key pair, see access.py; nothing is repeated here.
"""

import time
from collections.abc import Mapping

from madang.calls.completion import completion_of
from madang.calls.event import Event
from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.calls.target import Target
from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.bedrock.access import Access
from madang.providers.bedrock.address import url_of
from madang.providers.bedrock.chat_answer import parts_of
from madang.providers.bedrock.chat_request import answers_by_tool, encode_body
from madang.providers.bedrock.chat_stream import ConverseReader
from madang.providers.bedrock.content import remote_urls
from madang.providers.bedrock.embeddings import TOKENS_HEADER, embeddings_call, encode_batch
from madang.providers.bedrock.failures import decode_failure
from madang.providers.bedrock.images import decode_images, encode_prompt
from madang.providers.bedrock.rerank import decode_ranking, encode_ranking
from madang.providers.http_call import PASSED_ON, Outgoing, http_call
from madang.providers.openai_chunks import ChunkWriter
from madang.providers.remote_file import FileFetcher, fetch_files

_EVENT_STREAM = "application/vnd.amazon.eventstream"


def bedrock_call(transport: Transport, fetcher: FileFetcher | None = None) -> Call:
    """`fetcher` gets the files that messages name by URL, which Converse takes as bytes only."""
    access = Access()
    chat = http_call(transport, _ConverseWire(access, fetcher or FileFetcher()))
    images = http_call(transport, _ImageWire(access))
    ranking = http_call(transport, _RerankWire(access))
    embeddings = embeddings_call(http_call(transport, _EmbeddingWire(access), PASSED_ON | {TOKENS_HEADER}))

    async def call(request: Request) -> Reply:
        match request.operation:
            case "chat":
                return await chat(request)
            case "embeddings":
                return await embeddings(request)
            case "images":
                return await images(request)
            case "rerank":
                return await ranking(request)
        raise CallFailed(
            f"Bedrock is not asked for {request.operation!r}; it is for chat, embeddings, images and rerank.",
            reason="invalid_request",
            status=400,
            code="unsupported_operation",
        )

    return call


class _Sender:
    """What goes out to Bedrock, whatever it is; and what comes back as an error."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def _outgoing(self, request: Request, verb: str, body: bytes) -> Outgoing:
        target = _target(request)
        url = url_of(target, verb)
        credential = target.api_key or ("simulated" if target.is_simulated else "")
        headers = self._access.headers(credential, target.region, url, body, _started_s(request))
        secrets = self._access.secrets(credential, target.region)
        return Outgoing(url, {**headers, "accept-encoding": "identity"}, body, secrets)

    def is_stream(self, content_type: str) -> bool:
        return content_type.startswith(_EVENT_STREAM)

    def shown_type(self, content_type: str, *, is_stream: bool) -> str:
        return "text/event-stream; charset=utf-8" if is_stream else "application/json"

    def reader(self, request: Request) -> ConverseReader:
        model, reply_id = _target(request).vendor_model, _reply_id(request)
        created = int(_started_s(request))
        writer = ChunkWriter(reply_id=reply_id, model=model, created=created, wants_usage=request.wants_usage)
        return ConverseReader(writer, reply_id=reply_id, model=model, is_by_tool=answers_by_tool(request.body, model))

    def failure(self, status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
        return decode_failure(status, headers, raw)


class _ConverseWire(_Sender):
    def __init__(self, access: Access, fetcher: FileFetcher) -> None:
        super().__init__(access)
        self._fetcher = fetcher

    async def outgoing(self, request: Request) -> Outgoing:
        urls = list(remote_urls(request.body.get("messages")))
        files = await fetch_files(urls, self._fetcher) if urls else {}
        body = encode_body(request.body, _target(request), files)
        return self._outgoing(request, "converse-stream" if request.is_stream else "converse", body)

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        model = _target(request).vendor_model
        is_by_tool = answers_by_tool(request.body, model)
        parts = parts_of(raw, reply_id=_reply_id(request), model=model, is_by_tool=is_by_tool)
        return Event(completion_of(parts, int(_started_s(request))), parts)


class _EmbeddingWire(_Sender):
    """One request of the several that a call may need; embeddings.py puts the answers together."""

    async def outgoing(self, request: Request) -> Outgoing:
        body = encode_batch(request.body, _target(request).vendor_model)
        return self._outgoing(request, "invoke", body)

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        return Event(raw)


class _ImageWire(_Sender):
    async def outgoing(self, request: Request) -> Outgoing:
        body = encode_prompt(request.body, _target(request).vendor_model)
        return self._outgoing(request, "invoke", body)

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        return decode_images(raw, str(request.body.get("output_format") or "png"), int(_started_s(request)))


class _RerankWire(_Sender):
    async def outgoing(self, request: Request) -> Outgoing:
        body = encode_ranking(request.body, _target(request).vendor_model)
        return self._outgoing(request, "invoke", body)

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        return decode_ranking(raw, request.body, _target(request).vendor_model)


def _target(request: Request) -> Target:
    assert request.target is not None
    return request.target


def _started_s(request: Request) -> float:
    """When this request began, in seconds since the epoch: the moment that is signed, and shown as the answer's."""
    return request.attempt.start_us / 1_000_000 if request.attempt is not None else time.time()


def _reply_id(request: Request) -> str:
    """Converse names no answers; the id of the request finds them at AWS."""
    request_id = request.attempt.request_id if request.attempt is not None else ""
    return f"chatcmpl-{request_id}" if request_id else "chatcmpl-bedrock"
