"""Embeddings and the list of models through the official client."""

import math
from collections.abc import Callable, Sequence

import pytest
from openai import NotFoundError, OpenAI

from madang_simulator import RunningSimulator

Clients = Callable[..., OpenAI]


def similarity(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_float_and_base64_give_the_same_vector(openai: Clients) -> None:
    create = openai().embeddings.create
    plain = create(model="text-embedding-3-small", input="hello", encoding_format="float").data[0].embedding
    packed = create(model="text-embedding-3-small", input="hello").data[0].embedding

    assert len(plain) == 1536
    assert packed == pytest.approx(plain, abs=1e-6)
    assert math.sqrt(similarity(plain, plain)) == pytest.approx(1, abs=1e-4)


def test_texts_with_common_words_are_closer(openai: Clients) -> None:
    texts = ["refund for a late order", "late order refund", "holiday on the moon"]
    vectors = [
        entry.embedding for entry in openai().embeddings.create(model="text-embedding-3-large", input=texts).data
    ]

    assert len(vectors[0]) == 3072
    assert similarity(vectors[0], vectors[1]) > similarity(vectors[0], vectors[2]) + 0.2


def test_dimensions_shorten_the_vector(openai: Clients) -> None:
    reply = openai().embeddings.create(model="text-embedding-3-small", input="hello", dimensions=256)

    assert len(reply.data[0].embedding) == 256
    assert reply.usage.prompt_tokens == reply.usage.total_tokens == 1


def test_token_numbers_count_as_tokens(openai: Clients) -> None:
    assert openai().embeddings.create(model="text-embedding-3-small", input=[1, 2, 3]).usage.prompt_tokens == 3


def test_models_are_listed_and_found(openai: Clients) -> None:
    client = openai()

    assert "gpt-4o" in {model.id for model in client.models.list()}
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"


def test_only_set_models_are_served(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", models=["house-model"])
    client = openai()

    assert [model.id for model in client.models.list()] == ["house-model"]
    with pytest.raises(NotFoundError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])
    assert caught.value.code == "model_not_found"
