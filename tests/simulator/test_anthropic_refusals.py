"""How Anthropic refuses, and what: raised as the right class by the official client, in the vendor's words."""

from collections.abc import Iterator
from typing import Any

import anthropic as sdk
import httpx2
import pytest
from anthropic import Anthropic
from tests.simulator.anthropic_clients import NEWER, NEWEST, OLDER, WEATHER, asked, client_of

from madang_simulator import RunningSimulator

CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Seoul"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "21"}
HI = {"role": "user", "content": "hi"}


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Anthropic]:
    with client_of(simulator) as made:
        yield made


def refusal(client: Anthropic, **fields: Any) -> sdk.APIStatusError:
    with pytest.raises(sdk.APIStatusError) as caught:
        asked(client, **fields)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "error_class", "status", "type"),
    [
        ("rate_limited", sdk.RateLimitError, 429, "rate_limit_error"),
        ("quota", sdk.APIStatusError, 402, "billing_error"),
        ("server_error", sdk.InternalServerError, 500, "api_error"),
        ("overloaded", sdk.OverloadedError, 529, "overloaded_error"),
        ("unauthorized", sdk.AuthenticationError, 401, "authentication_error"),
        ("permission_denied", sdk.PermissionDeniedError, 403, "permission_error"),
        ("model_unavailable", sdk.NotFoundError, 404, "not_found_error"),
        ("context_overflow", sdk.BadRequestError, 400, "invalid_request_error"),
    ],
)
def test_a_fault_is_raised_as_its_class(
    simulator: RunningSimulator, client: Anthropic, kind: str, error_class: type, status: int, type: str
) -> None:
    simulator.configure("east", faults=[{"kind": kind}])
    error = refusal(client)
    assert isinstance(error, error_class)
    assert (error.status_code, error.type) == (status, type)
    assert (error.request_id or "").startswith("req_")


def test_a_wrong_key_is_refused_without_repeating_it(simulator: RunningSimulator) -> None:
    with client_of(simulator, api_key="sk-ant-wrong-and-secret") as client:
        error = refusal(client)
    assert isinstance(error, sdk.AuthenticationError)
    assert error.api_message == "invalid x-api-key"


def test_a_request_without_a_version_is_refused(simulator: RunningSimulator) -> None:
    url = f"{simulator.vendor_url('east')}/v1/messages"
    reply = httpx2.post(url, json={}, headers={"x-api-key": "any"})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "anthropic-version: header is required"


def test_how_long_to_wait_is_told(simulator: RunningSimulator, client: Anthropic) -> None:
    simulator.configure("east", faults=[{"kind": "rate_limited", "retry_after_s": 2}])
    assert refusal(client).response.headers["retry-after"] == "2"


def test_a_body_that_is_too_large_is_refused_as_such(simulator: RunningSimulator, client: Anthropic) -> None:
    error = refusal(client, messages=[{"role": "user", "content": "a" * (65 * 2**20)}])
    assert isinstance(error, sdk.ContentTooLargeError)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": [{"role": "tool", "content": "hi"}]}, "messages.0.role: Input should be"),
        ({"messages": [{"role": "user", "content": ""}]}, "text content blocks must be non-empty"),
        ({"max_tokens": 1_000_000}, "which is the maximum allowed number of output tokens"),
        ({"stop_sequences": [" "]}, "each stop sequence must contain non-whitespace"),
        ({"extra_body": {"n": 2}}, "n: Extra inputs are not permitted"),
        ({"extra_body": {"temperature": 0.5}}, "`temperature` is deprecated for this model."),
        ({"model": OLDER, "extra_body": {"temperature": 1.5}}, "temperature: range: 0..1"),
        ({"model": OLDER, "extra_body": {"temperature": 0.5, "top_p": 0.5}}, "cannot both be specified"),
        (
            {"tools": [{"name": "no spaces", "input_schema": {"type": "object"}}]},
            "tools.0.custom.name: String should match",
        ),
        ({"tools": [{"name": "f", "input_schema": {"type": "array"}}]}, "tools.0.custom.input_schema.type"),
        ({"tool_choice": {"type": "any"}}, "tool_choice may only be specified while providing tools"),
        ({"tools": [WEATHER], "tool_choice": {"type": "tool", "name": "x"}}, "Tool 'x' not found in provided tools"),
        ({"tools": [{**WEATHER, "strict": True}]}, "'additionalProperties' must be explicitly set to false"),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "integer", "minimum": 1}}}},
            "For 'integer' type, properties minimum are not supported",
        ),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, '"thinking.type.enabled" is not supported'),
        ({"model": OLDER, "thinking": {"type": "adaptive"}}, "adaptive thinking is not supported on this model"),
        ({"model": OLDER, "thinking": {"type": "enabled", "budget_tokens": 100}}, "greater than or equal to 1024"),
        (
            {"model": OLDER, "thinking": {"type": "enabled", "budget_tokens": 4000}},
            "must be greater than `thinking.budget_",
        ),
        ({"model": NEWER, "output_config": {"effort": "xhigh"}}, "does not support effort level 'xhigh'"),
        (
            {"thinking": {"type": "adaptive"}, "tools": [WEATHER], "tool_choice": {"type": "any"}},
            "Thinking may not be enabled when tool_choice forces tool use.",
        ),
        ({"messages": [HI, {"role": "assistant", "content": "It is"}]}, "does not support assistant message prefill"),
        ({"messages": [HI, {"role": "assistant", "content": [CALL]}, HI]}, "were found without `tool_result` blocks"),
        (
            {"messages": [{"role": "user", "content": [RESULT]}]},
            "unexpected `tool_use_id` found in `tool_result` blocks",
        ),
        (
            {"messages": [HI, {"role": "assistant", "content": [{**CALL, "id": "a:b"}]}]},
            "String should match pattern '^[a-zA-Z0-9_-]+$'",
        ),
        (
            {"messages": [HI, {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "a"}]}, HI]},
            "messages.1: The final block in an assistant message cannot be `redacted_thinking`.",
        ),
        (
            {
                "messages": [
                    HI,
                    {"role": "assistant", "content": [{"type": "thinking", "thinking": "a", "signature": "b"}]},
                ]
            },
            "Invalid `signature` in `thinking` block",
        ),
    ],
)
def test_what_the_vendor_does_not_take_is_refused_in_its_words(
    client: Anthropic, fields: dict[str, Any], words: str
) -> None:
    error = refusal(client, **fields)
    assert isinstance(error, sdk.BadRequestError)
    assert words in (error.api_message or "")


def test_a_budget_to_think_needs_the_thoughts_before_a_tool_call(client: Anthropic) -> None:
    turns = [HI, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": [RESULT]}]
    thinking = {"type": "enabled", "budget_tokens": 1024}
    error = refusal(client, model=OLDER, messages=turns, tools=[WEATHER], thinking=thinking)
    assert "Expected `thinking` or `redacted_thinking`, but found `tool_use`" in (error.api_message or "")


def test_only_four_marks_of_the_cache_are_kept(client: Anthropic) -> None:
    blocks = [{"type": "text", "text": f"part {n}", "cache_control": {"type": "ephemeral"}} for n in range(5)]
    error = refusal(client, messages=[{"role": "user", "content": blocks}])
    assert "A maximum of 4 blocks with cache_control may be provided. Found 5." in (error.api_message or "")
    assert asked(client, messages=[{"role": "user", "content": blocks[:4]}], model=NEWEST).content
