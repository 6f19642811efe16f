"""What Gemini's models do besides chats: embeddings, counting tokens, pictures, speech.

Source: Google's Gemini API reference, "Embeddings", "Tokens", "Image generation", "Speech generation"; Vertex AI's
"Text embeddings API".
"""

import base64
import math
from typing import Any

import msgspec

from madang_simulator.embeddings import embed
from madang_simulator.painted import paint
from madang_simulator.prompt_tokens import prompt_length
from madang_simulator.sounds import speak
from madang_simulator.tokens import count_tokens
from madang_simulator.wires.gemini.ask import read_ask, text_of
from madang_simulator.wires.gemini.fields import Fields, invalid, mapping, objects
from madang_simulator.wires.gemini.model_facts import embedding_dimensions
from madang_simulator.wires.gemini.replies import sse
from madang_simulator.wires.openai_fields import read_object
from madang_simulator.wires.sse import SSE_TYPE
from madang_simulator.wires.wire import Event, Making, Order, Reply, Streamed, Task

Json = dict[str, Any]
_MOST_INPUTS = 100
_PICTURE_TOKENS = 1_290  # of a picture that comes out
_SOUND_TOKENS_PER_S = 25
_SPOKEN_TOKENS_PER_S = 4
_SIDES = {"1:1": (64, 64), "3:2": (96, 64), "2:3": (64, 96), "16:9": (96, 54), "9:16": (54, 96), "4:3": (80, 60)}


def batch_task(order: Order, model: str) -> Task:
    """batchEmbedContents."""
    requests = objects(read_object(order.incoming.body).get("requests"), "requests")
    if not requests:
        raise invalid("* BatchEmbedContentsRequest.requests: requests is not specified\n")
    if len(requests) > _MOST_INPUTS:
        raise invalid("* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n")
    texts = [text_of([one.get("content") or {}]) for one in requests]
    lengths = [_dimensions(one.get("outputDimensionality"), model) for one in requests]
    tokens = sum(count_tokens(text) for text in texts)
    embeddings = [{"values": embed(text, length).tolist()} for text, length in zip(texts, lengths, strict=True)]
    return _task(model, tokens, {"embeddings": embeddings, "usageMetadata": {"promptTokenCount": tokens}})


def embed_task(order: Order, model: str) -> Task:
    """embedContent: one content."""
    body = read_object(order.incoming.body)
    text = text_of([body.get("content") or {}])
    config = mapping(body.get("embedContentConfig") or body)
    tokens = count_tokens(text)
    vector = embed(text, _dimensions(config.get("outputDimensionality"), model)).tolist()
    return _task(model, tokens, {"embedding": {"values": vector}, "usageMetadata": {"promptTokenCount": tokens}})


def predict_task(order: Order, model: str) -> Task:
    """predict of Vertex AI's embedding models."""
    body = read_object(order.incoming.body)
    texts = [str(one.get("content") or "") for one in objects(body.get("instances"), "instances")]
    if not texts:
        raise invalid("Empty instances.")
    parameters = mapping(body.get("parameters"))
    length = _dimensions(parameters.get("outputDimensionality"), model)
    predictions = []
    for text in texts:
        statistics = {"truncated": False, "token_count": count_tokens(text)}
        predictions.append({"embeddings": {"values": embed(text, length).tolist(), "statistics": statistics}})
    tokens = sum(count_tokens(text) for text in texts)
    return _task(
        model, tokens, {"predictions": predictions, "metadata": {"billableCharacterCount": sum(map(len, texts))}}
    )


def count_task(order: Order, model: str) -> Task:
    """countTokens, of contents or of a whole request."""
    body = dict(read_object(order.incoming.body))
    asked = mapping(body.get("generateContentRequest") or body)
    tokens = prompt_length(read_ask(asked, model, stream=False))
    details = [{"modality": "TEXT", "tokenCount": tokens}]
    return _task(model, 0, {"totalTokens": tokens, "promptTokensDetails": details})


def picture_task(order: Order, model: str) -> Task:
    """generateContent of a model that draws."""
    body = read_object(order.incoming.body)
    ask = read_ask(body, model, stream=False)
    tokens = prompt_length(ask)
    config = mapping(body.get("generationConfig"))
    ratio = str(mapping(config.get("imageConfig")).get("aspectRatio") or "1:1")
    if ratio not in _SIDES:
        raise invalid(f"Invalid value at 'generation_config.image_config.aspect_ratio', {ratio[:16]!r}")
    is_silent = config.get("responseModalities") == ["IMAGE"]

    def reply(making: Making) -> Reply | Streamed:
        if making.is_blocked:
            return _answer(order, making, [], "IMAGE_SAFETY", tokens, {})
        width, height = _SIDES[ratio]
        content = base64.b64encode(paint("png", width, height, making.rng)).decode()
        picture: Json = {"inlineData": {"mimeType": "image/png", "data": content}}
        parts = [picture] if is_silent else [{"text": "Here is your picture."}, picture]
        return _answer(order, making, parts, "STOP", tokens, {"IMAGE": _PICTURE_TOKENS})

    return Task(model, tokens, reply)


def speech_task(order: Order, model: str) -> Task:
    """generateContent of a model that speaks."""
    body: Fields = read_object(order.incoming.body)
    config = mapping(body.get("generationConfig"))
    if config.get("responseModalities") != ["AUDIO"]:
        raise invalid("The requested combination of response modalities (TEXT) is not supported by the model.")
    text = text_of(objects(body.get("contents"), "contents"))
    tokens = count_tokens(text)

    def reply(making: Making) -> Reply | Streamed:
        if making.is_blocked:
            return _answer(order, making, [], "OTHER", tokens, {})
        seconds = min(max(tokens / _SPOKEN_TOKENS_PER_S, 0.2), 30.0)
        content = base64.b64encode(speak("pcm", seconds)).decode()
        sound: Json = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": content}}
        return _answer(order, making, [sound], "STOP", tokens, {"AUDIO": math.ceil(seconds * _SOUND_TOKENS_PER_S)})

    return Task(model, tokens, reply)


def _answer(
    order: Order, making: Making, parts: list[Json], finish: str, given: int, made: dict[str, int]
) -> Reply | Streamed:
    content: Json = {"content": {"parts": parts, "role": "model"}} if parts else {}
    counts: Json = {"promptTokenCount": given, "totalTokenCount": given + sum(made.values())}
    if made:
        counts["candidatesTokenCount"] = sum(made.values())
        counts["candidatesTokensDetails"] = [{"modality": kind, "tokenCount": count} for kind, count in made.items()]
    told = {
        "candidates": [{**content, "finishReason": finish, "index": 0}],
        "usageMetadata": counts,
        "modelVersion": making.model,
        "responseId": making.id[:22],
    }
    if order.route.stream:
        return Streamed(SSE_TYPE, iter([Event(sse(told), "content", sum(made.values()))]))
    return Reply(200, msgspec.json.encode(told))


def _task(model: str, tokens: int, told: Json) -> Task:
    def reply(making: Making) -> Reply:
        return Reply(200, msgspec.json.encode(told))

    return Task(model, tokens, reply)


def _dimensions(wanted: Any, model: str) -> int:
    native = embedding_dimensions(model)
    if wanted is None:
        return native
    if not isinstance(wanted, int) or not 1 <= wanted <= native:
        raise invalid(f"* EmbedContentRequest.output_dimensionality: must be between 1 and {native}.\n")
    return wanted
