"""OpenAI and every server that speaks its wire at another base URL (vLLM, Ollama, Groq, …)."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from madang.calls.event import Event
from madang.calls.operation import Operation
from madang.calls.reply import Call
from madang.calls.request import Request
from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.http_call import PASSED_ON, Outgoing, http_call
from madang.providers.openai_wire import StreamDecoder, decode_failure, decode_reply, encode_body

DEFAULT_BASE_URL = "https://api.openai.com/v1"
PATHS: Mapping[Operation, str] = {"chat": "/chat/completions", "embeddings": "/embeddings"}


class Address(NamedTuple):
    """Where a request goes, with the headers that open the door."""

    url: str
    headers: dict[str, str]


class OpenAIWire:
    """OpenAI's wire to wherever `address_of` says. `encode` makes the body; without it, the caller's with the vendor's
    model name. Answers pass untouched.
    """

    def __init__(
        self, address_of: Callable[[Request], Address], encode: Callable[[Request], bytes] | None = None
    ) -> None:
        self._address_of = address_of
        self._encode = encode

    async def outgoing(self, request: Request) -> Outgoing:
        target = request.target
        assert target is not None
        url, headers = self._address_of(request)
        body = encode_body(request, target.vendor_model) if self._encode is None else self._encode(request)
        return Outgoing(url, headers, body, (target.api_key,))

    def is_stream(self, content_type: str) -> bool:
        return content_type.startswith("text/event-stream")

    def shown_type(self, content_type: str, *, is_stream: bool) -> str:
        return content_type

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        return decode_reply(raw)

    def reader(self, request: Request) -> StreamDecoder:
        return StreamDecoder(hides_usage=not request.wants_usage)

    def failure(self, status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
        return decode_failure(status, headers, raw)


def openai_call(transport: Transport) -> Call:
    return wire_call(transport, _address_of)


def wire_call(
    transport: Transport,
    address_of: Callable[[Request], Address],
    encode: Callable[[Request], bytes] | None = None,
    passed_on: frozenset[str] = PASSED_ON,
) -> Call:
    """A call over OpenAI's wire; of the answer's headers, `passed_on` are kept."""
    return http_call(transport, OpenAIWire(address_of, encode), passed_on)


def _address_of(request: Request) -> Address:
    target = request.target
    assert target is not None
    base = target.base_url.rstrip("/") or DEFAULT_BASE_URL
    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    key = target.api_key or ("simulated" if target.is_simulated else "")
    if key:  # servers of one's own often ask for none
        headers["authorization"] = f"Bearer {key}"
    return Address(base + PATHS[request.operation], headers)
