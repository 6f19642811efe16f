"""Ids and secrets made from random bytes that the caller provides, so that tests can decide them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]


def new_id(random_bytes: RandomBytes) -> str:
    """16 letters and digits (80 bits), safe in URLs and file names on every system."""
    return base64.b32encode(random_bytes(10)).decode("ascii").lower()


def new_secret(random_bytes: RandomBytes) -> str:
    """43 URL-safe characters (256 bits)."""
    return base64.urlsafe_b64encode(random_bytes(32)).decode("ascii").rstrip("=")


def digest(secret: str) -> str:
    """What is stored in a secret's place. A plain hash is enough because our secrets are random, unlike passwords."""
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()
