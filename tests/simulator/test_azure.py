"""Azure's wire: paths, content filter results, errors in its own shapes."""

from collections.abc import Callable

import httpx2 as httpx
import msgspec
import openai as sdk
import pytest
from openai import AzureOpenAI, OpenAI

from madang_simulator import RunningSimulator

Clients = Callable[..., AzureOpenAI]
HI = {"messages": [{"role": "user", "content": "hi"}]}


def ask(client: AzureOpenAI, model: str = "my-deployment") -> sdk.types.chat.ChatCompletion:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])


def post(simulator: RunningSimulator, path: str, body: object = HI) -> httpx.Response:
    url = simulator.azure_url("korea") + path
    return httpx.post(url, headers={"api-key": "azure-key"}, json=body, timeout=10)


def test_deployment_path_answers_with_filter_results(azure: Clients) -> None:
    reply = ask(azure()).model_dump()

    assert reply["choices"][0]["content_filter_results"]["hate"] == {"filtered": False, "severity": "safe"}
    assert reply["prompt_filter_results"][0]["content_filter_results"]["jailbreak"]["detected"] is False


def test_served_model_is_named_behind_an_opaque_deployment(simulator: RunningSimulator, azure: Clients) -> None:
    simulator.configure("korea", served_model="gpt-4o-2024-11-20")

    assert ask(azure()).model == "gpt-4o-2024-11-20"


def test_v1_path_needs_no_api_version(simulator: RunningSimulator) -> None:
    client = OpenAI(api_key="azure-key", base_url=simulator.azure_url("korea") + "/openai/v1/", max_retries=0)
    with client:
        reply = client.chat.completions.create(model="my-deployment", messages=[{"role": "user", "content": "hi"}])

    assert reply.choices[0].message.content


def test_missing_api_version_is_not_found(simulator: RunningSimulator) -> None:
    reply = post(simulator, "/openai/deployments/d/chat/completions")

    assert reply.status_code == 404
    assert reply.json() == {"error": {"code": "404", "message": "Resource not found"}}


def test_first_chunk_tells_about_the_prompt(simulator: RunningSimulator) -> None:
    reply = post(simulator, "/openai/deployments/d/chat/completions?api-version=2024-10-21", {**HI, "stream": True})

    first, role, content, *_ = [
        msgspec.json.decode(event.removeprefix("data: "))
        for event in reply.text.split("\n\n")
        if event and "[DONE]" not in event
    ]
    assert (first["id"], first["choices"]) == ("", [])
    assert first["prompt_filter_results"][0]["prompt_index"] == 0
    assert role["choices"][0]["content_filter_results"] == {}
    assert content["choices"][0]["content_filter_results"]["violence"]["severity"] == "safe"


def test_headers_are_azures(simulator: RunningSimulator) -> None:
    simulator.configure("korea", region="Korea Central")
    headers = post(simulator, "/openai/deployments/d/chat/completions?api-version=2024-10-21").headers

    assert headers["x-ms-region"] == "Korea Central"
    assert len(headers["apim-request-id"]) == 36
    assert "openai-processing-ms" not in headers


def test_blocked_prompt_is_refused_with_the_reason(simulator: RunningSimulator, azure: Clients) -> None:
    simulator.configure("korea", faults=[{"kind": "content_filter"}])

    with pytest.raises(sdk.BadRequestError) as caught:
        ask(azure())

    assert caught.value.code == "content_filter"
    inner = caught.value.response.json()["error"]["innererror"]
    assert inner["code"] == "ResponsibleAIPolicyViolation"
    assert inner["content_filter_result"]["violence"]["filtered"] is True


def test_blocked_answer_ends_with_content_filter(simulator: RunningSimulator, azure: Clients) -> None:
    simulator.configure("korea", faults=[{"kind": "content_filter_stream"}])

    choice = ask(azure()).model_dump()["choices"][0]

    assert choice["finish_reason"] == "content_filter"
    assert choice["content_filter_results"]["violence"]["filtered"] is True


def test_rate_limit_tells_how_long_to_wait(simulator: RunningSimulator, azure: Clients) -> None:
    simulator.configure("korea", faults=[{"kind": "rate_limited", "retry_after_s": 1.5}])

    with pytest.raises(sdk.RateLimitError) as caught:
        ask(azure())

    assert caught.value.response.headers["retry-after"] == "2"
    assert caught.value.response.headers["retry-after-ms"] == "1500"


def test_wrong_key_is_refused_in_azures_shape(azure: Clients) -> None:
    with pytest.raises(sdk.AuthenticationError) as caught:
        ask(azure(api_key="sk-wrong"))

    error = caught.value.response.json()["error"]
    assert set(error) == {"code", "message"}
    assert error["code"] == "401"


def test_unknown_deployment_is_not_found(azure: Clients) -> None:
    with pytest.raises(sdk.NotFoundError) as caught:
        ask(azure(), model="no-such-deployment")

    assert caught.value.code == "DeploymentNotFound"


def test_embeddings_and_models(azure: Clients) -> None:
    client = azure()

    assert len(client.embeddings.create(model="text-embedding-3-small", input="hi").data[0].embedding) == 1536
    assert "gpt-4o" in {model.id for model in client.models.list()}
