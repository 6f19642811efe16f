"""What Anthropic's clients find at the Gateway beside answers: errors, models, counted tokens, requests that pass as sent."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import pytest
from tests.gateway.every_vendor import (
    WEATHER,
    anthropic_client,
    last_request,
    model_of,
    models_of,
    root_of,
)
from tests.support.running_platform import Platform
from tests.support.simulated_vendors import deployment_of

pytestmark = pytest.mark.xdist_group("platform")

ASKED: Any = [{"role": "user", "content": "What is a madang?"}]


def attempts(platform: Platform, trace_id: str) -> list[tuple[str, str]]:
    """Vendor and outcome of each attempt."""
    spans = [span for span in platform.trace(trace_id)["spans"] if span["kind"] == "attempt"]
    spans.sort(key=lambda span: int(span["attributes"]["madang.attempt.number"]))
    return [(span["provider"], span["attributes"]["madang.attempt.outcome"]) for span in spans]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("first", "second"),
    [("anthropic", "gemini"), ("gemini", "anthropic"), ("openai", "bedrock"), ("bedrock", "openai")],
)
def test_a_call_falls_back_to_a_vendor_of_another_language(
    platform: Platform, first: str, second: str, stream: bool
) -> None:
    fault = {"kind": "cut", "after_chunks": 0} if stream else {"kind": "overloaded"}
    alias = models_of(
        platform,
        deployment_of(platform.simulator, first, fault, order=1),
        deployment_of(platform.simulator, second, order=2),
        retries=0,
    )
    asked: dict[str, Any] = {"model": alias, "max_tokens": 200, "messages": ASKED}
    with anthropic_client(platform) as client:
        if stream:
            with client.messages.with_streaming_response.create(**asked, stream=True) as answer:
                kinds = [event.type for event in answer.parse()]
                trace_id = answer.headers["x-madang-trace-id"]
            assert kinds[0] == "message_start"
            assert kinds[-1] == "message_stop"
            assert kinds.count("message_start") == 1
        else:
            raw = client.messages.with_raw_response.create(**asked)
            assert raw.parse().content
            trace_id = raw.headers["x-madang-trace-id"]
    tried = attempts(platform, trace_id)
    assert [vendor for vendor, _ in tried] == [first, second]
    assert tried[-1] == (second, "answered")


FAULTS: list[tuple[str, type[anthropic.APIStatusError], str]] = [
    ("rate_limited", anthropic.RateLimitError, "rate_limit_error"),
    ("overloaded", anthropic.InternalServerError, "overloaded_error"),
    ("server_error", anthropic.InternalServerError, "api_error"),
    ("context_overflow", anthropic.BadRequestError, "invalid_request_error"),
]


@pytest.mark.parametrize(("fault", "error", "kind"), FAULTS)
@pytest.mark.parametrize("vendor", ["anthropic", "openai", "gemini"])
def test_a_failure_is_one_of_anthropics_errors(
    platform: Platform, vendor: str, fault: str, error: type[anthropic.APIStatusError], kind: str
) -> None:
    alias = models_of(platform, deployment_of(platform.simulator, vendor, {"kind": fault}), retries=0)
    with anthropic_client(platform) as client, pytest.raises(error) as raised:
        client.messages.create(model=alias, max_tokens=200, messages=ASKED)
    body: Any = raised.value.body
    assert body["type"] == "error"
    assert body["error"]["type"] == kind
    assert body["error"]["message"]
    assert body["request_id"] == raised.value.response.headers["x-madang-trace-id"]
    assert raised.value.request_id == body["request_id"]


def test_a_wrong_key_is_an_authentication_error(platform: Platform) -> None:
    stranger = anthropic_client(platform, api_key="sk-md-nobodys")
    with stranger as client, pytest.raises(anthropic.AuthenticationError) as raised:
        client.messages.create(model="any", max_tokens=10, messages=ASKED)
    body: Any = raised.value.body
    assert body["error"]["type"] == "authentication_error"


def test_a_bearer_token_opens_too(platform: Platform) -> None:
    alias = model_of(platform, "gemini")
    with anthropic_client(platform, api_key=None, auth_token=platform.key) as client:
        assert client.messages.create(model=alias, max_tokens=100, messages=ASKED).content


def test_an_unknown_model_is_not_found(platform: Platform) -> None:
    with anthropic_client(platform) as client, pytest.raises(anthropic.NotFoundError, match="Known models"):
        client.messages.create(model="nobodys", max_tokens=10, messages=ASKED)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "Anthropic's own"),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "cannot be sent"),
        ({"messages": [{"role": "robot", "content": "Hi"}]}, "'user' or 'assistant'"),
    ],
)
def test_what_only_anthropic_has_is_refused_elsewhere(platform: Platform, wrong: Any, words: str) -> None:
    alias = model_of(platform, "openai")
    with anthropic_client(platform) as client, pytest.raises(anthropic.BadRequestError, match=words):
        client.messages.create(**{"model": alias, "max_tokens": 100, "messages": ASKED, **wrong})


@pytest.mark.parametrize("vendor", ["anthropic", "openai", "gemini"])
def test_a_stream_that_breaks_is_an_error(platform: Platform, vendor: str) -> None:
    broken = deployment_of(platform.simulator, vendor, {"kind": "cut", "after_chunks": 4})
    alias = models_of(platform, broken, retries=0)
    with anthropic_client(platform) as client, pytest.raises(anthropic.APIStatusError) as raised:
        for _ in client.messages.create(model=alias, max_tokens=200, messages=ASKED, stream=True):
            pass
    body: Any = raised.value.body
    assert body["type"] == "error"
    assert body["error"]["type"] == "api_error"


def test_tokens_are_counted_by_anthropic(platform: Platform) -> None:
    alias = model_of(platform, "anthropic")
    with anthropic_client(platform) as client:
        raw = client.messages.with_raw_response.count_tokens(model=alias, messages=ASKED, system="Be short.")
    assert raw.parse().input_tokens > 3
    assert "x-madang-estimated" not in raw.headers


@pytest.mark.parametrize("vendor", ["openai", "gemini", "bedrock"])
def test_tokens_are_estimated_for_others_and_the_answer_says_so(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    words: Any = [{"role": "user", "content": "word " * 1_000}]
    with anthropic_client(platform) as client:
        raw = client.messages.with_raw_response.count_tokens(model=alias, messages=words)
    assert 800 < raw.parse().input_tokens < 1_400
    assert raw.headers["x-madang-estimated"] == "true"


def test_tokens_are_estimated_while_anthropic_is_away(platform: Platform) -> None:
    broken = deployment_of(platform.simulator, "anthropic", {"kind": "server_error"})
    alias = models_of(platform, broken, retries=0)
    with anthropic_client(platform) as client:
        raw = client.messages.with_raw_response.count_tokens(model=alias, messages=ASKED)
    assert raw.parse().input_tokens > 3
    assert raw.headers["x-madang-estimated"] == "true"


def test_models_are_listed_as_anthropics(platform: Platform) -> None:
    alias = model_of(platform, "gemini")
    with anthropic_client(platform) as client:
        listed = [model.id for model in client.models.list(limit=1000)]
        shown = client.models.retrieve(alias)
    assert alias in listed
    assert (shown.type, shown.id, shown.display_name) == ("model", alias, alias)
    assert shown.created_at.tzinfo is not None


def test_models_stay_openais_for_others(platform: Platform) -> None:
    alias = model_of(platform, "gemini")
    assert alias in [model.id for model in platform.openai().models.list()]


CODING: dict[str, Any] = {
    "max_tokens": 8000,
    "system": [
        {"type": "text", "text": "You are a careful assistant for code — naïve, 한국어 too."},
        {"type": "text", "text": "Here is the project. " * 40, "cache_control": {"type": "ephemeral"}},
    ],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "<context>Today is Sunday.</context>"},
                {"type": "text", "text": "Read the file.", "cache_control": {"type": "ephemeral"}},
            ],
        }
    ],
    "tools": [
        {
            "name": f"tool_{number}",
            "description": f"Does thing number {number}.\n\nWith care.",
            "input_schema": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "properties": {"path": {"type": "string"}, "limit": {"type": "number"}},
                "required": ["path"],
                "additionalProperties": False,
            },
        }
        for number in range(18)
    ],
    "thinking": {"type": "enabled", "budget_tokens": 4000},
    "metadata": {"user_id": "user_" + "0123456789abcdef" * 4 + "_session_1"},
    "extra_body": {"temperature": 1},
}


def test_a_coding_assistants_request_reaches_anthropic_as_it_was_sent(platform: Platform) -> None:
    deployment = deployment_of(platform.simulator, "anthropic")
    alias = models_of(platform, deployment)
    with (
        anthropic_client(platform) as client,
        client.beta.messages.stream(
            model=alias, betas=["interleaved-thinking-2025-05-14", "context-1m-2025-08-07"], **CODING
        ) as stream,
    ):
        message = stream.get_final_message()
        trace_id = stream.response.headers["x-madang-trace-id"]
    assert message.content[0].type == "thinking"
    sent = last_request(platform, deployment)
    whole = {**CODING, "model": deployment["vendor_model"], "stream": True, "temperature": 1}
    del whole["extra_body"]
    assert sent["body"] == whole
    assert list(sent["body"]["tools"][0]) == list(CODING["tools"][0])
    assert sent["headers"]["anthropic-beta"] == "interleaved-thinking-2025-05-14,context-1m-2025-08-07"
    root = root_of(platform, trace_id)
    assert root["user_id"].startswith("user_0123456789abcdef")
    assert json.loads(root["input"])["model"] == alias


@pytest.mark.parametrize("vendor", ["openai", "gemini", "bedrock", "litellm"])
def test_a_coding_assistants_request_is_understood_by_others(platform: Platform, vendor: str) -> None:
    alias = model_of(platform, vendor)
    with anthropic_client(platform) as client, client.messages.stream(model=alias, **CODING) as stream:
        message = stream.get_final_message()
    assert message.content


def test_an_answer_of_anthropic_passes_byte_for_byte(platform: Platform) -> None:
    alias = model_of(platform, "anthropic", behaviour={"seed": 7, "output_tokens": [12, 12]})
    with (
        anthropic_client(platform) as client,
        client.messages.with_streaming_response.create(
            model=alias, max_tokens=100, messages=ASKED, stream=True
        ) as answer,
    ):
        raw = b"".join(answer.iter_bytes())
    assert raw.startswith(b"event: message_start\ndata: ")
    assert b"[DONE]" not in raw
    assert b"event: ping" in raw or raw.endswith(b'data: {"type":"message_stop"}\n\n')


@pytest.mark.parametrize("way", ["whole", "streamed"])
def test_a_gemini_model_gets_the_signature_of_its_call_back(platform: Platform, way: str) -> None:
    deployment = deployment_of(platform.simulator, "gemini", vendor_model="gemini-3-pro-preview")
    alias = models_of(platform, deployment)
    tool: Any = {"name": "weather", "description": "Tells the weather.", "input_schema": WEATHER}
    asked: dict[str, Any] = {"model": alias, "max_tokens": 900, "tools": [tool]}
    with anthropic_client(platform) as client:
        if way == "streamed":
            with client.messages.stream(**asked, messages=ASKED, tool_choice={"type": "any"}) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**asked, messages=ASKED, tool_choice={"type": "any"})
        results: Any = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "Sunny."}
            for block in message.content
            if block.type == "tool_use"
        ]
        said: Any = {"role": "assistant", "content": message.content}
        client.messages.create(**asked, messages=[*ASKED, said, {"role": "user", "content": results}])
    contents = last_request(platform, deployment)["body"]["contents"]
    call = next(part for content in contents for part in content["parts"] if "functionCall" in part)
    assert call["thoughtSignature"]
    assert call["thoughtSignature"] != "skip_thought_signature_validator"


def test_thoughts_of_another_vendor_do_not_reach_anthropic(platform: Platform) -> None:
    gemini = model_of(platform, "gemini", vendor_model="gemini-2.5-pro")
    deployment = deployment_of(platform.simulator, "anthropic")
    claude = models_of(platform, deployment)
    thinking: Any = {"type": "enabled", "budget_tokens": 2000}
    with anthropic_client(platform) as client:
        message = client.messages.create(model=gemini, max_tokens=4000, messages=ASKED, thinking=thinking)
        assert message.content[0].type == "thinking"
        said: Any = {"role": "assistant", "content": message.content}
        more: Any = {"role": "user", "content": "And in winter?"}
        answer = client.messages.create(model=claude, max_tokens=4000, messages=[*ASKED, said, more], thinking=thinking)
    assert answer.content
    sent = last_request(platform, deployment)["body"]["messages"][1]["content"]
    assert {block["type"] for block in sent} == {"text"}
