"""Waiting, with a bound, for what other threads and processes do."""

import time
from collections.abc import Callable


def until(holds: Callable[[], object], what: str, *, within_s: float = 20.0) -> None:
    """Returns as soon as it holds. Fails with `what` when it never does."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"Not within {within_s:g} s: {what}"
        time.sleep(0.01)
