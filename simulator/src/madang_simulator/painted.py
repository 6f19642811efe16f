"""Pictures that a simulated model paints: real files of the asked size, a few hundred bytes each.

PNG as in RFC 2083 (one bit a pixel, a palette of two), JPEG as in ITU T.81 (plain grey), WebP as in RFC 9649 (one colour).
"""

import struct
import zlib
from random import Random
from typing import Literal

PictureFormat = Literal["png", "jpeg", "webp"]
_STRIPE = 32


def paint(form: PictureFormat, width: int, height: int, rng: Random) -> bytes:
    """The file's bytes."""
    if form == "jpeg":
        return _jpeg(width, height)
    colours = rng.randbytes(6)
    return _webp(width, height, colours) if form == "webp" else _png(width, height, colours)


def _png(width: int, height: int, colours: bytes) -> bytes:
    row_bytes = (width + 7) // 8
    dark, light = b"\x00" + b"\xf0" * row_bytes, b"\x00" + b"\x0f" * row_bytes
    rows = b"".join(light if (row // _STRIPE) % 2 else dark for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def _jpeg(width: int, height: int) -> bytes:
    """Every block is two bits: "no difference", "nothing follows"; so that zeros are a grey picture."""
    quantities = b"\xff\xdb\x00\x43\x00" + b"\x01" * 64
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    one_code = b"\x01" + b"\x00" * 15 + b"\x00"
    codes = b"\xff\xc4\x00\x14\x00" + one_code + b"\xff\xc4\x00\x14\x10" + one_code
    blocks = -(-width // 8) * -(-height // 8)
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x00" * -(-blocks * 2 // 8)
    jfif = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    return b"\xff\xd8" + jfif + quantities + frame + codes + scan + b"\xff\xd9"


def _webp(width: int, height: int, colours: bytes) -> bytes:
    """Lossless, each channel with a code of one symbol, so that pixels take no bits at all."""
    bits = [(0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 1), (0, 3), (0, 1), (0, 1), (0, 1)]
    for symbol in (colours[1], colours[0], colours[2], 255):
        bits += [(1, 1), (0, 1), (1, 1), (symbol, 8)]
    bits += [(1, 1), (0, 1), (0, 1), (0, 1)]
    packed, length = 0, 0
    for value, size in bits:
        packed |= value << length
        length += size
    body = packed.to_bytes(-(-length // 8), "little")
    padded = body + b"\x00" * (len(body) % 2)
    chunk = b"WEBPVP8L" + struct.pack("<I", len(body)) + padded
    return b"RIFF" + struct.pack("<I", len(chunk)) + chunk
