"""Calls in other languages that come twice: kept answers and joined calls are given in the language they were asked in."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from tests.gateway.every_vendor import anthropic_client, model_of
from tests.support.running_platform import Platform

pytestmark = pytest.mark.xdist_group("platform")

HELLO: Any = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("vendor", ["anthropic", "gemini"])
@pytest.mark.parametrize("how", ["kept", "joined"])
def test_a_message_that_comes_twice_is_answered_alike(platform: Platform, how: str, vendor: str, stream: bool) -> None:
    alias = model_of(platform, vendor)
    headers = {"x-madang-cache": "ttl=60"} if how == "kept" else {"idempotency-key": secrets.token_hex(8)}
    answers = []
    with anthropic_client(platform) as client:
        for _ in range(2):
            with client.messages.with_streaming_response.create(
                model=alias, max_tokens=100, messages=HELLO, stream=stream, extra_headers=headers
            ) as answer:
                answers.append(b"".join(answer.iter_bytes()))
                last = answer.headers
    assert answers[0] == answers[1]
    assert last.get("x-madang-cache") == "hit" or "x-madang-joined" in last


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_kept_answer_can_be_gone_on_with(platform: Platform, stream: bool) -> None:
    alias = model_of(platform, "anthropic")
    client = platform.openai(max_retries=0)
    names = []
    for _ in range(2):
        headers = {"x-madang-cache": "ttl=60"}
        if stream:
            events = list(client.responses.create(model=alias, input="Hi.", stream=True, extra_headers=headers))
            assert events[-1].type == "response.completed"
            names.append(events[-1].response.id)
        else:
            names.append(client.responses.create(model=alias, input="Hi.", extra_headers=headers).id)
    assert names[0] == names[1]
    assert client.responses.create(model=alias, input="And?", previous_response_id=names[1]).output_text
