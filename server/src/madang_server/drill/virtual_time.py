"""An event loop whose clock jumps to the next timer instead of waiting for it, so that minutes pass in moments.

Only for work that waits on timers and on itself. Something that waits for a socket or a thread would see hours go by.
"""

import asyncio
import selectors
from typing import Any


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Starts at `time()` 0.0. Everything in asyncio that waits by the loop's clock follows it."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._virtual_s

    def jump(self, seconds: float) -> None:
        self._virtual_s += seconds


class _Jumping(selectors.DefaultSelector):
    """Looks what is ready and, where nothing is, moves the clock on by the time it was to wait."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        ready: list[tuple[Any, int]] = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing is left that could happen: something waits for the world outside the drill")
        if not ready and timeout is not None and timeout > 0:
            self._loop.jump(timeout)
        return ready
