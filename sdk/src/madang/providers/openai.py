"""OpenAI and every server that speaks its wire at another base URL (vLLM, Ollama, Groq, …)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import NamedTuple

from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Operation, Request
from madang.calls.target import Target
from madang.calls.transport import Response, Transport
from madang.errors import CallFailed
from madang.providers.openai_wire import StreamDecoder, decode_failure, decode_reply, encode_body

DEFAULT_BASE_URL = "https://api.openai.com/v1"
PATHS: Mapping[Operation, str] = {"chat": "/chat/completions", "embeddings": "/embeddings"}

# What of a vendor's reply headers helps a caller; the rest is between us and the vendor.
PASSED_ON = frozenset({"x-request-id", "openai-processing-ms", "openai-model", "apim-request-id", "x-ms-region"})


# A vendor that has said [DONE] but keeps the connection open has nothing more to say.
_END_AFTER_DONE_S = 0.5


class Address(NamedTuple):
    """Where a request goes, with the headers that open the door."""

    url: str
    headers: dict[str, str]


def openai_call(transport: Transport) -> Call:
    return wire_call(transport, _address_of)


def wire_call(
    transport: Transport,
    address_of: Callable[[Request], Address],
    encode: Callable[[Request], bytes] | None = None,
    passed_on: frozenset[str] = PASSED_ON,
) -> Call:
    """A call over OpenAI's wire to wherever `address_of` says; of the answer's headers, `passed_on` are kept.

    `encode` makes the body; without it, the caller's with the vendor's model name.
    """

    async def call(request: Request) -> Reply:
        assert request.target is not None
        url, headers = address_of(request)
        body = encode_body(request, request.target.vendor_model) if encode is None else encode(request)
        try:
            response = await transport.send("POST", url, headers, body)
        except ConnectionError as error:
            raise _unreachable(request.target, error) from error
        if response.status >= 300:
            explanation = _without(request.target.api_key, await _read(response))
            raise decode_failure(response.status, response.headers, explanation)
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        key = request.target.api_key
        events = _stream(response, key, hides_usage=not request.wants_usage) if is_stream else _whole(response, key)
        kept = {name: value for name, value in response.headers.items() if name in passed_on}
        content_type = response.headers.get("content-type", "application/json")
        return Reply(response.status, kept, content_type, events, request.target)

    return call


async def _whole(response: Response, key: str) -> Events:
    try:
        yield decode_reply(await _read(response))
    except CallFailed as failure:
        raise _keyless(failure, key) from None
    finally:
        response.close()


async def _stream(response: Response, key: str, *, hides_usage: bool) -> Events:
    decoder = StreamDecoder(hides_usage=hides_usage)
    try:
        chunks = response.chunks()
        async for data in chunks:
            event = decoder.feed(data)
            if event is not None:
                yield event
            if decoder.failure is not None:
                raise _keyless(decoder.failure, key)
            if decoder.is_done:
                await _until_end(chunks)
                return
        event = decoder.end()
        if event is not None:
            yield event
        if decoder.failure is not None:
            raise _keyless(decoder.failure, key)
    except ConnectionError as error:
        if decoder.is_complete:
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


def _keyless(failure: CallFailed, key: str) -> CallFailed:
    """The same failure, in case the vendor's words repeat the key it was sent."""
    if key and (key in failure.message or key.encode() in failure.body):
        failure.message = failure.message.replace(key, "(key)")
        failure.args = (failure.message,)
        failure.body = _without(key, failure.body)
    return failure


def _without(key: str, words: bytes) -> bytes:
    """A vendor's explanation, in case it repeats the key it was sent."""
    return words.replace(key.encode(), b"(key)") if key else words


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


def _address_of(request: Request) -> Address:
    target = request.target
    assert target is not None
    base = target.base_url.rstrip("/") or DEFAULT_BASE_URL
    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    key = target.api_key or ("simulated" if target.is_simulated else "")
    if key:  # servers of one's own often ask for none
        headers["authorization"] = f"Bearer {key}"
    return Address(base + PATHS[request.operation], headers)


def _unreachable(target: Target, error: ConnectionError) -> CallFailed:
    return CallFailed(
        f"Deployment {target.name!r} could not be reached ({error}).",
        reason="connection",
        status=502,
        code="connection_failed",
    )
