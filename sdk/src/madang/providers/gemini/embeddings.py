"""Embeddings: OpenAI's request as Gemini's batchEmbedContents, or Vertex AI's predict or embedContent, and back.

Source: Google's Gemini API reference, "Embeddings"; Vertex AI's "Text embeddings API"; the google-genai client asks
Vertex AI's Gemini models, except gemini-embedding-001, by embedContent, which takes one input at a time.
"""

import base64
import struct
from collections.abc import Mapping
from typing import Any

import msgspec

from madang.calls.event import Consumed, Event
from madang.calls.request import Request
from madang.calls.usage import Usage
from madang.providers.openai_fields import EMBEDDING_FIELDS, refused, vendor_fields
from madang.providers.openai_wire import bad_reply

_encode = msgspec.json.Encoder().encode
Json = dict[str, Any]


def vertex_method(model: str) -> str:
    name = model.rpartition("/")[2]
    is_newer = ("gemini" in name and name != "gemini-embedding-001") or "maas" in name
    return "embedContent" if is_newer else "predict"


def gemini_body(request: Request) -> bytes:
    """The body of batchEmbedContents. Fields that are not OpenAI's, such as taskType, go into each of its requests."""
    assert request.target is not None
    model = request.target.vendor_model
    common: Json = {"model": model if "/" in model else f"models/{model}"}
    if request.body.get("dimensions") is not None:
        common["outputDimensionality"] = request.body["dimensions"]
    common |= vendor_fields(request.body, EMBEDDING_FIELDS)
    return _encode({"requests": [{**common, "content": {"parts": [{"text": text}]}} for text in _inputs(request.body)]})


def vertex_body(request: Request) -> bytes:
    """The body of predict or embedContent, by the model."""
    assert request.target is not None
    inputs = _inputs(request.body)
    wanted: Json = {}
    if request.body.get("dimensions") is not None:
        wanted["outputDimensionality"] = request.body["dimensions"]
    wanted |= vendor_fields(request.body, EMBEDDING_FIELDS)
    if vertex_method(request.target.vendor_model) == "embedContent":
        if len(inputs) != 1:
            raise refused("This model of Vertex AI takes one input at a time.", "input")
        told: Json = {"content": {"parts": [{"text": inputs[0]}]}}
        return _encode({**told, "embedContentConfig": wanted} if wanted else told)
    of_each = {name: wanted.pop(name) for name in ("task_type", "title") if name in wanted}
    told = {"instances": [{"content": text, **of_each} for text in inputs]}
    return _encode({**told, "parameters": wanted} if wanted else told)


def embedding_list(request: Request, raw: bytes) -> Event:
    """OpenAI's list of embeddings from any of the three answers. Raises CallFailed(bad_reply)."""
    assert request.target is not None
    try:
        body = msgspec.json.decode(raw)
        vectors, tokens = _vectors(body)
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        raise bad_reply("an answer that holds no embeddings") from None
    is_packed = request.body.get("encoding_format") == "base64"
    entries = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if is_packed else vector}
        for index, vector in enumerate(vectors)
    ]
    answer: Json = {"object": "list", "data": entries, "model": request.target.vendor_model}
    if tokens is None:  # the Gemini API does not count for every model
        return Event(_encode(answer))
    answer["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Event(_encode(answer), (Consumed(Usage(tokens, 0)),))


def _vectors(body: Mapping[str, Any]) -> tuple[list[list[float]], int | None]:
    """The vectors, and how many tokens they were made of where that is told."""
    counted = (body.get("usageMetadata") or {}).get("promptTokenCount")
    if "embedding" in body:
        return [body["embedding"]["values"]], counted
    if "embeddings" in body:
        return [one["values"] for one in body["embeddings"]], counted
    told = [one["embeddings"] for one in body["predictions"]]
    tokens = sum(int((one.get("statistics") or {}).get("token_count") or 0) for one in told)
    return [one["values"] for one in told], tokens


def _inputs(body: Mapping[str, Any]) -> list[str]:
    given = body.get("input")
    inputs = [given] if isinstance(given, str) else given
    if not isinstance(inputs, list) or not inputs or not all(isinstance(one, str) for one in inputs):
        raise refused("Gemini embeds a text or a list of texts; it takes no token numbers.", "input")
    return inputs


def _packed(vector: list[float]) -> str:
    """Little-endian 32-bit floats, as OpenAI's clients unpack them."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
