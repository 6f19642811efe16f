"""Only one process drains a spool: two would give the same rows to the store under different tokens."""

import fcntl
import os
from pathlib import Path


class SpoolDrained(Exception):
    """Another process drains this spool."""


def hold_drain(root: Path) -> int:
    """The descriptor that holds the right to drain; close it to give it up. Raises SpoolDrained."""
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root / "drain.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SpoolDrained(f"Another worker already drains the spool in {root}; stop one of them") from None
    return descriptor
