"""Errors: shaped as OpenAI shapes them, and raised as the right class by the official client."""

from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import openai as sdk
import pytest
from openai import OpenAI

from madang_simulator import RunningSimulator

Clients = Callable[..., OpenAI]
HI = [{"role": "user", "content": "hi"}]


def tools(parameters: object) -> list[dict[str, object]]:
    return [{"type": "function", "function": {"name": "f", "parameters": parameters}}]


def refusal(client: OpenAI, **fields: Any) -> sdk.APIStatusError:
    with pytest.raises(sdk.APIStatusError) as caught:
        client.chat.completions.create(**{"model": "gpt-4o", "messages": HI, **fields})
    return caught.value


@pytest.mark.parametrize(
    ("kind", "error_class", "status", "code"),
    [
        ("rate_limited", sdk.RateLimitError, 429, "rate_limit_exceeded"),
        ("quota", sdk.RateLimitError, 429, "insufficient_quota"),
        ("server_error", sdk.InternalServerError, 500, None),
        ("overloaded", sdk.InternalServerError, 503, None),
        ("unauthorized", sdk.AuthenticationError, 401, "invalid_api_key"),
        ("context_overflow", sdk.BadRequestError, 400, "context_length_exceeded"),
    ],
)
def test_fault_is_raised_as_its_class(
    simulator: RunningSimulator, openai: Clients, kind: str, error_class: type, status: int, code: str | None
) -> None:
    simulator.configure("east", faults=[{"kind": kind}])

    error = refusal(openai())

    assert isinstance(error, error_class)
    assert (error.status_code, error.code) == (status, code)


def test_retry_after_is_sent(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "rate_limited", "retry_after_s": 2}])

    assert refusal(openai()).response.headers["retry-after"] == "2"


def test_wrong_key_is_refused_without_repeating_it(openai: Clients) -> None:
    error = refusal(openai(api_key="sk-wrong-and-secret"))

    assert isinstance(error, sdk.AuthenticationError)
    assert "secret" not in error.response.text


def test_unknown_model_is_not_found(openai: Clients) -> None:
    error = refusal(openai(), model="no-such-model")

    assert isinstance(error, sdk.NotFoundError)
    assert error.code == "model_not_found"


def test_prompt_above_the_context_window_is_refused(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", context_window=50)

    error = refusal(openai(), messages=[{"role": "user", "content": "word " * 100}])

    assert error.code == "context_length_exceeded"
    assert "50 tokens" in error.message


def test_limit_per_minute_is_kept(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", tokens_per_minute=1)

    error = refusal(openai())

    assert error.code == "rate_limit_exceeded"
    assert 1 <= int(error.response.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": "hi"}, "messages", "invalid_type"),
        ({"messages": [{"role": "boss", "content": "hi"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content", "invalid_type"),
        ({"temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"n": 0}, "n", "integer_below_min_value"),
        ({"model": "gpt-5", "max_tokens": 5}, "max_tokens", "unsupported_parameter"),
        ({"tool_choice": "auto"}, "tool_choice", None),
        ({"response_format": {"type": "json_object"}}, "messages", None),
        ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]}, "messages[0].role", None),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"enum": 3}}}},
            "response_format",
            None,
        ),
        (
            {"tools": tools({"type": "object", "required": "city"})},
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
    ],
)
def test_bad_request_names_the_field(openai: Clients, fields: dict[str, Any], param: str, code: str | None) -> None:
    error = refusal(openai(), **fields)

    assert isinstance(error, sdk.BadRequestError)
    assert (error.param, error.code, error.type) == (param, code, "invalid_request_error")


def test_body_that_is_not_json_is_refused(simulator: RunningSimulator) -> None:
    url = f"{simulator.openai_url()}/chat/completions"
    reply = httpx.post(url, headers={"authorization": "Bearer sk-any"}, content=b"{")

    assert reply.status_code == 400
    assert set(reply.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/nothing", 404), ("GET", "/chat/completions", 405)])
def test_wrong_path_and_method_are_refused(simulator: RunningSimulator, method: str, path: str, status: int) -> None:
    reply = httpx.request(method, simulator.openai_url() + path, headers={"authorization": "Bearer sk-any"})

    assert reply.status_code == status
    assert reply.json()["error"]["type"] == "invalid_request_error"


def test_missing_key_is_refused(simulator: RunningSimulator) -> None:
    assert httpx.get(f"{simulator.openai_url()}/models").status_code == 401


def test_a_deployment_can_be_told_to_ask_for_no_key(simulator: RunningSimulator) -> None:
    asked = {"model": "qwen3-32b", "messages": HI}
    address = f"{simulator.openai_url('own')}/chat/completions"
    assert httpx.post(address, json=asked).status_code == 401
    simulator.configure("own", asks_for_key=False)
    assert httpx.post(address, json=asked).status_code == 200
