"""What a picture in a prompt costs, from its size, as the vendors' high-detail tile rule has it.

Reads the size from the picture's own header (PNG, JPEG, GIF, WebP in a data URL). Pictures on the web are never
fetched: they count as 1024 x 1024.
"""

import base64
import binascii
import math
import struct
from typing import NamedTuple


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


ASSUMED = Size(1024, 1024)
_TILE = 512
_LONG_SIDE = 2048
_SHORT_SIDE = 768


def picture_tokens(url: str, detail: str, *, base: int = 85, per_tile: int = 170) -> int:
    """Tokens of one picture; `detail` "low" is always `base`, else every 512-pixel tile adds `per_tile`."""
    if detail == "low":
        return base
    width, height = picture_size(url)
    shrink = min(1.0, _LONG_SIDE / max(width, height))
    width_px, height_px = width * shrink, height * shrink
    shrink = min(1.0, _SHORT_SIDE / min(width_px, height_px))
    tiles = math.ceil(width_px * shrink / _TILE) * math.ceil(height_px * shrink / _TILE)
    return base + per_tile * tiles


def picture_size(url: str) -> Size:
    """Size of the picture in a data URL; `ASSUMED` for a web address or a header that cannot be read."""
    header, comma, encoded = url.partition(",")
    if not comma or not header.startswith("data:") or ";base64" not in header:
        return ASSUMED
    try:
        # The size stands in the first bytes; only a JPEG with a large preview needs more than this.
        content = base64.b64decode(encoded[:262_144], validate=False)
        size = _size_in(content)
    except (binascii.Error, struct.error, IndexError):
        return ASSUMED
    return size if size is not None and size.width > 0 and size.height > 0 else ASSUMED


def _size_in(content: bytes) -> Size | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Size(*struct.unpack(">II", content[16:24]))
    if content.startswith((b"GIF87a", b"GIF89a")):
        return Size(*struct.unpack("<HH", content[6:10]))
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _webp_size(content)
    if content.startswith(b"\xff\xd8"):
        return _jpeg_size(content)
    return None


def _webp_size(content: bytes) -> Size | None:
    form = content[12:16]
    if form == b"VP8X":
        width = int.from_bytes(content[24:27], "little") + 1
        return Size(width, int.from_bytes(content[27:30], "little") + 1)
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return Size((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return Size(width & 0x3FFF, height & 0x3FFF)
    return None


def _jpeg_size(content: bytes) -> Size | None:
    at = 2
    while at + 9 < len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return Size(width, height)
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None
