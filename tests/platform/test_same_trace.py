"""The same call through the SDK leaves the same trace, whether the vendor is called from here or by the Gateway."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.support.running_platform import SECRET_KEY, Platform

from madang import CallFailed, Madang
from madang.config import Mode

pytestmark = pytest.mark.xdist_group("platform")

# What is bound to differ: when it happened, and the ids.
DIFFERENT = {"trace_id", "span_id", "parent_span_id", "start_time", "end_time", "duration_ms", "first_token_ms"}
KINDS = ("chat", "stream", "embeddings")


def call(platform: Platform, model: str, mode: Mode, kind: str) -> str:
    """The id of the call's trace."""
    with Madang(api_key=SECRET_KEY, base_url=platform.url, mode=mode) as client:
        messages = [{"role": "user", "content": "Say something about the sea."}]
        if kind == "embeddings":
            return client.embeddings.create(model=model, input="the sea", user_id="u1").call.trace_id
        if kind == "chat":
            answer = client.chat.completions.create(
                model=model, messages=messages, seed=7, session_id="s1", user_id="u1", tags=("a", "b")
            )
            assert answer.choices[0].message.content
            return answer.call.trace_id
        with client.chat.completions.create(model=model, messages=messages, seed=7, stream=True) as stream:
            assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
            return stream.call.trace_id


def shape_of(trace: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The spans without what differs, root first and attempts in their order."""
    spans = sorted(trace["spans"], key=lambda span: (span["parent_span_id"] != "", span["start_time"]))
    return [
        {name: _SHOWN.get(name, same)(value) for name, value in span.items() if name not in DIFFERENT} for span in spans
    ]


def same(value: Any) -> Any:
    return value


def said(output: str) -> object:
    """What was answered, without the vendor's ids and times."""
    return json.loads(output)["choices"] if output else output


def without_request_id(attributes: Mapping[str, str]) -> dict[str, str]:
    """The vendor gives each request its own."""
    return {name: value for name, value in attributes.items() if name != "madang.attempt.request_id"}


_SHOWN: Mapping[str, Callable[[Any], Any]] = {"output": said, "attributes": without_request_id}


@pytest.mark.parametrize("kind", KINDS)
def test_both_modes_leave_the_same_trace(platform: Platform, kind: str) -> None:
    model = platform.model(
        platform.deployment({"kind": "server_error", "probability": 1.0}, order=1), platform.deployment(order=2)
    )
    direct = shape_of(platform.trace(call(platform, model, "direct", kind)))
    gateway = shape_of(platform.trace(call(platform, model, "gateway", kind)))
    assert len(direct) == 3
    for here, there in zip(direct, gateway, strict=True):
        assert here == there


@pytest.mark.parametrize("mode", ["direct", "gateway"])
def test_both_modes_name_the_same_reason_for_a_failure(platform: Platform, mode: Mode) -> None:
    model = platform.model(platform.deployment({"kind": "unauthorized", "probability": 1.0}))
    with Madang(api_key=SECRET_KEY, base_url=platform.url, mode=mode) as client, pytest.raises(CallFailed) as failed:
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}])
    assert failed.value.reason == "authentication"
    assert failed.value.code == "deployment_misconfigured"
