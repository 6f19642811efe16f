"""The installation's secret key: given by MADANG_SECRET_KEY, or made once and kept in the home, readable by its owner."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from madang_server.settings import Settings


class SecretKeyUnavailable(Exception):
    """There is no secret key and none can be made; the message says what to do."""


def secret_key(settings: Settings, random_bytes: Callable[[int], bytes]) -> str:
    """The key in force. Raises `SecretKeyUnavailable` when the file cannot be read or written."""
    if settings.secret_key is not None:
        return settings.secret_key
    path = settings.secret_key_path
    try:
        if not path.exists():
            _make(path, base64.b64encode(random_bytes(32)), random_bytes(6).hex())
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise SecretKeyUnavailable(
            f"The secret key file {str(path)!r} cannot be used: {reason}. Repair it, or set MADANG_SECRET_KEY."
        ) from None
    if len(key) < 16:
        raise SecretKeyUnavailable(
            f"The secret key file {str(path)!r} is empty or cut off. Restore it from a backup, or set "
            "MADANG_SECRET_KEY; with another key, vendor credentials must be entered again."
        )
    return key


def _make(path: Path, content: bytes, suffix: str) -> None:
    """Write the file whole or not at all; of two processes that start together both end up with the same key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{suffix}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
