"""Embeddings over InvokeModel: Amazon's Titan models, which take one text at a time, and Cohere's, which take many.

Source: AWS's "Amazon Bedrock user guide", "Amazon Titan Embeddings G1 - Text", "Amazon Titan Multimodal Embeddings G1",
"Cohere Embed v3" and "Cohere Embed v4".
"""

import asyncio
import struct
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from madang.calls.event import Consumed, Event
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.calls.usage import Usage
from madang.providers.bedrock.failures import failure_in
from madang.providers.openai_fields import EMBEDDING_FIELDS, refused, vendor_fields
from madang.providers.openai_wire import bad_reply

TOKENS_HEADER = "x-amzn-bedrock-input-token-count"
_MOST_TEXTS = 96  # in one request to a Cohere model
_AT_ONCE = 8  # requests for one call

_encode = msgspec.json.Encoder().encode


class _Given(msgspec.Struct, rename="camel"):
    embedding: msgspec.Raw = msgspec.Raw()
    input_text_token_count: int | None = None
    embeddings: msgspec.Raw = msgspec.Raw()


class _ByType(msgspec.Struct, rename="camel"):
    float: list[msgspec.Raw] | None = None


class _Answered(NamedTuple):
    vectors: list[msgspec.Raw]
    tokens: int | None


_decoder = msgspec.json.Decoder(_Given)


def embeddings_call(one: Call) -> Call:
    """A call that asks `one` as often as the model needs, and gives the vectors as one answer in OpenAI's shape.

    Any part that fails is the failure of the whole, and ends the others.
    """

    async def call(request: Request) -> Reply:
        assert request.target is not None
        batches = _batches(request.body.get("input"), request.target.vendor_model)
        asked = asyncio.Semaphore(_AT_ONCE)
        headers: dict[str, str] = {}

        async def ask(batch: list[str]) -> _Answered:
            part = msgspec.structs.replace(request, body={**request.body, "input": batch})
            async with asked:
                reply = await one(part)
                raw = b"".join([event.raw async for event in reply.events])
            headers.update(reply.headers)
            return _answered(raw, headers.pop(TOKENS_HEADER, None), len(batch))

        tasks = [asyncio.ensure_future(ask(batch)) for batch in batches]
        try:
            answers = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        event = _joined(answers, request)
        return Reply(200, headers, "application/json", _only(event), request.target)

    return call


def encode_batch(given: Mapping[str, Any], model: str) -> bytes:
    """The body for the texts of one request. Raises CallFailed for a model that is not known to embed."""
    texts, size = given["input"], given.get("dimensions")
    more = vendor_fields(given, EMBEDDING_FIELDS)
    if _is_cohere(model):
        made = {"texts": texts, "input_type": "search_document", "embedding_types": ["float"]}
        return _encode({**made, **({"output_dimension": size} if size else {}), **more})
    if "titan-embed-image" in model:
        sized = {"embeddingConfig": {"outputEmbeddingLength": size}} if size else {}
        return _encode({"inputText": texts[0], **sized, **more})
    if "titan-embed" in model:
        return _encode({"inputText": texts[0], **({"dimensions": size} if size else {}), **more})
    raise refused(
        f"Model {model!r} is not known to embed; on Bedrock those of the families amazon.titan-embed and cohere.embed do.",
        "model",
    )


def _is_cohere(model: str) -> bool:
    return "cohere.embed" in model


def _batches(given: Any, model: str) -> list[list[str]]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise refused("input must be a text or a list of texts; Bedrock does not take tokens.", "input")
    size = _MOST_TEXTS if _is_cohere(model) else 1
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _answered(raw: bytes, counted: str | None, wanted: int) -> _Answered:
    """The vectors of one answer. Titan counts tokens in its body, Cohere's are in a header of Bedrock's."""
    try:
        given = _decoder.decode(raw)
        if bytes(given.embedding):
            return _Answered([given.embedding], given.input_text_token_count)
        vectors = _cohere_vectors(given.embeddings)
    except msgspec.DecodeError:
        raise bad_reply("embeddings that are not the model's JSON") from None
    if len(vectors) != wanted:
        raise failure_in(raw) or bad_reply(f"{len(vectors)} embeddings for {wanted} texts")
    return _Answered(vectors, int(counted) if counted and counted.isdigit() else None)


def _cohere_vectors(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """A list, or lists by type where types were asked for."""
    if not bytes(raw):
        return []
    if bytes(raw).lstrip()[:1] == b"[":
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    return msgspec.json.decode(raw, type=_ByType).float or []


def _joined(answers: list[_Answered], request: Request) -> Event:
    assert request.target is not None
    is_base64 = request.body.get("encoding_format") == "base64"
    vectors = [vector for answer in answers for vector in answer.vectors]
    listed = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if is_base64 else vector}
        for index, vector in enumerate(vectors)
    ]
    counts = [answer.tokens for answer in answers if answer.tokens is not None]
    tokens = sum(counts) if len(counts) == len(answers) else None
    body: dict[str, Any] = {"object": "list", "data": listed, "model": request.target.vendor_model}
    if tokens is None:
        return Event(_encode(body))
    body["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Event(_encode(body), (Consumed(Usage(tokens, 0)),))


def _packed(vector: msgspec.Raw) -> str:
    """32-bit floats, little-endian, as OpenAI packs them."""
    try:
        numbers = msgspec.json.decode(vector, type=list[float])
    except msgspec.DecodeError:
        raise bad_reply("an embedding that is no list of numbers") from None
    return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


async def _only(event: Event) -> Events:
    yield event
