"""Speech: OpenAI's request as generateContent of Gemini's speaking models, and their sound as a WAV file.

Source: Google's Gemini API reference, "Speech generation". The models give 16-bit PCM of one channel; other formats would
need an encoder, so they are refused when asked for by name, and WAV is given where nothing is.
"""

import base64
import re
import struct
from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Extra
from madang.calls.request import Request
from madang.calls.usage import Usage
from madang.providers.gemini.chat_answer import meaning_for
from madang.providers.gemini.chat_request import joined, speech_config
from madang.providers.openai_fields import SPEECH_FIELDS, refused, vendor_fields
from madang.providers.openai_wire import bad_reply

_encode = msgspec.json.Encoder().encode
Json = dict[str, Any]
_RATE_HZ = 24_000
_BYTES_PER_SAMPLE = 2
# OpenAI's voices by the Gemini voice that is nearest in kind, so that a request survives the change of the vendor.
_VOICES = {
    "alloy": "Kore",
    "ash": "Orus",
    "ballad": "Enceladus",
    "coral": "Aoede",
    "echo": "Charon",
    "fable": "Puck",
    "nova": "Leda",
    "onyx": "Algenib",
    "sage": "Sulafat",
    "shimmer": "Zephyr",
    "verse": "Fenrir",
}


def speech_body(request: Request) -> bytes:
    """The body of generateContent. Instructions stand before the text, as Google has style told in words."""
    body = request.body
    text = body.get("input")
    if not isinstance(text, str) or not text:
        raise refused("A text to speak is needed.", "input")
    if body.get("response_format") not in (None, "wav", "pcm"):
        raise refused("Gemini speaks in wav or pcm.", "response_format")
    if body.get("stream_format") == "sse":
        raise refused("Gemini's speech does not come as events.", "stream_format")
    if body.get("speed") not in (None, 1):
        raise refused("Gemini has no speed; say it in the instructions.", "speed")
    told = f"{body['instructions']}: {text}" if body.get("instructions") else text
    voice = body.get("voice")
    named = str(voice.get("id") if isinstance(voice, dict) else voice or "alloy")
    config = {"responseModalities": ["AUDIO"], "speechConfig": speech_config(_VOICES.get(named, named))}
    asked: Json = {"contents": [{"role": "user", "parts": [{"text": told}]}], "generationConfig": config}
    return _encode(joined(asked, vendor_fields(body, SPEECH_FIELDS)))


def content_type(request: Request) -> str:
    return "audio/pcm" if request.body.get("response_format") == "pcm" else "audio/wav"


def sound(request: Request, raw: bytes, *, vendor: str) -> Event:
    """The sound as a file of the asked format. Raises CallFailed: a block, or an answer without sound."""
    meaning = meaning_for(request, vendor)
    parts = meaning.parts_of(raw)
    parts += meaning.ending()
    told = [one for part in parts if isinstance(part, Extra) for one in part.fields.get("google_parts", ())]
    spoken = [one["inlineData"] for one in told if isinstance(one.get("inlineData"), dict)]
    if not spoken:
        raise bad_reply("an answer without sound")
    try:
        samples = b"".join(base64.b64decode(str(one.get("data", "")), validate=True) for one in spoken)
    except ValueError:
        raise bad_reply("sound that is not base64") from None
    rate = _rate(str(spoken[0].get("mimeType", "")))
    usage = next((part.usage for part in reversed(parts) if isinstance(part, Consumed)), Usage())
    usage = msgspec.structs.replace(
        usage,
        audio_seconds=len(samples) / (rate * _BYTES_PER_SAMPLE),
        characters=len(str(request.body.get("input", ""))),
    )
    file = samples if request.body.get("response_format") == "pcm" else _wav_head(len(samples), rate) + samples
    return Event(file, (Consumed(usage),))


def _rate(mime_type: str) -> int:
    """Samples per second, as in "audio/L16;codec=pcm;rate=24000"."""
    found = re.search(r"rate=(\d+)", mime_type)
    return int(found.group(1)) if found else _RATE_HZ


def _wav_head(size: int, rate: int) -> bytes:
    """RIFF header of 16-bit PCM with one channel (Microsoft, "Multimedia Programming Interface and Data Specifications")."""
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * _BYTES_PER_SAMPLE, _BYTES_PER_SAMPLE, 8 * _BYTES_PER_SAMPLE)
    return b"".join(
        (
            b"RIFF",
            struct.pack("<I", 36 + size),
            b"WAVEfmt ",
            struct.pack("<I", 16),
            form,
            b"data",
            struct.pack("<I", size),
        )
    )
