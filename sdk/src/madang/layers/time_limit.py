"""A time limit for many waits in a row, by one timer: moving it costs an assignment.

Means the same as `asyncio.timeout` around each wait: what runs out of time ends with TimeoutError, and a task that is
cancelled from outside stays cancelled, also when that falls together with the end of the time.
"""

import asyncio
from types import TracebackType

_SLACK_S = 0.002  # event loops count in milliseconds, and a timer that is nearly right need not be set anew


class TimeLimit:
    """Set it, then wait inside `with`; as often as needed, in any task of the loop it was made in. `close` it at the end."""

    __slots__ = ("_at", "_cancelling", "_has_struck", "_loop", "_task", "_timer", "_timer_at")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._at = 0.0  # when the present wait has to be over, on the loop's clock
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0  # not after `_at` while somebody waits, but for the slack
        self._task: asyncio.Task[object] | None = None  # who waits at present
        self._cancelling = 0
        self._has_struck = False

    def set(self, seconds: float) -> None:
        """The next wait may take this long, counted from now."""
        self._at = self._loop.time() + seconds

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        if self._timer is None or self._timer_at - self._at > _SLACK_S:
            self._arm()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if not self._has_struck:
            return
        self._has_struck = False
        assert task is not None
        # More cancellations than ours mean that somebody else wants the task to end, which goes before any limit.
        if task.uncancel() <= self._cancelling and isinstance(error, asyncio.CancelledError):
            raise TimeoutError from error

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._at
        self._timer = self._loop.call_at(self._at, self._strike)

    def _strike(self) -> None:
        self._timer = None
        if self._task is None:
            return  # nobody waits at the moment; the next one who does sets a timer
        if self._at - self._loop.time() > _SLACK_S:
            self._arm()
            return
        self._has_struck = True
        self._task.cancel()
