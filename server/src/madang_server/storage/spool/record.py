"""The form of a record in a segment, and how records are found again in bytes that may be cut or damaged.

A record is a magic of 4 bytes, the payload's length and CRC-32 (little-endian, 4 bytes each) and the payload. The
magic's first byte never occurs in UTF-8, so a payload of text cannot contain a magic.
"""

import struct
from dataclasses import dataclass
from zlib import crc32

MAGIC = b"\xf9MD\x01"
HEADER = struct.Struct("<4sII")
MAX_PAYLOAD_BYTES = 32 << 20


def header(payload: bytes) -> bytes:
    """The bytes that stand before a payload."""
    return HEADER.pack(MAGIC, len(payload), crc32(payload))


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in a piece of a segment. Offsets are relative to the piece.

    `payloads` are whole and undamaged; `damaged` are ranges that are not records; `end` is where reading must go on:
    the start of a record that is not complete yet, or the end of the piece.
    """

    payloads: list[bytes]
    damaged: list[tuple[int, int]]
    end: int


def scan(piece: bytes, *, limit: int = 1 << 62, last: bool = False) -> Scan:
    """The records at the start of `piece`, at most `limit`. `last`: nothing will ever follow, so a cut tail is dropped
    as damage instead of waited for."""
    payloads: list[bytes] = []
    damaged: list[tuple[int, int]] = []
    position, size = 0, len(piece)
    unpack, head = HEADER.unpack_from, HEADER.size
    while position < size and len(payloads) < limit:
        if position + head <= size:
            magic, length, checksum = unpack(piece, position)
            end = position + head + length
            if magic == MAGIC and end <= size and length <= MAX_PAYLOAD_BYTES:
                payload = piece[position + head : end]
                if crc32(payload) == checksum:
                    payloads.append(payload)
                    position = end
                    continue
        following = _next_record(piece, position + 1)
        if following is None:
            if not last:
                break
            following = size
        damaged.append((position, following))
        position = following
    return Scan(payloads, damaged, position)


def is_torn(rest: bytes) -> bool:
    """Whether bytes at the end of a segment are the beginning of a record that was never finished."""
    if len(rest) < HEADER.size:
        return MAGIC.startswith(rest[: len(MAGIC)]) or rest.startswith(MAGIC)
    magic, length, _ = HEADER.unpack_from(rest)
    return bool(magic == MAGIC and HEADER.size + length > len(rest))


def _next_record(piece: bytes, position: int) -> int | None:
    """Where the next whole and undamaged record starts, at or after `position`."""
    size = len(piece)
    while (position := piece.find(MAGIC, position)) >= 0:
        if position + HEADER.size > size:
            return None
        _, length, checksum = HEADER.unpack_from(piece, position)
        start = position + HEADER.size
        if start + length <= size and crc32(piece[start : start + length]) == checksum:
            return position
        position += 1
    return None
