"""Calls to Anthropic's Messages API, and to servers that speak it at another base URL.

Source: Anthropic's API reference, "Create a Message" and "Versions". `api_version` of a deployment is the header
anthropic-version; the base URL may end with /v1 or not, as for the vendor's own clients. A request in the vendor's own
words goes out as it is, but for the model's name and `betas`, which are a header; its answer passes untouched.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from madang.calls.event import Event
from madang.calls.operation import Operation
from madang.calls.reply import Call
from madang.calls.request import Request
from madang.calls.target import Target
from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.anthropic.failures import decode_failure
from madang.providers.anthropic.reply import decode_reply, meaning_of_reply
from madang.providers.anthropic.request_body import encode_body
from madang.providers.anthropic.stream import MessageReader
from madang.providers.http_call import Outgoing, http_call
from madang.providers.openai_fields import refused

DEFAULT_BASE_URL = "https://api.anthropic.com"
DEFAULT_VERSION = "2023-06-01"
_MOST_BETAS = 50
_BETA = re.compile(r"[A-Za-z0-9._:-]{1,200}")
_PATHS: Mapping[Operation, str] = {
    "chat": "/v1/messages",
    "messages": "/v1/messages",
    "count_tokens": "/v1/messages/count_tokens",
}

_encode = msgspec.json.Encoder().encode


class AnthropicWire:
    """Requests in OpenAI's shape go out in Anthropic's, and its answers come back in OpenAI's; its own words pass."""

    async def outgoing(self, request: Request) -> Outgoing:
        target = request.target
        assert target is not None
        path = _PATHS.get(request.operation)
        if path is None:
            raise CallFailed(
                f"Anthropic is not asked for {request.operation!r}; it is for chat.",
                reason="invalid_request",
                status=400,
                code="unsupported_operation",
            )
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            "anthropic-version": target.api_version or DEFAULT_VERSION,
        }
        key = target.api_key or ("simulated" if target.is_simulated else "")
        if key:
            headers["x-api-key"] = key
        betas = _betas(request.body.get("betas"))
        if betas:
            headers["anthropic-beta"] = betas
        base = target.base_url.rstrip("/").removesuffix("/v1") or DEFAULT_BASE_URL
        body = encode_body(request, target) if request.operation == "chat" else _own_body(request, target)
        return Outgoing(base + path, headers, body, (target.api_key,))

    def is_stream(self, content_type: str) -> bool:
        return content_type.startswith("text/event-stream")

    def shown_type(self, content_type: str, *, is_stream: bool) -> str:
        return "text/event-stream; charset=utf-8" if is_stream else "application/json"

    def whole(self, request: Request, raw: bytes, content_type: str) -> Event:
        match request.operation:
            case "messages":
                return Event(raw, meaning_of_reply(raw))
            case "count_tokens":
                return Event(raw)
            case _:
                return decode_reply(raw, _created(request))

    def reader(self, request: Request) -> MessageReader:
        assert request.target is not None
        if request.operation == "messages":
            return MessageReader()
        return MessageReader.writing_chat(
            model=request.target.vendor_model, created=_created(request), wants_usage=request.wants_usage
        )

    def failure(self, status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
        return decode_failure(status, headers, raw)


def anthropic_call(transport: Transport) -> Call:
    return http_call(transport, AnthropicWire())


def _own_body(request: Request, target: Target) -> bytes:
    body = {**request.body, "model": target.vendor_model}
    body.pop("betas", None)
    return _encode(body)


def _created(request: Request) -> int:
    """Seconds since the epoch; Anthropic does not tell when an answer was made."""
    return request.attempt.start_us // 1_000_000 if request.attempt is not None else 0


def _betas(betas: Any) -> str:
    """The header's value. A header that cannot be sent is the caller's mistake, not a vendor that is out of reach."""
    if betas is None:
        return ""
    is_list = isinstance(betas, list) and len(betas) <= _MOST_BETAS
    if not is_list or not all(isinstance(beta, str) and _BETA.fullmatch(beta) for beta in betas):
        raise refused("'betas' must be a list of names of Anthropic's beta features.", "betas")
    return ",".join(betas)
