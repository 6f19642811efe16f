"""What a deployment keeps for later requests, such as stored responses, the oldest dropped first."""

from collections import OrderedDict
from typing import Any

_MOST_KEPT = 1000


class Shelf:
    """Values by id."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Any] = OrderedDict()

    def put(self, id: str, value: Any) -> None:
        """Keeps `value` until it is taken away or a thousand newer ones have come."""
        self._kept[id] = value
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    def get(self, id: str) -> Any:
        """The value, None when nothing is kept under `id`."""
        return self._kept.get(id)

    def take(self, id: str) -> Any:
        """The value, which is not kept any longer; None when there is none."""
        return self._kept.pop(id, None)
