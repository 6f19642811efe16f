"""One process per data folder: a file lock taken before the engine opens, released by the kernel at the end."""

import fcntl
import os
from pathlib import Path


class StoreInUse(Exception):
    """Another process owns the data folder."""


def lock_store(home: Path) -> int:
    """The descriptor that holds the lock; keep it open. Raises StoreInUse naming the process that has it."""
    path = home / "store.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise StoreInUse(
            f"The trace store in {home.parent} is already open in process {owner}. "
            "Stop it, or give this one another MADANG_HOME."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
