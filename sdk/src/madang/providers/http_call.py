"""One request to a vendor over HTTP, for every vendor: send, tell failures apart, read whole or as a stream.

What differs is in the vendor's `Wire`. What every vendor gets the same: its key never comes back in an error, its id of
the request is kept, a connection that breaks is told as what it means for the answer.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import NamedTuple, Protocol

from madang.calls.event import Event
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.calls.transport import Response, Transport
from madang.errors import CallFailed
from madang.providers.unreachable import unreachable

# What of a vendor's reply headers helps a caller; the rest is between us and the vendor.
PASSED_ON = frozenset({"x-request-id", "openai-processing-ms", "openai-model", "apim-request-id", "x-ms-region"})

# The header in which a vendor names a request, OpenAI's and Azure's first.
_REQUEST_IDS = ("x-request-id", "apim-request-id", "request-id", "x-amzn-requestid", "x-goog-request-id")

# A vendor that has said its last word but keeps the connection open has nothing more to say.
_END_AFTER_DONE_S = 0.5


class Outgoing(NamedTuple):
    """What goes to the vendor. `secrets` are what must not come back in its errors."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    secrets: tuple[str, ...] = ()


class StreamReader(Protocol):
    """Turns network reads into events. What a stream means does not depend on how the network cut it."""

    failure: CallFailed | None
    """What the reader has to raise after the last event given."""

    @property
    def is_done(self) -> bool:
        """Whether the vendor has said that nothing follows."""

    @property
    def is_complete(self) -> bool:
        """Whether the answer has been said to its end, so that a connection that breaks now takes nothing away."""

    def feed(self, data: bytes) -> Event | None: ...

    def end(self) -> Event | None:
        """The vendor has closed the stream. Sets `failure` (stream_cut) when the answer was not complete."""


class Wire(Protocol):
    """One vendor's way of speaking."""

    async def outgoing(self, request: Request) -> Outgoing:
        """The request in the vendor's words. Raises CallFailed for what the vendor cannot be asked."""

    def is_stream(self, content_type: str) -> bool:
        """Whether an answer of this type comes in pieces."""

    def shown_type(self, content_type: str, *, is_stream: bool) -> str:
        """The content type of what goes on to the caller."""

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        """The one event of an answer that is not streamed. Raises CallFailed."""

    def reader(self, request: Request) -> StreamReader:
        """A reader for one stream."""

    def failure(self, status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
        """What an answer with an error status means, in the vendor's own words."""


def http_call(transport: Transport, wire: Wire, passed_on: frozenset[str] = PASSED_ON) -> Call:
    """A call over `wire`; of the answer's headers, `passed_on` are kept."""

    async def call(request: Request) -> Reply:
        target = request.target
        assert target is not None
        out = await wire.outgoing(request)
        try:
            response = await transport.send(
                "POST", out.url, out.headers, out.body, connect_timeout_s=request.route.connect_timeout_s
            )
        except ConnectionError as error:
            raise unreachable(target, out.url, error) from error
        headers = response.headers
        request_id = next((headers[name] for name in _REQUEST_IDS if name in headers), "")
        if request.attempt is not None:
            request.attempt.request_id = request_id
        if response.status >= 300:
            explanation = await _read(response)
            failure = keyless(wire.failure(response.status, headers, explanation), out.secrets)
            failure.request_id = failure.request_id or request_id
            raise failure
        content_type = headers.get("content-type", "application/json")
        is_stream = wire.is_stream(content_type)
        if is_stream:
            events = _stream(response, wire.reader(request), out.secrets)
        else:
            events = _whole(response, request, wire, content_type, out.secrets)
        kept = {name: value for name, value in headers.items() if name in passed_on}
        if request_id:
            kept.setdefault("x-request-id", request_id)
        return Reply(response.status, kept, wire.shown_type(content_type, is_stream=is_stream), events, target)

    return call


def keyless(failure: CallFailed, secrets: Iterable[str]) -> CallFailed:
    """The same failure, in case the vendor's words repeat a secret it was sent."""
    for secret in secrets:
        if secret and (secret in failure.message or secret.encode() in failure.body):
            failure.message = failure.message.replace(secret, "(key)")
            failure.args = (failure.message,)
            failure.body = failure.body.replace(secret.encode(), b"(key)")
        for name in ("code", "param", "request_id"):
            words = getattr(failure, name)
            if secret and words and secret in words:
                setattr(failure, name, words.replace(secret, "(key)"))
    return failure


async def _whole(
    response: Response, request: Request, wire: Wire, content_type: str, secrets: tuple[str, ...]
) -> Events:
    try:
        yield wire.whole(request, await _read(response), content_type)
    except CallFailed as failure:
        raise keyless(failure, secrets) from None
    finally:
        response.close()


async def _stream(response: Response, reader: StreamReader, secrets: tuple[str, ...]) -> Events:
    try:
        chunks = response.chunks()
        async for data in chunks:
            event = reader.feed(data)
            if event is not None:
                yield event
            if reader.failure is not None:
                raise keyless(reader.failure, secrets)
            if reader.is_done:
                await _until_end(chunks)
                return
        event = reader.end()
        if event is not None:
            yield event
        if reader.failure is not None:
            raise keyless(reader.failure, secrets)
    except ConnectionError as error:
        if reader.is_complete:
            event = reader.end()
            if event is not None:
                yield event
            return
        raise CallFailed(
            "The connection to the vendor broke in the middle of the answer.",
            reason="stream_cut",
            status=502,
            code="stream_cut",
        ) from error
    finally:
        response.close()


async def _until_end(chunks: AsyncIterator[bytes]) -> None:
    """Waits a moment for the end of the answer, so that its connection can serve the next call."""
    try:
        async with asyncio.timeout(_END_AFTER_DONE_S):
            async for _ in chunks:
                pass
    except TimeoutError:
        return  # closing the response ends the connection


async def _read(response: Response) -> bytes:
    try:
        return await response.read()
    except ConnectionError as error:
        raise CallFailed(
            "The connection to the vendor broke before its answer was complete.",
            reason="connection",
            status=502,
            code="connection_failed",
        ) from error
    finally:
        response.close()
