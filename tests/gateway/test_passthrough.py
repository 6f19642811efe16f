"""Vendors' own APIs behind a project's key: by their official clients, and byte by byte."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import pytest
from anthropic import Anthropic
from google import genai
from openai import AuthenticationError, OpenAI
from tests.gateway.every_vendor import root_of
from tests.limits.callers import LimitedProject
from tests.support.running_platform import Platform
from tests.support.scripted_vendor import answer_head, scripted_vendor
from tests.support.simulated_vendors import AWS_KEYS

KEYS = {
    "openai": "sk-native-openai-secret",
    "azure": "native-azure-secret",
    "anthropic": "sk-ant-native-secret",
    "gemini": "AIza-native-secret",
    "bedrock": AWS_KEYS,
}
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
QUESTION: Any = [{"role": "user", "content": "What is a madang?"}]


# A call is named by the alias that has a deployment of its model; other tests of the project have none of this one.
NOBODYS_MODEL = "gpt-4.1-of-nobody-else"


def credential(platform: Platform, vendor: str, *faults: Mapping[str, Any], **fields: Any) -> str:
    """The name of a new credential of this vendor; the simulator stands at its address."""
    name = f"native-{vendor}-{secrets.token_hex(4)}"
    platform.simulator.configure(name, faults=list(faults))
    base_url = platform.simulator.vendor_url(name) + ("/v1" if vendor == "openai" else "")
    entered = {"name": name, "vendor": vendor, "api_key": KEYS[vendor], "base_url": base_url, **fields}
    platform.apply({"credentials": [entered]})
    return name


def named(name: str, **more: str) -> dict[str, str]:
    return {"x-madang-credential": name, **more}


def asked(platform: Platform, path: str, name: str, *, method: str = "GET", **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {platform.key}", **named(name), **more.pop("headers", {})}
    return httpx.request(method, f"{platform.url}/passthrough/{path}", headers=headers, timeout=30.0, **more)


def openai(platform: Platform, name: str) -> OpenAI:
    url = f"{platform.url}/passthrough/openai/v1"
    return OpenAI(api_key=platform.key, base_url=url, default_headers=named(name), max_retries=0, timeout=30.0)


def anthropic(platform: Platform, name: str) -> Anthropic:
    url = f"{platform.url}/passthrough/anthropic"
    return Anthropic(api_key=platform.key, base_url=url, default_headers=named(name), max_retries=0, timeout=30.0)


def test_openais_client_lists_the_vendors_models(platform: Platform) -> None:
    with openai(platform, credential(platform, "openai")) as client:
        assert "gpt-4o" in [model.id for model in client.models.list()]


def test_openais_client_chats_and_the_trace_has_what_was_said_and_counted(platform: Platform) -> None:
    with openai(platform, credential(platform, "openai")) as client:
        raw = client.chat.completions.with_raw_response.create(model=NOBODYS_MODEL, messages=QUESTION)
    usage = raw.parse().usage
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    assert usage is not None
    assert (root["kind"], root["name"]) == ("generation", f"passthrough {NOBODYS_MODEL}")
    assert (root["input_tokens"], root["output_tokens"]) == (usage.prompt_tokens, usage.completion_tokens)
    assert json.loads(root["input"])["messages"] == QUESTION
    assert "choices" in json.loads(root["output"])


def test_openais_client_streams(platform: Platform) -> None:
    with openai(platform, credential(platform, "openai")) as client:
        options: Any = {"include_usage": True}
        raw = client.chat.completions.with_raw_response.create(
            model="gpt-4o", messages=QUESTION, stream=True, stream_options=options
        )
        chunks = list(raw.parse())
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    assert json.loads(root["output"])["choices"][0]["message"]["content"] == said
    assert chunks[-1].usage is not None
    assert root["output_tokens"] == chunks[-1].usage.completion_tokens


def test_openais_client_is_told_the_vendors_error_without_its_key(platform: Platform) -> None:
    name = credential(platform, "openai", {"kind": "unauthorized"})
    with openai(platform, name) as client, pytest.raises(AuthenticationError) as refused:
        client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert KEYS["openai"] not in refused.value.response.text


def test_anthropics_client_speaks_and_counts(platform: Platform) -> None:
    with anthropic(platform, credential(platform, "anthropic")) as client:
        raw = client.messages.with_raw_response.create(model="claude-sonnet-4-5", max_tokens=50, messages=QUESTION)
        counted = client.messages.count_tokens(model="claude-sonnet-4-5", messages=QUESTION)
        assert [model.id for model in client.models.list()]
    message = raw.parse()
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    assert message.usage.input_tokens == counted.input_tokens == root["input_tokens"]
    assert Decimal(root["cost_usd"]) > 0


def test_anthropics_client_streams(platform: Platform) -> None:
    name = credential(platform, "anthropic")
    with (
        anthropic(platform, name) as client,
        client.messages.stream(model="claude-sonnet-4-5", max_tokens=50, messages=QUESTION) as stream,
    ):
        said = stream.get_final_text()
        trace_id = stream.response.headers["x-madang-trace-id"]
    root = root_of(platform, trace_id)
    assert json.loads(root["output"])["choices"][0]["message"]["content"] == said
    assert root["output_tokens"]


def test_googles_client_speaks_and_streams(platform: Platform) -> None:
    name = credential(platform, "gemini")
    options: Any = {"base_url": f"{platform.url}/passthrough/gemini", "headers": named(name)}
    client = genai.Client(api_key=platform.key, http_options=options)
    whole = client.models.generate_content(model="gemini-2.5-flash", contents="What is a madang?")
    pieces = list(client.models.generate_content_stream(model="gemini-2.5-flash", contents="What is a madang?"))
    assert whole.text
    assert "".join(piece.text or "" for piece in pieces)
    assert whole.sdk_http_response is not None
    assert whole.sdk_http_response.headers is not None
    root = root_of(platform, whole.sdk_http_response.headers["x-madang-trace-id"])
    assert whole.usage_metadata is not None
    assert root["input_tokens"] == whole.usage_metadata.prompt_token_count
    assert Decimal(root["cost_usd"]) > 0


def test_bedrocks_requests_are_signed_here(platform: Platform) -> None:
    name = credential(platform, "bedrock")
    body = {"messages": [{"role": "user", "content": [{"text": "What is a madang?"}]}]}
    region = {"x-madang-region": "us-east-1"}
    whole = asked(platform, f"bedrock/model/{CLAUDE}/converse", name, method="POST", json=body, headers=region)
    pieces = asked(platform, f"bedrock/model/{CLAUDE}/converse-stream", name, method="POST", json=body, headers=region)
    assert whole.status_code == 200, whole.text
    assert pieces.headers["content-type"] == "application/vnd.amazon.eventstream"
    roots = [root_of(platform, answer.headers["x-madang-trace-id"]) for answer in (whole, pieces)]
    assert [root["input_tokens"] for root in roots] == [whole.json()["usage"]["inputTokens"]] * 2
    assert all(root["output_tokens"] and root["kind"] == "generation" for root in roots)
    assert json.loads(roots[1]["output"])["choices"][0]["message"]["content"]


def test_bedrock_takes_the_region_of_the_credentials_deployments(platform: Platform) -> None:
    name = credential(platform, "bedrock")
    platform.model(
        {"name": f"at-{name}", "vendor": "bedrock", "vendor_model": CLAUDE, "credential": name, "region": "us-east-1"}
    )
    body = {"messages": [{"role": "user", "content": [{"text": "What is a madang?"}]}]}
    answer = asked(platform, f"bedrock/model/{CLAUDE}/converse", name, method="POST", json=body)
    assert answer.status_code == 200, answer.text


def test_a_model_that_has_a_deployment_costs_what_was_entered_there(platform: Platform) -> None:
    name = credential(platform, "openai")
    alias = platform.model(platform.deployment(credential=name, vendor_model="own-model"))
    body = {"model": "own-model", "messages": QUESTION}
    answer = asked(platform, "openai/v1/chat/completions", name, method="POST", json=body)
    usage = answer.json()["usage"]
    root = root_of(platform, answer.headers["x-madang-trace-id"])
    expected = Decimal(usage["prompt_tokens"] + 2 * usage["completion_tokens"]) / 1_000_000
    assert Decimal(root["cost_usd"]) == expected
    assert root["model"] == alias


def test_azure_gets_its_header_and_the_credentials_version(platform: Platform) -> None:
    name = credential(platform, "azure", api_version="2024-10-21")
    answer = asked(
        platform,
        f"azure/openai/deployments/{NOBODYS_MODEL}/chat/completions",
        name,
        method="POST",
        json={"messages": QUESTION},
    )
    assert answer.status_code == 200, answer.text
    assert root_of(platform, answer.headers["x-madang-trace-id"])["name"] == f"passthrough {NOBODYS_MODEL}"


def test_what_is_no_generation_is_a_plain_span(platform: Platform) -> None:
    answer = asked(platform, "openai/v1/models", credential(platform, "openai"))
    root = root_of(platform, answer.headers["x-madang-trace-id"])
    assert (root["kind"], root["name"]) == ("span", "passthrough openai/v1/models")
    assert root["status"] == "ok"


def test_an_error_of_the_vendor_passes_and_is_one_in_the_trace(platform: Platform) -> None:
    name = credential(platform, "anthropic", {"kind": "overloaded"})
    body = {"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": QUESTION}
    answer = asked(platform, "anthropic/v1/messages", name, method="POST", json=body)
    root = root_of(platform, answer.headers["x-madang-trace-id"])
    assert answer.status_code == 529
    assert answer.json()["error"]["type"] == "overloaded_error"
    assert (root["status"], root["error_type"]) == ("error", "overloaded")


def test_the_callers_key_and_cookies_stay_here_and_its_other_headers_go_out(platform: Platform) -> None:
    with scripted_vendor(
        answer_head("application/json", more="set-cookie: a=b\r\nx-vendor: yes\r\n") + b"{}"
    ) as vendor:
        name = credential(platform, "openai", base_url=vendor.url)
        headers = {"cookie": "c=d", "x-own": "kept", "x-goog-api-key": "none", "forwarded": "for=1.2.3.4"}
        answer = asked(platform, "openai/v1/files?limit=2&key=secret", name, headers=headers)
    head = vendor.received[0].partition(b"\r\n\r\n")[0].decode().lower()
    assert head.startswith("get /v1/files?limit=2 http/1.1")
    assert f"authorization: bearer {KEYS['openai']}" in head
    assert "x-own: kept" in head
    assert not any(word in head for word in (platform.key, "cookie", "x-madang", "x-goog-api-key", "forwarded"))
    assert answer.headers["x-vendor"] == "yes"
    assert "set-cookie" not in answer.headers


def test_a_body_of_any_kind_goes_out_and_comes_back_byte_for_byte(platform: Platform) -> None:
    noise = bytes(range(256)) * 50
    with scripted_vendor(answer_head("application/octet-stream"), noise[:5_000], noise[5_000:]) as vendor:
        name = credential(platform, "openai", base_url=vendor.url)
        content_type = {"content-type": "application/x-noise"}
        answer = asked(platform, "openai/v1/files", name, method="PUT", content=noise, headers=content_type)
    assert vendor.received[0].endswith(noise)
    assert b"content-type: application/x-noise" in vendor.received[0].lower()
    assert answer.content == noise
    root = root_of(platform, answer.headers["x-madang-trace-id"])
    assert json.loads(root["output"]) == {"content_type": "application/octet-stream", "bytes": len(noise)}


def test_every_method_reaches_the_same_address_as_itself(platform: Platform) -> None:
    with scripted_vendor(answer_head("application/json") + b"{}") as vendor:
        name = credential(platform, "openai", base_url=vendor.url)
        methods = ["POST", "GET", "DELETE", "PATCH", "POST"]
        for method in methods:
            assert asked(platform, "openai/v1/files/f", name, method=method).status_code == 200
    assert [request.split(b" ", 1)[0].decode() for request in vendor.received] == methods


def test_a_client_that_hangs_up_stops_the_vendor(platform: Platform) -> None:
    name = credential(platform, "openai")
    platform.simulator.configure(name, first_token_ms=30_000)
    headers = {"authorization": f"Bearer {platform.key}", **named(name, **{"x-madang-trace-id": "ab" * 16})}
    url = f"{platform.url}/passthrough/openai/v1/chat/completions"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, headers=headers, json={"model": "gpt-4o", "messages": QUESTION}, timeout=1.0)
    root = root_of(platform, "ab" * 16)
    assert (root["status"], root["error_type"]) == ("error", "cancelled")


def test_a_key_that_the_vendor_repeats_comes_back_as_a_mark(platform: Platform) -> None:
    said = f"wrong key {KEYS['openai']}".encode()
    more = f"x-echo: {KEYS['openai']}\r\n"
    with scripted_vendor(answer_head("text/plain", status="400 Bad Request", more=more) + said) as vendor:
        answer = asked(platform, "openai/v1/files", credential(platform, "openai", base_url=vendor.url))
    assert (answer.status_code, answer.content) == (400, b"wrong key (key)")
    assert "x-echo" not in answer.headers
    assert KEYS["openai"] not in json.dumps(root_of(platform, answer.headers["x-madang-trace-id"]))


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(platform: Platform) -> None:
    head = answer_head("application/octet-stream", more="content-length: 1000\r\n")
    with scripted_vendor(head, b"only this") as vendor:
        name = credential(platform, "openai", base_url=vendor.url)
        with pytest.raises(httpx.RemoteProtocolError):
            asked(platform, "openai/v1/files/f/content", name)


@pytest.mark.parametrize(
    "path",
    [
        "openai/v1/../admin",
        "openai/v1/%2e%2e/admin",
        "openai/v1/%252e%252e/admin",
        "openai//evil.example/v1/models",
        "openai/v1//models",
        "openai/v1/%5c%5cevil",
        "openai/v1/files%0d%0ax:y",
        "openai/",
        "openai",
    ],
)
def test_a_path_that_leads_elsewhere_goes_nowhere(platform: Platform, path: str) -> None:
    name = credential(platform, "openai")
    request = f"GET /passthrough/{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {platform.key}\r\n"
    answer = platform.raw(f"{request}x-madang-credential: {name}\r\nconnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"invalid_path"' in answer
    assert platform.simulator.requests(deployment=name)["requests"] == []


@pytest.mark.parametrize("vendor", ["fake", "litellm", "nobody"])
def test_a_vendor_without_a_pass_through_is_unknown(platform: Platform, vendor: str) -> None:
    answer = asked(platform, f"{vendor}/v1/models", "any")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_vendor")


def test_several_credentials_have_to_be_told_apart(platform: Platform) -> None:
    first, second = credential(platform, "gemini"), credential(platform, "gemini")
    answer = httpx.get(f"{platform.url}/passthrough/gemini/v1beta/models", headers={"x-goog-api-key": platform.key})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "credential_not_found")
    assert first in answer.text
    assert second in answer.text


def test_a_credential_of_another_project_is_not_found(platform: Platform) -> None:
    name = credential(platform, "openai")
    _, key = platform.new_project()
    answer = asked(platform, "openai/v1/models", name, headers={"authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "credential_not_found")


def test_without_a_key_nothing_passes(platform: Platform) -> None:
    answer = httpx.get(f"{platform.url}/passthrough/openai/v1/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "missing_api_key")


def test_another_method_is_not_passed_through(platform: Platform) -> None:
    answer = asked(platform, "openai/v1/models", "any", method="OPTIONS")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_a_body_over_the_limit_is_refused(platform: Platform) -> None:
    head = f"POST /passthrough/openai/v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {platform.key}\r\n"
    name = credential(platform, "openai")
    answer = platform.raw(
        f"{head}x-madang-credential: {name}\r\ncontent-length: 99999999\r\nconnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.fixture
def limited(platform: Platform) -> LimitedProject:
    return LimitedProject(platform)


def credential_in(project: LimitedProject, *faults: Mapping[str, Any]) -> str:
    name = f"native-openai-{secrets.token_hex(4)}"
    project.platform.simulator.configure(name, faults=list(faults))
    base_url = project.platform.simulator.openai_url(name)
    entered = {"name": name, "vendor": "openai", "api_key": KEYS["openai"], "base_url": base_url}
    project.platform.apply({"credentials": [entered]}, key=project.key)
    return name


def test_a_limit_on_requests_holds_for_what_is_passed_through(limited: LimitedProject) -> None:
    credential_in(limited)
    limited.limit("requests_per_minute", 2)
    answers = [limited.platform.send("GET", "/passthrough/openai/v1/models", key=limited.key) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[0].headers["x-ratelimit-limit-requests"] == "2"


def test_a_budget_counts_what_a_passed_call_cost(limited: LimitedProject) -> None:
    name = credential_in(limited)
    limited.platform.model(limited.platform.deployment(credential=name), key=limited.key)
    budget = limited.limit("usd_per_day", 1)
    body = {"model": "gpt-4o", "messages": QUESTION}
    answer = limited.platform.send(
        "POST", "/passthrough/openai/v1/chat/completions", body, key=limited.key, headers=named(name)
    )
    usage = answer.json["usage"]
    cost = Decimal(usage["prompt_tokens"] + 2 * usage["completion_tokens"]) / 1_000_000
    limited.until_used(budget, cost)


def test_what_the_vendor_refused_costs_no_budget(limited: LimitedProject) -> None:
    credential_in(limited, {"kind": "rate_limited"})
    tokens = limited.limit("tokens_per_minute", 100_000)
    body = {"model": "gpt-4o", "messages": QUESTION}
    answer = limited.platform.send("POST", "/passthrough/openai/v1/chat/completions", body, key=limited.key)
    assert answer.status == 429
    limited.until_used(tokens, 0)
