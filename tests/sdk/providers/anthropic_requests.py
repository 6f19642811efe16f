"""Requests to Anthropic deployments, as the bodies that would be sent."""

from typing import Any

import msgspec
import pytest
from tests.sdk.request_builder import request, route, target

from madang.calls.request import Attempt, Request
from madang.errors import CallFailed
from madang.providers.anthropic.request_body import encode_body

OLDER = "claude-opus-4-5"  # is given a budget to think
NEWER = "claude-opus-4-6"  # is told an effort
NEWEST = "claude-opus-5"  # takes no sampling parameters
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def asked(
    *, model: str = OLDER, stream: bool = False, wants_usage: bool = False, limit: int | None = None, **body: Any
) -> Request:
    """A request addressed to one Anthropic deployment, as its first attempt."""
    to = target("east", vendor="anthropic", vendor_model=model, api_key="sk-ant-key", max_output_tokens=limit)
    made = request(route(to), stream=stream, body=body, wants_usage=wants_usage)
    made = made.to(to, "first", has_alternative=False)
    return msgspec.structs.replace(made, attempt=Attempt("span1", to, "first", 1_767_225_600_000_000))


def raw_sent(**fields: Any) -> bytes:
    made = asked(**fields)
    assert made.target is not None
    return encode_body(made, made.target)


def sent(**fields: Any) -> dict[str, Any]:
    """What the Messages API is sent, as JSON."""
    decoded: dict[str, Any] = msgspec.json.decode(raw_sent(**fields))
    return decoded


def turns(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What the messages are sent as."""
    found: list[dict[str, Any]] = sent(messages=list(messages))["messages"]
    return found


def user_blocks(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    """What the parts of one user's message are sent as."""
    found: list[dict[str, Any]] = turns({"role": "user", "content": list(parts)})[0]["content"]
    return found


def refused(**fields: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        raw_sent(**fields)
    assert (caught.value.reason, caught.value.status) == ("invalid_request", 400)
    return caught.value
