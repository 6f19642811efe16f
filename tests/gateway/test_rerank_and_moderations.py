"""Rerank and moderations through the Gateway: by HTTP, by the official client, and by the SDK in both modes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import pytest
from openai import NotFoundError
from tests.gateway.every_vendor import models_of, root_of
from tests.support.running_platform import Platform
from tests.support.simulated_vendors import deployment_of

QUERY = "where do porters rest"
DOCUMENTS = ["A recipe for noodles.", "Porters rest in the yard.", "Boats have no rest."]


def ranked(platform: Platform, alias: str, **more: Any) -> httpx.Response:
    return httpx.post(
        f"{platform.url}/v1/rerank",
        headers={"Authorization": f"Bearer {platform.key}"},
        json={"model": alias, "query": QUERY, "documents": DOCUMENTS, **more},
        timeout=30.0,
    )


def order_in(answer: Mapping[str, Any]) -> list[int]:
    return [each["index"] for each in answer["results"]]


def test_documents_come_in_the_order_in_which_they_fit(platform: Platform) -> None:
    alias = models_of(platform, deployment_of(platform.simulator, "openai", vendor_model="jina-reranker-v2"))
    answer = ranked(platform, alias, top_n=2, return_documents=True)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert order_in(body) == [1, 2]
    assert body["results"][0]["document"] == {"text": DOCUMENTS[1]}
    assert body["results"][0]["relevance_score"] > body["results"][1]["relevance_score"]


def test_a_ranking_is_traced_with_its_tokens_and_cost(platform: Platform) -> None:
    alias = models_of(platform, deployment_of(platform.simulator, "openai", vendor_model="jina-reranker-v2"))
    answer = ranked(platform, alias)
    root = root_of(platform, answer.headers["x-madang-trace-id"])
    tokens = answer.json()["usage"]["total_tokens"]
    assert (root["kind"], root["name"], root["input_tokens"]) == ("retriever", f"rerank {alias}", tokens)
    assert Decimal(root["cost_usd"]) == Decimal(tokens) / 1_000_000


def test_bedrock_ranks_in_the_same_shape(platform: Platform) -> None:
    deployment = deployment_of(platform.simulator, "bedrock", vendor_model="cohere.rerank-v3-5:0")
    alias = models_of(platform, deployment)
    body = ranked(platform, alias, top_n=1, return_documents=True).json()
    assert order_in(body) == [1]
    assert body["results"][0]["document"] == {"text": DOCUMENTS[1]}
    assert body["meta"]["billed_units"] == {"search_units": 1}


def test_a_model_of_bedrock_that_does_not_rank_is_named(platform: Platform) -> None:
    alias = models_of(platform, deployment_of(platform.simulator, "bedrock", vendor_model="amazon.nova-lite-v1:0"))
    answer = ranked(platform, alias)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "model")


def test_litellm_ranks_in_the_same_shape(platform: Platform) -> None:
    deployment = deployment_of(platform.simulator, "litellm", vendor_model="hosted_vllm/bge-reranker")
    answer = ranked(platform, models_of(platform, deployment), top_n=2)
    assert answer.status_code == 200, answer.text
    assert order_in(answer.json()) == [1, 2]


def test_another_deployment_ranks_when_one_fails(platform: Platform) -> None:
    broken = deployment_of(platform.simulator, "openai", {"kind": "server_error"}, order=1)
    answer = ranked(
        platform,
        models_of(
            platform, broken, deployment_of(platform.simulator, "bedrock", order=2, vendor_model="amazon.rerank-v1:0")
        ),
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-madang-attempts"] == "2"


@pytest.mark.parametrize(("field", "value"), [("query", 3), ("documents", []), ("documents", "one")])
def test_a_field_of_the_wrong_type_is_named(platform: Platform, field: str, value: Any) -> None:
    alias = models_of(platform, deployment_of(platform.simulator, "openai"))
    answer = ranked(platform, alias, **{field: value})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, field)


def test_the_official_client_moderates(platform: Platform) -> None:
    deployment = deployment_of(platform.simulator, "openai", vendor_model="omni-moderation-latest")
    alias = models_of(platform, deployment)
    raw = platform.openai().moderations.with_raw_response.create(model=alias, input=["hello", "violence"])
    assert [each.flagged for each in raw.parse().results] == [False, True]
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    assert (root["kind"], root["name"]) == ("guardrail", f"moderations {alias}")


def test_a_moderation_without_a_model_asks_for_openais_own(platform: Platform) -> None:
    with pytest.raises(NotFoundError, match="omni-moderation-latest"):
        platform.openai().moderations.create(input="hello")


def test_a_vendor_that_does_not_moderate_is_passed_over(platform: Platform) -> None:
    alias = models_of(platform, deployment_of(platform.simulator, "azure"))
    answer = httpx.post(
        f"{platform.url}/v1/moderations",
        headers={"Authorization": f"Bearer {platform.key}"},
        json={"model": alias, "input": "hello"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no_fitting_deployment")
