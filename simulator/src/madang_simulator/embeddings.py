"""Vectors for texts: unit length, the same text always the same, texts with common words close to each other.

Every word adds to a few places of the vector, so that a similarity search over simulated vectors finds sensible things.
"""

import hashlib
import math
from array import array
from functools import lru_cache

from madang_simulator.tokens import split_tokens

_PLACES_PER_WORD = 16


def embed(text: str, dimensions: int) -> "array[float]":
    """The vector of `text` as 32-bit floats."""
    vector = array("f", _faint_ground(dimensions))
    for piece in split_tokens(text):
        word = piece.strip().lower().encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(word, digest_size=4 * _PLACES_PER_WORD).digest()
        for at in range(0, len(digest), 4):
            place = int.from_bytes(digest[at : at + 4], "big")
            vector[(place >> 1) % dimensions] += 1.0 if place & 1 else -1.0
    length = math.sqrt(sum(value * value for value in vector))
    return array("f", (value / length for value in vector))


@lru_cache(maxsize=32)
def _faint_ground(dimensions: int) -> "array[float]":
    """Small values everywhere, as real vectors have no exact zeros."""
    values = array("f")
    for place in range(dimensions):
        digest = hashlib.blake2b(place.to_bytes(4, "big"), digest_size=2).digest()
        values.append((int.from_bytes(digest, "big") / 65535 - 0.5) * 0.02)
    return values
