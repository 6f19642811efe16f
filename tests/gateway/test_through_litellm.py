"""Deployments that LiteLLM translates for, called through the Gateway by the official client."""

import secrets
from typing import Any

import pytest
from openai import APIStatusError
from tests.support.running_platform import VENDOR, Platform

CREDENTIAL = {"name": "through-litellm", "vendor": "litellm", "api_key": "sk-vendor-key-that-nobody-may-see"}


def model_of(platform: Platform, *deployments: dict[str, Any], retries: int = 0) -> str:
    alias = f"model-{secrets.token_hex(4)}"
    model = {"alias": alias, "deployments": list(deployments), "retries": retries}
    platform.apply({"credentials": [VENDOR, CREDENTIAL], "models": [model]})
    return alias


def deployment(platform: Platform, *faults: dict[str, Any], **fields: Any) -> dict[str, Any]:
    made = platform.deployment(*faults, vendor_model="groq/llama-3.3-70b")
    return {**made, "vendor": "litellm", "credential": CREDENTIAL["name"], **fields}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_answer_and_its_trace_are_as_anybody_s(platform: Platform, stream: bool) -> None:
    alias = model_of(platform, deployment(platform))
    create = platform.openai().chat.completions.with_raw_response.create
    raw = create(model=alias, messages=[{"role": "user", "content": "What is a madang?"}], stream=stream)
    if stream:
        said = "".join(chunk.choices[0].delta.content or "" for chunk in raw.parse() if chunk.choices)  # type: ignore[union-attr]
    else:
        said = raw.parse().choices[0].message.content or ""  # type: ignore[union-attr]
    assert said.startswith("Simulated answer")
    root = platform.trace_of(raw)["spans"][0]  # type: ignore[arg-type]
    assert (root["provider"], root["attempts"]) == ("litellm", 1)
    assert root["input_tokens"]
    assert root["cost_usd"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_another_deployment_takes_over_when_it_fails(platform: Platform, stream: bool) -> None:
    failing = deployment(platform, {"kind": "server_error"}, order=1)
    alias = model_of(platform, failing, platform.deployment(order=2))
    answer = platform.chat(alias, stream=stream)
    assert answer.status == 200
    assert len(platform.simulator.requests(failing["name"])["requests"]) == 1


def test_the_vendor_s_own_words_reach_the_caller(platform: Platform) -> None:
    alias = model_of(platform, deployment(platform, {"kind": "context_overflow"}))
    with pytest.raises(APIStatusError, match="maximum context length") as caught:
        platform.openai().chat.completions.create(model=alias, messages=[{"role": "user", "content": "Hi."}])
    assert (caught.value.status_code, caught.value.code) == (400, "context_length_exceeded")
