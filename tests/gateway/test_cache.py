"""The cache: equal requests are answered once by the vendor and then from memory, in the way that each was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.gateway.test_duplicates import hits, root_of, text_in
from tests.support.running_platform import Platform, until

TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]
HELLO: Any = [{"role": "user", "content": "Hello"}]


def cached_model(platform: Platform, **behaviour: Any) -> tuple[str, Mapping[str, Any]]:
    deployment = platform.deployment(**behaviour)
    return platform.model(deployment, cache_ttl_s=60), deployment


def test_the_second_equal_call_is_answered_from_the_cache_and_costs_nothing(platform: Platform) -> None:
    alias, deployment = cached_model(platform)
    first, second = platform.chat(alias), platform.chat(alias)
    assert first.body == second.body and hits(platform, deployment) == 1
    assert (first.headers["x-madang-cache"], second.headers["x-madang-cache"]) == ("miss", "hit")
    assert int(second.headers["age"]) >= 0 and second.headers["x-madang-deployment"] == deployment["name"]
    assert (second.headers["x-madang-attempts"], second.headers["x-madang-cost-usd"]) == ("0", "0")
    hit = root_of(platform, second)
    assert hit["attributes"]["madang.cache"] == "hit"
    assert hit["attributes"]["madang.cached.trace_id"] == first.headers["x-madang-trace-id"]
    assert hit["attributes"]["madang.saved.cost_usd"] == first.headers["x-madang-cost-usd"]
    assert float(hit["cost_usd"]) == 0 and hit["output_tokens"] is None and json.loads(hit["output"])["choices"]


def test_without_a_setting_nothing_is_cached(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    assert "x-madang-cache" not in platform.chat(alias).headers
    platform.chat(alias)
    assert hits(platform, deployment) == 2


def test_a_call_may_ask_for_the_cache_by_itself(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    for expected in ("miss", "hit"):
        assert platform.chat(alias, headers={"x-madang-cache": "ttl=30"}).headers["x-madang-cache"] == expected
    assert hits(platform, deployment) == 1


def test_a_call_may_refuse_the_cache(platform: Platform) -> None:
    alias, deployment = cached_model(platform)
    platform.chat(alias)
    answer = platform.chat(alias, headers={"x-madang-no-cache": "1", "x-madang-cache": "ttl=30"})
    assert "x-madang-cache" not in answer.headers and hits(platform, deployment) == 2


@pytest.mark.parametrize("wish", ["ttl", "ttl=0", "ttl=-1", "ttl=2592001", "60", "ttl=1e3"])
def test_a_wish_that_cannot_be_read_is_refused(platform: Platform, wish: str) -> None:
    alias, _ = cached_model(platform)
    answer = platform.chat(alias, headers={"x-madang-cache": wish})
    assert (answer.status, answer.error["code"]) == (400, "invalid_cache")


def test_an_answer_is_asked_for_again_after_its_time(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment, cache_ttl_s=0.4)
    platform.chat(alias)
    until(lambda: platform.chat(alias).headers["x-madang-cache"] == "miss", "the answer is too old")
    assert hits(platform, deployment) == 2


def test_a_call_gets_no_older_answer_than_it_asked_for(platform: Platform) -> None:
    alias, deployment = cached_model(platform)
    platform.chat(alias)
    short = {"x-madang-cache": "ttl=0.5"}
    until(lambda: platform.chat(alias, headers=short).headers["x-madang-cache"] == "miss", "the answer is too old")
    assert hits(platform, deployment) == 2


def test_what_does_not_change_the_answer_does_not_change_the_key(platform: Platform) -> None:
    alias, deployment = cached_model(platform)
    platform.chat(alias, user="kim", metadata={"a": "b"}, temperature=0)
    body = json.dumps({"temperature": 0, "messages": HELLO, "model": alias, "user": "lee"}, indent=2).encode()
    answer = platform.send("POST", "/v1/chat/completions", raw=body)
    assert answer.headers["x-madang-cache"] == "hit" and hits(platform, deployment) == 1


def test_what_changes_the_answer_changes_the_key(platform: Platform) -> None:
    alias, deployment = cached_model(platform)
    for more in ({}, {"temperature": 0.5}, {"max_tokens": 5}, {"seed": 1}):
        assert platform.chat(alias, **more).headers["x-madang-cache"] == "miss"
    assert hits(platform, deployment) == 4


def test_a_stream_is_answered_from_the_cache_as_a_stream(platform: Platform) -> None:
    alias, deployment = cached_model(platform)
    first, second = platform.chat(alias, stream=True), platform.chat(alias, stream=True)
    assert second.headers["x-madang-cache"] == "hit" and hits(platform, deployment) == 1
    assert second.headers["content-type"].startswith("text/event-stream") and second.body == first.body


def test_a_stream_that_was_kept_is_given_whole(platform: Platform) -> None:
    alias, deployment = cached_model(platform)
    streamed = platform.chat(alias, stream=True)
    answer = platform.openai().chat.completions.create(model=alias, messages=HELLO)
    assert answer.choices[0].message.content == text_in(streamed.body)
    assert answer.choices[0].finish_reason == "stop" and answer.usage is not None and answer.usage.completion_tokens > 0
    assert hits(platform, deployment) == 1


def test_a_whole_answer_that_was_kept_is_given_as_a_stream(platform: Platform) -> None:
    alias, deployment = cached_model(platform)
    whole = platform.chat(alias).json
    chunks = list(
        platform.openai().chat.completions.create(
            model=alias, messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole["choices"][0]["message"]["content"]
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens == whole["usage"]["total_tokens"]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert hits(platform, deployment) == 1


@pytest.mark.parametrize("first_wants", [True, False])
def test_the_usage_of_a_kept_stream_is_there_for_who_asked_for_it(platform: Platform, first_wants: bool) -> None:
    alias, deployment = cached_model(platform)
    wish = {"stream": True, "stream_options": {"include_usage": True}}
    plain = {"stream": True}
    first = platform.chat(alias, **(wish if first_wants else plain))
    second = platform.chat(alias, **(plain if first_wants else wish))
    assert (b'"usage":{' in first.body, b'"usage":{' in second.body) == (first_wants, not first_wants)
    assert text_in(first.body) == text_in(second.body) and second.body.endswith(b"data: [DONE]\n\n")
    assert hits(platform, deployment) == 1


@pytest.mark.parametrize("stream_first", [True, False])
def test_tool_calls_come_from_the_cache_in_either_way(platform: Platform, stream_first: bool) -> None:
    alias, deployment = cached_model(platform)
    question: Any = {"model": alias, "messages": HELLO, "tools": TOOLS, "tool_choice": "required"}
    client = platform.openai()

    def streamed() -> tuple[str, str]:
        with client.chat.completions.stream(**question) as stream:
            call = stream.get_final_completion().choices[0].message.tool_calls
        assert call is not None
        return call[0].function.name, call[0].function.arguments

    def whole() -> tuple[str, str]:
        call = client.chat.completions.create(**question).choices[0].message.tool_calls
        assert call is not None
        return call[0].function.name, call[0].function.arguments

    first, second = (streamed(), whole()) if stream_first else (whole(), streamed())
    assert first == second and first[0] == "weather" and json.loads(first[1])
    assert hits(platform, deployment) == 1


def test_embeddings_are_cached(platform: Platform) -> None:
    deployment = platform.deployment(vendor_model="text-embedding-3-small")
    alias = platform.model(deployment, cache_ttl_s=60)
    client = platform.openai()
    first = client.embeddings.create(model=alias, input="a courtyard").data[0].embedding
    second = client.embeddings.create(model=alias, input="a courtyard").data[0].embedding
    assert first == second and hits(platform, deployment) == 1
    client.embeddings.create(model=alias, input="a gate")
    assert hits(platform, deployment) == 2


def test_another_project_never_gets_the_answer(platform: Platform) -> None:
    alias, deployment = cached_model(platform)
    platform.chat(alias)
    _, secret = platform.new_project()
    platform.model(deployment, alias=alias, key=secret, cache_ttl_s=60)
    assert platform.chat(alias, key=secret).headers["x-madang-cache"] == "miss"
    assert hits(platform, deployment) == 2


def test_another_deployment_behind_the_model_is_asked(platform: Platform) -> None:
    alias, _ = cached_model(platform)
    platform.chat(alias)
    other = platform.deployment()
    platform.model(other, alias=alias, cache_ttl_s=60)
    assert platform.chat(alias).headers["x-madang-cache"] == "miss" and hits(platform, other) == 1


def test_failures_and_broken_streams_are_not_cached(platform: Platform) -> None:
    failing, deployment = cached_model(platform, output_tokens=50)
    platform.simulator.configure(
        deployment["name"], output_tokens=50, faults=[{"kind": "cut", "count": 1}, {"kind": "refused", "count": 0}][:1]
    )
    assert b"stream_cut" in platform.chat(failing, stream=True).body
    assert platform.chat(failing, stream=True).headers["x-madang-cache"] == "miss"


def test_equal_calls_at_the_same_time_wait_for_the_first_of_them(platform: Platform) -> None:
    alias, deployment = cached_model(platform, first_token_ms=500)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: platform.chat(alias), range(20)))
    assert len({answer.body for answer in answers}) == 1 and hits(platform, deployment) == 1


@pytest.mark.parametrize("seconds", [0, -1, 2_592_001])
def test_an_impossible_time_in_a_model_is_refused(platform: Platform, seconds: float) -> None:
    model = {"alias": "never", "cache_ttl_s": seconds, "deployments": [platform.deployment()]}
    answer = platform.send("POST", "/api/apply", {"models": [model]})
    assert answer.status == 400 and "cache_ttl_s" in json.dumps(answer.error)
