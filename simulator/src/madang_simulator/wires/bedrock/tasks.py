"""What InvokeModel does without a conversation: Titan's and Cohere's embeddings; Nova's, Titan's and Stability's images;
Amazon's and Cohere's rankings.

Shapes: AWS's "Amazon Bedrock user guide", "Inference parameters and responses for foundation models", and "Amazon Nova
user guide", "Request and response structure for image generation".
"""

import base64
import math
from typing import Any

import msgspec

from madang_simulator.embeddings import embed
from madang_simulator.painted import PictureFormat, paint
from madang_simulator.ranking import rank
from madang_simulator.refusals import Refusal
from madang_simulator.tokens import count_tokens
from madang_simulator.wires.bedrock.refusals import invalid
from madang_simulator.wires.bedrock.requests import mapping, read_body
from madang_simulator.wires.openai_fields import Fields
from madang_simulator.wires.wire import Making, Order, Reply, Task

_TITAN_SIZES = (256, 512, 1024)
_COHERE_SIZES = (256, 512, 1024, 1536)
_MOST_TEXTS = 96
_MOST_TOKENS = 8192
_MOST_PICTURES = 5
_PIXELS = 1_048_576


def invoke_task(order: Order) -> Task:
    """The task that the model in the path is for."""
    model = order.route.model or ""
    fields = read_body(order.incoming.body)
    if "rerank" in model:
        return _ranking(model, fields)
    if "cohere.embed" in model:
        return _cohere(model, fields)
    if "titan-embed" in model:
        return _titan(model, fields)
    if "stability." in model:
        return _stability(model, fields)
    if "nova-canvas" in model or "titan-image" in model:
        return _amazon_picture(model, fields)
    raise invalid(f"The simulator does not invoke {model}; it converses with any model.")


def _titan(model: str, fields: Fields) -> Task:
    text = _text(fields, "inputText")
    size = (
        mapping(fields, "embeddingConfig").get("outputEmbeddingLength", 1024)
        if "titan-embed-image" in model
        else fields.get("dimensions", 1024 if "v1" not in model else 1536)
    )
    if size not in _TITAN_SIZES and "v1" not in model:
        raise invalid(f"Malformed input request: #/dimensions: {size} is not a valid enum value.")
    tokens = _counted(text)

    def reply(making: Making) -> Reply:
        vector = list(embed(text, size))
        body = {"embedding": vector, "inputTextTokenCount": tokens}
        if "v2" in model:
            body["embeddingsByType"] = {"float": vector}
        return _invoked(body, tokens)

    return Task(model, tokens, reply)


def _cohere(model: str, fields: Fields) -> Task:
    texts = fields.get("texts")
    if not isinstance(texts, list) or not texts or len(texts) > _MOST_TEXTS:
        raise invalid(f"Malformed input request: #/texts: expected 1 to {_MOST_TEXTS} items.")
    if fields.get("input_type") not in ("search_document", "search_query", "classification", "clustering"):
        raise invalid("Malformed input request: #: required key [input_type] not found.")
    size = fields.get("output_dimension") or (1536 if "v4" in model else 1024)
    if size not in _COHERE_SIZES:
        raise invalid(f"Malformed input request: #/output_dimension: {size} is not a valid enum value.")
    tokens = sum(_counted(str(text)) for text in texts)

    def reply(making: Making) -> Reply:
        vectors = [list(embed(str(text), size)) for text in texts]
        body: dict[str, Any] = {
            "id": making.id,
            "texts": texts,
            "embeddings": vectors,
            "response_type": "embeddings_floats",
        }
        if fields.get("embedding_types"):
            body |= {"embeddings": {"float": vectors}, "response_type": "embeddings_by_type"}
        return _invoked(body, tokens)

    return Task(model, tokens, reply)


def _ranking(model: str, fields: Fields) -> Task:
    query, documents = _text(fields, "query"), fields.get("documents")
    if not isinstance(documents, list) or not documents or not all(isinstance(each, str) for each in documents):
        raise invalid("Malformed input request: #/documents: expected a list of strings.")
    if "cohere" in model and fields.get("api_version") is None:
        raise invalid("Malformed input request: #: required key [api_version] not found.")
    top_n = fields.get("top_n")
    if top_n is not None and (type(top_n) is not int or top_n < 1):
        raise invalid("Malformed input request: #/top_n: expected an integer of at least 1.")
    tokens = sum(_counted(text) for text in (query, *documents))

    def reply(making: Making) -> Reply:
        ranked = rank(query, documents)[:top_n]
        return _invoked({"results": [{"index": each.place, "relevance_score": each.score} for each in ranked]}, 0)

    return Task(model, tokens, reply)


def _amazon_picture(model: str, fields: Fields) -> Task:
    if fields.get("taskType") != "TEXT_IMAGE":
        raise invalid("The simulator draws for taskType TEXT_IMAGE only.")
    prompt = _text(mapping(fields, "textToImageParams"), "text")
    config = mapping(fields, "imageGenerationConfig")
    count = config.get("numberOfImages", 1)
    width, height = config.get("width", 1024), config.get("height", 1024)
    if not all(type(each) is int for each in (count, width, height)):
        raise invalid("Malformed input request: #/imageGenerationConfig: expected integers.")
    if not 1 <= count <= _MOST_PICTURES or not (320 <= width <= 4096 and 320 <= height <= 4096):
        raise invalid("Malformed input request: #/imageGenerationConfig: a value is out of its range.")

    def reply(making: Making) -> Reply:
        if making.is_blocked:
            raise Refusal(kind="content_filter")
        return _invoked({"images": [_picture("png", width, height, making) for _ in range(count)]}, 0)

    return Task(model, count_tokens(prompt), reply)


def _stability(model: str, fields: Fields) -> Task:
    prompt = _text(fields, "prompt")
    form = fields.get("output_format", "png")
    if form not in ("png", "jpeg", "webp"):
        raise invalid("Malformed input request: #/output_format: not a valid enum value.")
    wide, _, high = str(fields.get("aspect_ratio", "1:1")).partition(":")
    if not (wide.isdigit() and high.isdigit() and int(wide) and int(high)):
        raise invalid("Malformed input request: #/aspect_ratio: not a valid enum value.")
    width = round(math.sqrt(_PIXELS * int(wide) / int(high)) / 64) * 64

    def reply(making: Making) -> Reply:
        if making.is_blocked:
            return _invoked({"finish_reasons": ["Filter reason: prompt"]}, 0)
        picture = _picture(form, width, round(width * int(high) / int(wide) / 64) * 64, making)
        seeds = [making.rng.getrandbits(32)]
        return _invoked({"seeds": seeds, "finish_reasons": [None], "images": [picture]}, 0)

    return Task(model, count_tokens(prompt), reply)


def _picture(form: PictureFormat, width: int, height: int, making: Making) -> str:
    return base64.b64encode(paint(form, width, height, making.rng)).decode()


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"Malformed input request: #: required key [{name}] not found, please reformat your input.")
    return value


def _counted(text: str) -> int:
    tokens = count_tokens(text)
    if tokens > _MOST_TOKENS:
        message = f"400 Bad Request: Too many input tokens. Max input tokens: {_MOST_TOKENS}, request's: {tokens}"
        raise invalid(message)
    return tokens


def _invoked(body: dict[str, Any], tokens: int) -> Reply:
    headers = {"x-amzn-bedrock-invocation-latency": "100"}
    if tokens:
        headers["x-amzn-bedrock-input-token-count"] = str(tokens)
    return Reply(200, msgspec.json.encode(body), headers)
