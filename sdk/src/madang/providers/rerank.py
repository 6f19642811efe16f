"""Rerank as Jina, Cohere, vLLM and others answer it: documents by how well they fit a query.

Source: Cohere's API reference, "Rerank" (v1 and v2), Jina's "Reranker API" and vLLM's "Re-rank API". Bodies pass untouched;
only what was consumed is read, as search units (Cohere) or tokens (the others).
"""

import msgspec

from madang.calls.event import Consumed, Event, Part, Started
from madang.calls.usage import Usage
from madang.providers.openai_wire import bad_reply

RERANK_FIELDS = frozenset(
    {
        "model",
        "query",
        "documents",
        "top_n",
        "rank_fields",
        "return_documents",
        "max_chunks_per_doc",
        "max_tokens_per_doc",
        "instruction",
    }
)

DOCUMENTS_PER_SEARCH = 100
"""Documents of one query that are billed as one search (Cohere's and AWS's price lists)."""


class _Billed(msgspec.Struct):
    search_units: float | None = None
    total_tokens: float | None = None


class _Meta(msgspec.Struct):
    billed_units: _Billed | None = None


class _Counted(msgspec.Struct):
    prompt_tokens: int | None = None
    total_tokens: int | None = None


class _Ranking(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    meta: _Meta | None = None
    usage: _Counted | None = None


_decoder = msgspec.json.Decoder(_Ranking)


def decode_rerank(raw: bytes) -> Event:
    """The one event of an answer. Raises CallFailed(bad_reply) when it is not JSON."""
    try:
        ranking = _decoder.decode(raw)
    except msgspec.ValidationError:
        return Event(raw)  # an unfamiliar shape goes through untouched; its usage stays unknown
    except msgspec.DecodeError:
        raise bad_reply("a body that is not JSON") from None
    parts: list[Part] = []
    if ranking.id or ranking.model:
        parts.append(Started(ranking.id or "", ranking.model or ""))
    usage = _usage_of(ranking)
    if usage is not None:
        parts.append(Consumed(usage))
    return Event(raw, tuple(parts))


def _usage_of(ranking: _Ranking) -> Usage | None:
    billed = ranking.meta.billed_units if ranking.meta is not None else None
    if billed is not None and billed.search_units:
        return Usage(search_units=round(billed.search_units))
    tokens: float | None = None
    if ranking.usage is not None:
        counted = ranking.usage
        tokens = counted.total_tokens if counted.total_tokens is not None else counted.prompt_tokens
    elif billed is not None:
        tokens = billed.total_tokens
    return None if tokens is None else Usage(round(tokens), 0)
