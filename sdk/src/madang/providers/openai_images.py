"""OpenAI's images, made and edited: what answers and stream events mean, as pure functions of bytes.

Source: OpenAI's API reference, "Images" and "Image streaming"; the types are those of the official client's
`ImagesResponse`, `ImageGenStreamEvent` and `ImageEditStreamEvent`.
"""

from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Finished, Media, Part
from madang.calls.usage import Usage
from madang.providers.openai_wire import bad_reply, failure_in


class _Details(msgspec.Struct):
    image_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _Details | None = None
    output_tokens_details: _Details | None = None


class _Image(msgspec.Struct):
    b64_json: str | None = None


class _Answer(msgspec.Struct):
    data: list[_Image] | None = None
    output_format: str | None = None
    usage: _Usage | None = None
    error: Any = None


class _StreamEvent(msgspec.Struct):
    type: str = ""
    b64_json: str | None = None
    output_format: str | None = None
    usage: _Usage | None = None
    error: Any = None


_answer_decoder = msgspec.json.Decoder(_Answer)
_event_decoder = msgspec.json.Decoder(_StreamEvent)


def decode_images(raw: bytes) -> Event:
    """The one event of an answer that is not streamed. Raises CallFailed(bad_reply) when it is not JSON."""
    try:
        answer = _answer_decoder.decode(raw)
    except msgspec.ValidationError:
        return Event(raw)  # an unfamiliar shape goes through untouched; its usage stays unknown
    except msgspec.DecodeError:
        raise bad_reply("a body that is not JSON") from None
    images = answer.data or []
    if answer.error is not None and not images:
        raise failure_in(answer.error)
    parts: list[Part] = [_picture(image.b64_json, answer.output_format) for image in images if image.b64_json]
    return Event(raw, (*parts, Consumed(_usage_of(answer.usage, images=len(images))), Finished("stop")))


class ImageMeaning:
    """What the events of one stream of images mean. See typed_events.Meaning."""

    __slots__ = ("_images", "is_complete", "is_done")

    def __init__(self) -> None:
        self._images = 0
        self.is_complete = False
        self.is_done = False  # another image may follow one that is complete

    def take(self, payload: bytes) -> tuple[Part, ...]:
        try:
            event = _event_decoder.decode(payload)
        except msgspec.ValidationError:
            return ()
        except msgspec.DecodeError:
            raise bad_reply("a stream event that is not JSON") from None
        if event.error is not None or event.type == "error":
            raise failure_in(event.error or msgspec.json.decode(payload))
        parts: list[Part] = [_picture(event.b64_json, event.output_format)] if event.b64_json else []
        if event.type.endswith(".completed"):
            self.is_complete = True
            self._images += 1
            parts += [Consumed(_usage_of(event.usage, images=self._images)), Finished("stop")]
        return tuple(parts)


def _picture(base64: str, output_format: str | None) -> Media:
    return Media(f"image/{output_format or 'png'}", len(base64) * 3 // 4 - base64[-2:].count("="))


def _usage_of(usage: _Usage | None, *, images: int) -> Usage:
    """Where the output's tokens are not told apart, they are the image's."""
    if usage is None:
        return Usage(images=images)
    given = usage.input_tokens_details.image_tokens if usage.input_tokens_details else None
    drawn = usage.output_tokens_details.image_tokens if usage.output_tokens_details else usage.output_tokens
    return Usage(
        usage.input_tokens,
        usage.output_tokens,
        image_input_tokens=given,
        image_output_tokens=drawn,
        images=images,
    )
