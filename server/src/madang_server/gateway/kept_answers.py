"""Where answers are kept to be given again: in this process, the least lately used going first when it gets full, and
behind that in what several processes share, where there is something.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

MOST_BYTES = 64 * 2**20


class SharedStore(Protocol):
    """Keeps answers for several processes. Neither method raises."""

    async def fetch(self, key: str) -> tuple[bytes, float] | None:
        """The answer, and for how many more seconds it is kept."""

    def store(self, key: str, answer: bytes, ttl_s: float) -> None:
        """Must not block."""


class KeptAnswers:
    """Answers by key, each for its time. `size` is bytes."""

    def __init__(
        self, monotonic: Callable[[], float], *, shared: SharedStore | None = None, most_bytes: int = MOST_BYTES
    ) -> None:
        self._monotonic = monotonic
        self._shared = shared
        self._most_bytes = most_bytes
        self._answers: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self.size = 0

    async def get(self, key: str) -> bytes | None:
        known = self._answers.get(key)
        if known is not None:
            answer, until = known
            if self._monotonic() < until:
                self._answers.move_to_end(key)
                return answer
            self._remove(key)
        if self._shared is None:
            return None
        found = await self._shared.fetch(key)
        if found is None:
            return None
        self._keep(key, *found)
        return found[0]

    def put(self, key: str, answer: bytes, ttl_s: float) -> None:
        self._keep(key, answer, ttl_s)
        if self._shared is not None:
            self._shared.store(key, answer, ttl_s)

    def _keep(self, key: str, answer: bytes, ttl_s: float) -> None:
        if key in self._answers:
            self._remove(key)
        if len(answer) > self._most_bytes:
            return
        self._answers[key] = (answer, self._monotonic() + ttl_s)
        self.size += len(answer)
        while self.size > self._most_bytes:
            self._remove(next(iter(self._answers)))

    def _remove(self, key: str) -> None:
        answer, _ = self._answers.pop(key)
        self.size -= len(answer)
