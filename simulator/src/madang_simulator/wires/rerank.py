"""Rerank as servers beside OpenAI's wire have it: Jina's and vLLM's answer, with Cohere's for models of its name.

Source: Jina's "Reranker API", vLLM's "Re-rank API", Cohere's API reference, "Rerank".
"""

import math
from typing import Any

import msgspec

from madang_simulator.ranking import rank
from madang_simulator.refusals import Refusal
from madang_simulator.tokens import count_tokens
from madang_simulator.wires import openai_fields as read
from madang_simulator.wires.openai_fields import missing, read_object, wrong_type
from madang_simulator.wires.openai_requests import model_in
from madang_simulator.wires.wire import Making, Order, Reply, Task

_DOCUMENTS_PER_SEARCH = 100


def rerank_task(order: Order) -> Task:
    """A request to put documents in the order in which they fit a query."""
    fields = read_object(order.incoming.body)
    model = model_in(fields)
    query = read.text(fields, "query")
    if not query:
        raise missing("query")
    documents = _texts(fields.get("documents"))
    top_n = fields.get("top_n")
    if top_n is not None and (not isinstance(top_n, int) or top_n < 1):
        raise Refusal(kind="invalid_request", message="'top_n' must be a whole number of at least 1.", param="top_n")
    tokens = sum(count_tokens(query) + count_tokens(text) for text in documents)

    def reply(making: Making) -> Reply:
        results: list[dict[str, Any]] = []
        for each in rank(query, documents)[:top_n]:
            result: dict[str, Any] = {"index": each.place, "relevance_score": each.score}
            if fields.get("return_documents"):
                result["document"] = {"text": documents[each.place]}
            results.append(result)
        if model.startswith("rerank-"):  # Cohere's names
            searches = math.ceil(len(documents) / _DOCUMENTS_PER_SEARCH)
            meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": searches}}
            return Reply(200, msgspec.json.encode({"id": making.id, "results": results, "meta": meta}))
        counted = {"total_tokens": tokens, "prompt_tokens": tokens}
        return Reply(200, msgspec.json.encode({"model": making.model, "usage": counted, "results": results}))

    return Task(model, tokens, reply)


def _texts(documents: object) -> list[str]:
    if documents is None:
        raise missing("documents")
    if not isinstance(documents, list):
        raise wrong_type("documents", "an array", documents)
    return [str(each.get("text", "")) if isinstance(each, dict) else str(each) for each in documents]
