"""Embeddings and the model list, by the official client."""

import base64
from decimal import Decimal

import pytest
from openai import NotFoundError
from tests.support.running_platform import Platform


def test_embeddings_come_as_vectors(platform: Platform) -> None:
    deployment = platform.deployment(vendor_model="text-embedding-3-small")
    alias = platform.model(deployment)
    reply = platform.openai().embeddings.create(model=alias, input=["one", "two"])
    assert [len(vector.embedding) for vector in reply.data] == [1536, 1536]
    # The client asks for base64 by itself and turns it into numbers.
    assert platform.simulator.requests(deployment["name"])["requests"][-1]["body"]["encoding_format"] == "base64"


def test_embeddings_come_as_base64_when_asked_for(platform: Platform) -> None:
    alias = platform.model(platform.deployment(vendor_model="text-embedding-3-small"))
    answer = platform.send(
        "POST", "/v1/embeddings", {"model": alias, "input": "one", "encoding_format": "base64", "dimensions": 8}
    )
    assert len(base64.b64decode(answer.json["data"][0]["embedding"])) == 8 * 4


def test_an_embedding_s_trace_has_its_tokens_and_cost(platform: Platform) -> None:
    deployment = platform.deployment(vendor_model="text-embedding-3-small", output_usd_per_million=None)
    answer = platform.send("POST", "/v1/embeddings", {"model": platform.model(deployment), "input": "one two"})
    root = platform.trace_of(answer)["spans"][0]
    assert (root["kind"], root["input_tokens"]) == ("embedding", answer.json["usage"]["prompt_tokens"])
    assert Decimal(root["cost_usd"]) == Decimal(root["input_tokens"]) / 1_000_000


def test_the_list_has_the_project_s_models(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    assert alias in [model.id for model in platform.openai().models.list()]


def test_one_model_can_be_asked_for(platform: Platform) -> None:
    alias = platform.model(platform.deployment(), alias="team/chat:1")
    assert platform.openai().models.retrieve(alias).id == alias


def test_a_model_that_is_not_there_is_not_found(platform: Platform) -> None:
    with pytest.raises(NotFoundError, match="not set up in this project"):
        platform.openai().models.retrieve("gpt-nowhere")
