"""Duplicates and cache for callers who speak Anthropic's language, by the official client."""

from __future__ import annotations

import secrets
from typing import Any

import anthropic
import pytest
from tests.gateway.test_duplicates import hits
from tests.support.running_platform import Platform

QUESTION: Any = {"max_tokens": 200, "messages": [{"role": "user", "content": "Hello"}]}


def client_of(platform: Platform) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key=platform.key, base_url=platform.url, max_retries=0, timeout=30.0)


def test_a_message_that_is_asked_for_twice_with_one_key_is_asked_of_the_vendor_once(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    key = {"idempotency-key": secrets.token_hex(8)}
    texts = []
    with client_of(platform) as client:
        for _ in range(2):
            with client.messages.stream(model=alias, extra_headers=key, **QUESTION) as stream:
                texts.append(stream.get_final_text())
        assert texts[0] == texts[1] and hits(platform, deployment) == 1
        with pytest.raises(anthropic.ConflictError, match="Idempotency-Key"):
            client.messages.create(model=alias, extra_headers=key, **{**QUESTION, "max_tokens": 5})


def test_messages_come_from_the_cache_streamed_and_whole(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment, cache_ttl_s=60)
    with client_of(platform) as client:
        whole = [client.messages.with_raw_response.create(model=alias, **QUESTION) for _ in range(2)]
        streamed = []
        for _ in range(2):
            with client.messages.stream(model=alias, **QUESTION) as stream:
                streamed.append(stream.get_final_message())
    assert [each.headers["x-madang-cache"] for each in whole] == ["miss", "hit"]
    assert whole[0].parse() == whole[1].parse()
    assert streamed[0] == streamed[1] and streamed[0].usage.output_tokens > 0
    assert hits(platform, deployment) == 2  # each way has its own
