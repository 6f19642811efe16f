"""Reranking over InvokeModel: Cohere's and Amazon's models.

Source: AWS's "Amazon Bedrock user guide", "Use a reranker model" with the models' request and response bodies. Both take
texts and tell index and score alone; the documents are put back in here where the caller wants them.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from madang.calls.event import Consumed, Event
from madang.calls.usage import Usage
from madang.providers.bedrock.failures import failure_in
from madang.providers.openai_fields import refused, vendor_fields
from madang.providers.openai_wire import bad_reply
from madang.providers.rerank import DOCUMENTS_PER_SEARCH, RERANK_FIELDS

_COHERE_VERSION = 2

_encode = msgspec.json.Encoder().encode


class _Ranked(msgspec.Struct):
    index: int
    relevance_score: float


class _Given(msgspec.Struct):
    results: list[_Ranked]


_decoder = msgspec.json.Decoder(_Given)


def encode_ranking(given: Mapping[str, Any], model: str) -> bytes:
    """The body for one query. Raises CallFailed for a model that is not known to rank, and for documents without text."""
    if "rerank" not in model:
        raise refused(
            f"Model {model!r} is not known to rank; on Bedrock those of the families amazon.rerank and cohere.rerank do.",
            "model",
        )
    body: dict[str, Any] = {"query": given["query"], "documents": _texts(given.get("documents"))}
    if given.get("top_n") is not None:
        body["top_n"] = given["top_n"]
    if "cohere.rerank" in model:
        body["api_version"] = _COHERE_VERSION
        if given.get("max_tokens_per_doc") is not None:
            body["max_tokens_per_doc"] = given["max_tokens_per_doc"]
    return _encode({**body, **vendor_fields(given, RERANK_FIELDS)})


def decode_ranking(raw: bytes, given: Mapping[str, Any], model: str) -> Event:
    """The answer as Cohere and Jina shape it. What it consumed is estimated: AWS counts long documents as several."""
    try:
        ranked = _decoder.decode(raw).results
    except msgspec.DecodeError:
        raise failure_in(raw) or bad_reply("a ranking that is not the model's JSON") from None
    texts = _texts(given.get("documents"))
    if not all(0 <= each.index < len(texts) for each in ranked):
        raise bad_reply("a ranking of documents that it was not given")
    results: list[dict[str, Any]] = [{"index": each.index, "relevance_score": each.relevance_score} for each in ranked]
    if given.get("return_documents") is True:
        for result in results:
            result["document"] = {"text": texts[result["index"]]}
    searches = math.ceil(len(texts) / DOCUMENTS_PER_SEARCH)
    body = {"model": model, "results": results, "meta": {"billed_units": {"search_units": searches}}}
    return Event(_encode(body), (Consumed(Usage(search_units=searches, is_estimated=True)),))


def _texts(documents: Any) -> list[str]:
    given = documents if isinstance(documents, list) else []
    texts = [each.get("text") if isinstance(each, dict) else each for each in given]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise refused("'documents' must be a list of texts, or of objects with a 'text'.", "documents")
    return [str(text) for text in texts]
