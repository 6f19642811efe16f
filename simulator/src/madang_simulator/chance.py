"""Reproducible randomness: the same parts always give the same stream of numbers."""

import hashlib
from random import Random


def seeded(*parts: object) -> Random:
    """A generator that depends on nothing but `parts` (and not on PYTHONHASHSEED, as hash() would)."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return Random(int.from_bytes(digest, "big"))  # noqa: S311 - plays vendor's behaviour, keeps no secret
