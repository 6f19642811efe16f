"""Images over InvokeModel: Amazon's Nova Canvas and Titan Image Generator, and Stability's models.

Source: AWS's "Amazon Nova user guide", "Request and response structure for image generation"; "Amazon Bedrock user guide",
"Amazon Titan Image Generator G1 models" and "Stability.ai models".

    prompt, n                    textToImageParams.text, numberOfImages · prompt (Stability makes one image at a time)
    size                         width and height · the nearest aspect_ratio
    quality                      standard, or premium for high and hd · not known to Stability
    output_format                not known to Amazon's models, which give PNG · output_format
    response_format url, stream  refused: pictures come as data, in one piece
    everything that is not OpenAI's passes: seed, negativeText in textToImageParams, taskType, negative_prompt, …
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Finished, Media
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.bedrock.failures import failure_in
from madang.providers.openai_fields import IMAGE_FIELDS, refused, vendor_fields
from madang.providers.openai_wire import bad_reply, without_keys

_SIZE = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})")
_RATIOS = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
_QUALITIES = {"standard": "standard", "low": "standard", "medium": "standard", "high": "premium", "hd": "premium"}
_FILTERED = re.compile(r"filter|blocked|polic|moderat", re.IGNORECASE)

_encode = msgspec.json.Encoder().encode


class _Given(msgspec.Struct):
    images: list[str] | None = None
    error: str | None = None
    finish_reasons: list[str | None] | None = None


_decoder = msgspec.json.Decoder(_Given)


def encode_prompt(given: Mapping[str, Any], model: str) -> bytes:
    """The body. Raises CallFailed for what Bedrock's image models cannot be asked."""
    if given.get("response_format") == "url":
        raise refused(
            "Bedrock's image models give data, not URLs; ask with response_format 'b64_json'.", "response_format"
        )
    if given.get("stream"):
        raise refused("Bedrock's image models do not stream; ask without stream.", "stream")
    prompt = given.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise refused("prompt must be a text that says what to draw.", "prompt")
    more = vendor_fields(given, IMAGE_FIELDS)
    if "stability." in model:
        return _encode({**_for_stability(given, prompt), **more})
    made = _for_amazon(given, prompt)
    for name, value in more.items():  # the caller's word counts, field by field
        known = made.get(name)
        made[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return _encode(made)


def decode_images(raw: bytes, form: str, created: int) -> Event:
    """The one event of an answer, in OpenAI's shape. Raises CallFailed when it is none, or was blocked."""
    try:
        given = _decoder.decode(raw)
    except msgspec.DecodeError:
        raise bad_reply("images that are not the model's JSON") from None
    images = given.images or []
    if not images:
        raise failure_in(raw) or _no_image(given)
    body = {"created": created, "data": [{"b64_json": image} for image in images], "output_format": form}
    pictures = tuple(Media(f"image/{form}", len(image) * 3 // 4 - image[-2:].count("=")) for image in images)
    return Event(_encode(body), (*pictures, Consumed(Usage(images=len(images))), Finished("stop")))


def _for_amazon(given: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    config: dict[str, Any] = {"numberOfImages": given.get("n") or 1}
    size = _size(given)
    if size:
        config["width"], config["height"] = size
    quality = _QUALITIES.get(str(given.get("quality")))
    if quality:
        config["quality"] = quality
    return {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": prompt}, "imageGenerationConfig": config}


def _for_stability(given: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    if given.get("n") not in (None, 1):
        raise refused("Stability's models draw one image at a time; ask with n = 1.", "n")
    made: dict[str, Any] = {"prompt": prompt}
    size = _size(given)
    if size:
        wanted = math.log(size[0] / size[1])
        made["aspect_ratio"] = min(_RATIOS, key=lambda ratio: abs(wanted - _log_of(ratio)))
    if given.get("output_format"):
        made["output_format"] = given["output_format"]
    return made


def _log_of(ratio: str) -> float:
    width, _, height = ratio.partition(":")
    return math.log(int(width) / int(height))


def _size(given: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height in pixels; None where the model shall choose."""
    size = given.get("size")
    if size in (None, "auto"):
        return None
    found = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if found is None:
        raise refused(f"size is {size!r}; it must be such as '1024x1024', or 'auto'.", "size")
    return int(found[1]), int(found[2])


def _no_image(given: _Given) -> CallFailed:
    words = given.error or next((reason for reason in given.finish_reasons or () if reason), "")
    if not words:
        return bad_reply("an answer without an image")
    if _FILTERED.search(words):
        return CallFailed(
            f"Bedrock's image model refused to draw this: {without_keys(words)}",
            reason="content_filter",
            status=400,
            code="content_filter",
        )
    return CallFailed(without_keys(words), reason="server_error", status=502, code="image_failed")
