"""Calls to the Gemini API and to Vertex AI: one wire for each operation, over one way to reach either of them."""

from collections.abc import Awaitable, Callable, Mapping

from madang.calls.clock import Clock
from madang.calls.event import Event
from madang.calls.operation import Operation
from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.gemini import embeddings, images, speech
from madang.providers.gemini.address import gemini_url, vertex_url
from madang.providers.gemini.chat_answer import ChatReader, reader_for, whole_answer
from madang.providers.gemini.chat_request import chat_body
from madang.providers.gemini.failure import decode_failure
from madang.providers.gemini.media import remote_urls
from madang.providers.gemini.service_account import AccessTokens, read_key
from madang.providers.http_call import Outgoing, StreamReader, Wire, http_call
from madang.providers.openai_wire import bad_reply
from madang.providers.remote_file import FileFetcher, fetch_files

_JSON = {"content-type": "application/json", "accept-encoding": "identity"}
Reached = Callable[[Request, str], Awaitable[Outgoing]]
"""Where a method of a request's model is, with the headers that open the door; the body is still empty."""


def gemini_call(transport: Transport, fetcher: FileFetcher | None = None) -> Call:
    """A call to the Gemini API, by API key."""
    return _call(transport, "Gemini", _reach_gemini, fetcher or FileFetcher(), is_vertex=False)


def vertex_call(transport: Transport, fetcher: FileFetcher | None = None, clock: Clock | None = None) -> Call:
    """A call to Vertex AI, by a service account's JSON key, or in express mode by an API key."""
    wall = (clock or Clock()).now_us
    tokens = AccessTokens(transport, now_s=lambda: wall() / 1_000_000)

    async def reach(request: Request, method: str) -> Outgoing:
        return await _reach_vertex(request, method, tokens)

    call = _call(transport, "Vertex AI", reach, fetcher or FileFetcher(), is_vertex=True)

    async def with_fresh_tokens(request: Request) -> Reply:
        try:
            return await call(request)
        except CallFailed as failure:
            key = request.target.api_key if request.target is not None else ""
            if failure.status == 401 and failure.code != "invalid_service_account" and _is_account(key):
                tokens.forget(read_key(key))
            raise

    return with_fresh_tokens


def _call(transport: Transport, vendor: str, reach: Reached, fetcher: FileFetcher, *, is_vertex: bool) -> Call:
    wires: dict[Operation, Wire] = {
        "chat": _ChatWire(vendor, reach, fetcher),
        "embeddings": _EmbeddingWire(vendor, reach, is_vertex=is_vertex),
        "images": _ImageWire(vendor, reach),
    }
    calls = {operation: http_call(transport, wire) for operation, wire in wires.items()}
    speaking = {type: http_call(transport, _SpeechWire(vendor, reach, type)) for type in ("audio/wav", "audio/pcm")}

    async def call(request: Request) -> Reply:
        if request.operation == "speech":
            return await speaking[speech.content_type(request)](request)
        chosen = calls.get(request.operation)
        if chosen is None:
            raise CallFailed(
                f"{vendor} is not asked for {request.operation}.",
                reason="invalid_request",
                status=400,
                code="unsupported_operation",
            )
        return await chosen(request)

    return call


async def _reach_gemini(request: Request, method: str) -> Outgoing:
    target = request.target
    assert target is not None
    key = target.api_key or ("simulated" if target.is_simulated else "")
    url = gemini_url(target.base_url, target.api_version, target.vendor_model, method)
    return Outgoing(url, {**_JSON, "x-goog-api-key": key}, b"", (target.api_key,))


async def _reach_vertex(request: Request, method: str, tokens: AccessTokens) -> Outgoing:
    target = request.target
    assert target is not None
    key, project, headers = target.api_key, "", dict(_JSON)
    secrets: tuple[str, ...] = (key,)
    if _is_account(key):
        account = read_key(key)
        token = await tokens.token(account)
        project, secrets = account.project_id, (account.private_key, token)
        headers["authorization"] = f"Bearer {token}"
    elif target.is_simulated and not key:
        project = "simulated"
        headers["authorization"] = "Bearer simulated"
    else:
        headers["x-goog-api-key"] = key
    url = vertex_url(target.base_url, target.api_version, target.region, project, target.vendor_model, method)
    return Outgoing(url, headers, b"", secrets)


def _is_account(key: str) -> bool:
    return key.lstrip().startswith("{")


class _WholeWire:
    """What the operations have in common that are answered at once."""

    def __init__(self, vendor: str, reach: Reached) -> None:
        self.vendor = vendor
        self.reach = reach

    def is_stream(self, content_type: str) -> bool:
        return False

    def shown_type(self, content_type: str, *, is_stream: bool) -> str:
        return "application/json"

    def reader(self, request: Request) -> StreamReader:
        raise bad_reply("a stream that nobody asked for")

    def failure(self, status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
        return decode_failure(status, headers, raw)


class _ChatWire(_WholeWire):
    def __init__(self, vendor: str, reach: Reached, fetcher: FileFetcher) -> None:
        super().__init__(vendor, reach)
        self._fetcher = fetcher

    async def outgoing(self, request: Request) -> Outgoing:
        messages = request.body.get("messages")
        urls = list(remote_urls(messages)) if isinstance(messages, list) else []
        files = await fetch_files(urls, self._fetcher) if urls else {}
        body = chat_body(request, files)
        method = "streamGenerateContent?alt=sse" if request.is_stream else "generateContent"
        return (await self.reach(request, method))._replace(body=body)

    def is_stream(self, content_type: str) -> bool:
        return content_type.startswith("text/event-stream")

    def shown_type(self, content_type: str, *, is_stream: bool) -> str:
        return "text/event-stream" if is_stream else "application/json"

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        return whole_answer(request, raw, vendor=self.vendor)

    def reader(self, request: Request) -> ChatReader:
        return reader_for(request, vendor=self.vendor)


class _EmbeddingWire(_WholeWire):
    def __init__(self, vendor: str, reach: Reached, *, is_vertex: bool) -> None:
        super().__init__(vendor, reach)
        self._is_vertex = is_vertex

    async def outgoing(self, request: Request) -> Outgoing:
        assert request.target is not None
        if self._is_vertex:
            body, method = embeddings.vertex_body(request), embeddings.vertex_method(request.target.vendor_model)
        else:
            body, method = embeddings.gemini_body(request), "batchEmbedContents"
        return (await self.reach(request, method))._replace(body=body)

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        return embeddings.embedding_list(request, raw)


class _ImageWire(_WholeWire):
    async def outgoing(self, request: Request) -> Outgoing:
        body = images.image_body(request)
        return (await self.reach(request, "generateContent"))._replace(body=body)

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        return images.image_list(request, raw, vendor=self.vendor)


class _SpeechWire(_WholeWire):
    def __init__(self, vendor: str, reach: Reached, shown: str) -> None:
        super().__init__(vendor, reach)
        self._shown = shown

    async def outgoing(self, request: Request) -> Outgoing:
        body = speech.speech_body(request)
        return (await self.reach(request, "generateContent"))._replace(body=body)

    def shown_type(self, content_type: str, *, is_stream: bool) -> str:
        return self._shown

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        return speech.sound(request, raw, vendor=self.vendor)
