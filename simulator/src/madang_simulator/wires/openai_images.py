"""OpenAI's images/generations and images/edits. Shapes as in the openai client's ImagesResponse and ImageGenStreamEvent.

Output tokens by quality and size are those of OpenAI's image generation guide for gpt-image-1, which bills by them.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, cast, get_args

import msgspec

from madang_simulator.painted import PictureFormat, paint
from madang_simulator.pictures import picture_tokens
from madang_simulator.refusals import Refusal
from madang_simulator.tokens import count_tokens
from madang_simulator.wires import openai_fields as read
from madang_simulator.wires.multipart import Form, read_form
from madang_simulator.wires.openai_fields import Fields, missing, read_object, wrong_value
from madang_simulator.wires.sse import SSE_TYPE, named_sse
from madang_simulator.wires.wire import Event, Making, Order, Reply, Streamed, Task

Json = dict[str, Any]

_DEFAULT_MODEL = "gpt-image-1"
_QUALITIES = ("low", "medium", "high", "auto", "standard", "hd")
_TOKENS = {"low": (272, 408, 400), "medium": (1056, 1584, 1568), "high": (4160, 6240, 6208)}
_DALL_E_LIFE = "https://pictures.invalid"  # a name that never resolves (RFC 2606)
_MOST_PICTURES = 10


@dataclass(frozen=True, kw_only=True)
class _ImageAsk:
    model: str
    prompt: str
    pictures: int
    size: tuple[int, int]
    quality: str
    form: PictureFormat
    background: str
    wants_url: bool
    partial_images: int
    stream: bool
    text_tokens: int
    image_tokens: int

    @property
    def output_tokens(self) -> int:
        width, height = self.size
        return _TOKENS[self.quality][0 if width == height else 1 if height > width else 2]

    @property
    def described(self) -> Json:
        width, height = self.size
        return {
            "background": self.background,
            "output_format": self.form,
            "quality": self.quality,
            "size": f"{width}x{height}",
        }


def generation_task(order: Order, extras: Json | None = None) -> Task:
    """A request for pictures; `extras` stand beside every picture of the reply."""
    fields = read_object(order.incoming.body)
    ask = _read(fields, order.route.model, image_tokens=0)
    return Task(ask.model, ask.text_tokens, lambda making: _reply("image_generation", ask, making, extras or {}))


def edit_task(order: Order, extras: Json | None = None) -> Task:
    """A request to change pictures, which come as files of a form."""
    form = read_form(order.incoming.headers.get("content-type", ""), order.incoming.body)
    files = form.files.get("image", [])
    if not files:
        raise missing("image")
    tokens = sum(_picture_tokens(file.content) for file in (*files, *form.files.get("mask", [])))
    ask = _read(_typed(form), order.route.model, image_tokens=tokens)
    input_tokens = ask.text_tokens + ask.image_tokens
    return Task(ask.model, input_tokens, lambda making: _reply("image_edit", ask, making, extras or {}))


def _typed(form: Form) -> Fields:
    """A form's texts as JSON values: numbers and truth values are texts there."""
    fields: dict[str, Any] = {name: texts[0] for name, texts in form.texts.items() if texts}
    for name in ("n", "partial_images"):
        value = str(fields.get(name, ""))
        if value.isascii() and value.isdigit():
            fields[name] = int(value)
    if fields.get("stream") in ("true", "false"):
        fields["stream"] = fields["stream"] == "true"
    return fields


def _picture_tokens(content: bytes) -> int:
    """OpenAI's guide: gpt-image-1 reads a picture for 65 tokens, and 129 for every tile."""
    url = "data:image/png;base64," + base64.b64encode(content[:65_536]).decode()
    return picture_tokens(url, "high", base=65, per_tile=129)


def _read(fields: Fields, model: str | None, *, image_tokens: int) -> _ImageAsk:
    prompt = read.text(fields, "prompt")
    if not prompt:
        raise missing("prompt")
    model = model or read.text(fields, "model") or _DEFAULT_MODEL
    form = read.text(fields, "output_format") or "png"
    if form not in get_args(PictureFormat):
        raise wrong_value("output_format", form, get_args(PictureFormat))
    is_dall_e = model.startswith("dall-e")
    answer_as = read.text(fields, "response_format")
    if answer_as is not None and not is_dall_e and not _is_opaque(model):
        message = "Unknown parameter: 'response_format'."
        raise Refusal(kind="invalid_request", message=message, param="response_format", code="unknown_parameter")
    if answer_as not in (None, "url", "b64_json"):
        raise wrong_value("response_format", str(answer_as), ("url", "b64_json"))
    background = read.text(fields, "background") or "auto"
    return _ImageAsk(
        model=model,
        prompt=prompt,
        pictures=read.whole(fields, "n", 1, _MOST_PICTURES) or 1,
        size=_size(read.text(fields, "size") or "auto"),
        quality=_quality(read.text(fields, "quality") or "auto"),
        form=cast(PictureFormat, form),
        background="transparent" if background == "transparent" else "opaque",
        wants_url=is_dall_e and answer_as != "b64_json",
        partial_images=read.whole(fields, "partial_images", 0, 3) or 0,
        stream=read.flag(fields, "stream") or False,
        text_tokens=count_tokens(prompt),
        image_tokens=image_tokens,
    )


def _is_opaque(model: str) -> bool:
    """Whether a name says nothing about the model, as Azure's deployments may."""
    return not model.startswith(("gpt-image", "chatgpt-image"))


def _size(size: str) -> tuple[int, int]:
    if size == "auto":
        return 1024, 1024
    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit() and 16 <= int(width) <= 4096 and 16 <= int(height) <= 4096):
        raise wrong_value("size", size, ("1024x1024", "1024x1536", "1536x1024", "auto"))
    return int(width), int(height)


def _quality(quality: str) -> str:
    if quality not in _QUALITIES:
        raise wrong_value("quality", quality, _QUALITIES)
    return {"auto": "high", "standard": "medium", "hd": "high"}.get(quality, quality)


def _reply(kind: str, ask: _ImageAsk, making: Making, extras: Json) -> Reply | Streamed:
    if making.is_blocked:
        message = "Your request was rejected by the safety system. safety_violations=[violence]."
        raise Refusal(kind="content_filter", message=message, code="moderation_blocked")
    if ask.stream:
        return Streamed(SSE_TYPE, _events(kind, ask, making))
    is_dall_e = ask.model.startswith("dall-e")
    pictures = [{**_picture(ask, making, number), **extras} for number in range(ask.pictures)]
    reply: Json = {"created": making.created, "data": pictures}
    if not is_dall_e:
        reply |= {**ask.described, "usage": _usage(ask, ask.pictures)}
    return Reply(200, msgspec.json.encode(reply))


def _picture(ask: _ImageAsk, making: Making, number: int) -> Json:
    if ask.wants_url:
        return {"url": f"{_DALL_E_LIFE}/{making.id}-{number}.png", "revised_prompt": ask.prompt}
    picture: Json = {"b64_json": _painted(ask, making.rng)}
    return {**picture, "revised_prompt": ask.prompt} if ask.model.startswith("dall-e") else picture


def _painted(ask: _ImageAsk, rng: Random) -> str:
    return base64.b64encode(paint(ask.form, *ask.size, rng)).decode()


def _usage(ask: _ImageAsk, pictures: int) -> Json:
    written = ask.output_tokens * pictures
    read_tokens = ask.text_tokens + ask.image_tokens
    return {
        "input_tokens": read_tokens,
        "input_tokens_details": {"text_tokens": ask.text_tokens, "image_tokens": ask.image_tokens},
        "output_tokens": written,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": written},
        "total_tokens": read_tokens + written,
    }


def _events(kind: str, ask: _ImageAsk, making: Making) -> Iterator[Event]:
    """Partial pictures, then the whole one; without [DONE]."""
    head = {"created_at": making.created, **ask.described}
    for index in range(ask.partial_images):
        name = f"{kind}.partial_image"
        fields = {"type": name, **head, "partial_image_index": index, "b64_json": _painted(ask, making.rng)}
        yield Event(named_sse(name, fields), "content", ask.output_tokens // (ask.partial_images + 1))
    name = f"{kind}.completed"
    fields = {"type": name, **head, "b64_json": _painted(ask, making.rng), "usage": _usage(ask, 1)}
    yield Event(named_sse(name, fields), "closing")
