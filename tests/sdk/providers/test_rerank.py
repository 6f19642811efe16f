"""Rankings of every kind of server, read for what they consumed; Bedrock's in its own words."""

import json
from typing import Any

import pytest

from madang.calls.event import Consumed, Event
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.bedrock.rerank import decode_ranking, encode_ranking
from madang.providers.rerank import decode_rerank

ASKED = {"model": "m", "query": "q", "documents": ["one", {"text": "two"}]}


def consumed(event: Event) -> Usage | None:
    return next((part.usage for part in event.parts if isinstance(part, Consumed)), None)


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        ({"model": "jina", "usage": {"total_tokens": 15}, "results": []}, Usage(15, 0)),
        ({"id": "r", "usage": {"prompt_tokens": 7, "total_tokens": 7}, "results": []}, Usage(7, 0)),
        ({"results": [], "meta": {"billed_units": {"search_units": 2}}}, Usage(search_units=2)),
        ({"results": [], "meta": {"billed_units": {"total_tokens": 9}}}, Usage(9, 0)),
        ({"results": [], "meta": {"billed_units": {}}}, None),
        ({"results": []}, None),
    ],
)
def test_what_a_ranking_consumed_is_read_where_it_stands(body: dict[str, Any], usage: Usage | None) -> None:
    raw = json.dumps(body).encode()
    event = decode_rerank(raw)
    assert event.raw == raw
    assert consumed(event) == usage


def test_a_ranking_in_an_unknown_shape_passes_untouched() -> None:
    assert decode_rerank(b'{"usage":"much"}') == Event(b'{"usage":"much"}')


def test_a_ranking_that_is_no_json_is_a_bad_reply() -> None:
    with pytest.raises(CallFailed, match="not JSON"):
        decode_rerank(b"<html>")


def test_cohere_on_bedrock_is_asked_in_its_second_version() -> None:
    assert json.loads(encode_ranking({**ASKED, "top_n": 1, "return_documents": True}, "cohere.rerank-v3-5:0")) == {
        "query": "q",
        "documents": ["one", "two"],
        "top_n": 1,
        "api_version": 2,
    }


def test_amazons_model_is_asked_without_a_version() -> None:
    assert json.loads(encode_ranking(ASKED, "amazon.rerank-v1:0")) == {"query": "q", "documents": ["one", "two"]}


def test_bedrocks_ranking_gets_the_documents_back_and_its_searches_counted() -> None:
    raw = b'{"results":[{"index":1,"relevance_score":0.9}]}'
    event = decode_ranking(raw, {**ASKED, "return_documents": True}, "m")
    assert json.loads(event.raw)["results"] == [
        {"index": 1, "relevance_score": 0.9, "document": {"text": "two"}},
    ]
    assert consumed(event) == Usage(search_units=1, is_estimated=True)


@pytest.mark.parametrize("raw", [b"[]", b"no", b'{"results":[{"index":9,"relevance_score":1}]}'])
def test_an_answer_of_bedrock_that_is_no_ranking_is_a_bad_reply(raw: bytes) -> None:
    with pytest.raises(CallFailed) as failed:
        decode_ranking(raw, ASKED, "m")
    assert failed.value.reason == "bad_reply"


@pytest.mark.parametrize("documents", [[], [3], "one", [{"title": "no text"}]])
def test_documents_without_text_are_refused_before_bedrock_is_asked(documents: Any) -> None:
    with pytest.raises(CallFailed) as failed:
        encode_ranking({**ASKED, "documents": documents}, "amazon.rerank-v1:0")
    assert (failed.value.status, failed.value.param) == (400, "documents")
