"""Pictures: OpenAI's image request as generateContent of Gemini's image models, and the answer back.

Source: Google's Gemini API reference, "Image generation"; the google-genai client's type `ImageConfig`. Imagen is not
asked: Google has announced its end and points to these models.
"""

from collections.abc import Mapping
from math import gcd
from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Extra, Part
from madang.calls.request import Request
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.gemini.chat_answer import created_s, meaning_for
from madang.providers.gemini.chat_request import joined
from madang.providers.openai_fields import IMAGE_FIELDS, refused, vendor_fields

_encode = msgspec.json.Encoder().encode
Json = dict[str, Any]
# DALL·E's sizes, which are only nearly 16:9.
_RATIOS = {"1792x1024": "16:9", "1024x1792": "9:16"}


def image_body(request: Request) -> bytes:
    """The body of generateContent. Raises CallFailed(invalid_request) for what these models cannot do."""
    body = request.body
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise refused("A prompt is needed to make a picture.", "prompt")
    if body.get("n") not in (None, 1):
        raise refused("Gemini makes one picture per request.", "n")
    if body.get("response_format") == "url":
        raise refused("Gemini gives pictures as b64_json, not by URL.", "response_format")
    if body.get("stream"):
        raise refused("Gemini's pictures do not come in pieces.", "stream")
    config: Json = {"responseModalities": ["IMAGE"]}
    ratio = _ratio(body.get("size"))
    if ratio:
        config["imageConfig"] = {"aspectRatio": ratio}
    told: Json = {"contents": [{"role": "user", "parts": [{"text": prompt}]}], "generationConfig": config}
    return _encode(joined(told, vendor_fields(body, IMAGE_FIELDS)))


def image_list(request: Request, raw: bytes, *, vendor: str) -> Event:
    """OpenAI's list of pictures. Raises CallFailed: a block, or an answer in words alone."""
    meaning = meaning_for(request, vendor)
    parts = meaning.parts_of(raw)
    parts += meaning.ending()
    pictures = [_picture(one) for one in _drawn(parts)]
    if not pictures:
        raise CallFailed(
            f"{vendor} answered without a picture.", reason="bad_reply", status=502, code="no_image", param="prompt"
        )
    told = next((part.usage for part in reversed(parts) if isinstance(part, Consumed)), Usage())
    usage = msgspec.structs.replace(told, images=len(pictures))
    given, made = usage.input_tokens or 0, usage.output_tokens or 0
    counts = {"input_tokens": given, "output_tokens": made, "total_tokens": given + made}
    return Event(
        _encode({"created": created_s(request), "data": pictures, "usage": counts}),
        (Consumed(usage),),
    )


def _drawn(parts: list[Part]) -> list[Mapping[str, Any]]:
    return [one for part in parts if isinstance(part, Extra) for one in part.fields.get("images", ())]


def _picture(told: Mapping[str, Any]) -> Json:
    return {"b64_json": told["image_url"]["url"].partition(",")[2]}


def _ratio(size: Any) -> str:
    """Gemini's aspect ratio for OpenAI's "1536x1024" or for "3:2" itself; empty to leave it to the model."""
    if size in (None, "auto"):
        return ""
    text = str(size)
    if text in _RATIOS:
        return _RATIOS[text]
    if text.replace(":", "").isdigit() and ":" in text:
        return text
    width, _, height = text.partition("x")
    if not width.isdigit() or not height.isdigit() or not int(width) or not int(height):
        raise refused("A size is written as 1024x1024, or as a ratio such as 16:9.", "size")
    common = gcd(int(width), int(height))
    return f"{int(width) // common}:{int(height) // common}"
