"""Sound files: how long a sent one lasts, and what a simulated voice says (a tone).

WAV and raw PCM are real. MP3 is frames of silence. Opus, AAC and FLAC begin as such files do and hold nothing more: enough to
pass on and to store, not to play.
"""

import array
import math
import struct
import sys
from typing import Literal

SoundFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
SOUND_TYPES: dict[SoundFormat, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_RATE = 24_000
_PERIOD = 120
_LOUDNESS = 3_000
# What compressed speech takes when nothing better is known: 64 kbit/s.
_BYTES_PER_S = 8_000
# MPEG-1 layer III, 64 kbit/s, 44.1 kHz, mono: 208 bytes and 1,152 samples a frame.
_MP3_FRAME = b"\xff\xfb\x50\xc4" + b"\x00" * 204
_MP3_FRAME_S = 1152 / 44_100
_BEGINNINGS: dict[str, bytes] = {
    "opus": b"OggS\x00\x02" + b"\x00" * 20 + b"\x01\x13OpusHead\x01\x01\x38\x01\xc0\x5d\x00\x00\x00\x00\x00",
    "aac": b"\xff\xf1\x58\x40\x01\x7f\xfc",
    "flac": b"fLaC\x80\x00\x00\x22\x10\x00\x10\x00" + b"\x00" * 6 + b"\x05\xdc\x00\xf0" + b"\x00" * 20,
}


def speak(form: SoundFormat, seconds: float) -> bytes:
    """A sound of that length in that format."""
    if form == "mp3":
        return _MP3_FRAME * max(1, round(seconds / _MP3_FRAME_S))
    if form not in ("wav", "pcm"):
        return _BEGINNINGS[form] + b"\x00" * round(seconds * _BYTES_PER_S)
    samples = _tone(round(seconds * _RATE))
    if form == "pcm":
        return samples
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, _RATE * 2, 2, 16)
    chunks = b"WAVE" + head + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def seconds_of(content: bytes) -> float:
    """How long a sound lasts: from a WAV's own header, else as if it were compressed speech of 64 kbit/s."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        at = 12
        bytes_per_s = 0
        while at + 8 <= len(content):
            kind, size = struct.unpack_from("<4sI", content, at)
            if kind == b"fmt " and at + 24 <= len(content):
                bytes_per_s = struct.unpack_from("<I", content, at + 16)[0]
            if kind == b"data":
                return min(size, len(content) - at - 8) / bytes_per_s if bytes_per_s else 0.0
            at += 8 + size + size % 2
    return len(content) / _BYTES_PER_S


def _tone(samples: int) -> bytes:
    period = array.array("h", (round(_LOUDNESS * math.sin(2 * math.pi * at / _PERIOD)) for at in range(_PERIOD)))
    if sys.byteorder == "big":
        period.byteswap()
    return (period.tobytes() * (samples // _PERIOD + 1))[: samples * 2]
