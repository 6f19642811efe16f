"""Documents put in order, as compatible servers and Bedrock do it. The clients: plain HTTP and boto3."""

import json
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from tests.simulator.bedrock_clients import client_of

from madang_simulator import RunningSimulator
from madang_simulator.ranking import rank

QUERY = "where porters rest"
DOCUMENTS = ["Noodles.", "Porters rest here.", "They rest."]


def asked(simulator: RunningSimulator, **more: Any) -> httpx.Response:
    body = {"model": "bge-reranker", "query": QUERY, "documents": DOCUMENTS, **more}
    headers = {"authorization": "Bearer sk-any"}
    return httpx.post(f"{simulator.openai_url('east')}/rerank", headers=headers, json=body)


def test_more_shared_words_stand_higher_and_equal_documents_keep_their_order() -> None:
    assert [each.place for each in rank(QUERY, ["none", *DOCUMENTS])] == [2, 3, 0, 1]
    assert all(0 <= each.score <= 1 for each in rank(QUERY, [QUERY, "", "..."]))


def test_a_compatible_server_ranks_and_counts_tokens(simulator: RunningSimulator) -> None:
    answer = asked(simulator, top_n=2, return_documents=True).json()
    assert [each["index"] for each in answer["results"]] == [1, 2]
    assert answer["results"][0]["document"] == {"text": "Porters rest here."}
    assert answer["usage"]["total_tokens"] > 0


def test_a_model_of_coheres_counts_searches(simulator: RunningSimulator) -> None:
    answer = asked(simulator, model="rerank-v3.5", documents=["one"] * 101).json()
    assert answer["meta"]["billed_units"] == {"search_units": 2}


@pytest.mark.parametrize("wrong", [{"query": ""}, {"documents": None}, {"documents": "one"}, {"top_n": 0}])
def test_what_cannot_be_ranked_is_refused(simulator: RunningSimulator, wrong: dict[str, Any]) -> None:
    assert asked(simulator, **wrong).status_code == 400


@pytest.mark.parametrize(("model", "more"), [("cohere.rerank-v3-5:0", {"api_version": 2}), ("amazon.rerank-v1:0", {})])
def test_bedrock_ranks_by_invoke_model(simulator: RunningSimulator, model: str, more: dict[str, Any]) -> None:
    body = json.dumps({"query": QUERY, "documents": DOCUMENTS, "top_n": 1, **more})
    answer = json.loads(client_of(simulator).invoke_model(modelId=model, body=body)["body"].read())
    assert [each["index"] for each in answer["results"]] == [1]


def test_cohere_on_bedrock_wants_its_version(simulator: RunningSimulator) -> None:
    body = json.dumps({"query": QUERY, "documents": DOCUMENTS})
    with pytest.raises(ClientError, match="api_version"):
        client_of(simulator).invoke_model(modelId="cohere.rerank-v3-5:0", body=body)
