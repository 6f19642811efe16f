"""Clock and ids as arguments, so that tests and replays can give their own."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass


def _now_us() -> int:
    return time.time_ns() // 1_000


@dataclass(frozen=True, slots=True)
class Clock:
    """`now_us` is wall time in microseconds since the epoch, UTC; `monotonic` measures seconds."""

    now_us: Callable[[], int] = _now_us
    monotonic: Callable[[], float] = time.monotonic


def new_trace_id() -> str:
    return os.urandom(16).hex()


def new_span_id() -> str:
    return os.urandom(8).hex()
