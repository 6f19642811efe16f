"""Sends finished spans to the platform, from a thread of its own, in batches.

Whatever goes wrong here stays here: a full queue drops the newest spans and counts them, a platform that is down is asked
again with growing pauses, and a call never waits.
"""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from madang.calls.span import Span
from madang.errors import PlatformRefused, PlatformUnavailable

MOST_WAITING = 20_000  # spans
BATCH = 500  # spans
BATCH_TEXT = 8_000_000  # characters of input and output; the platform takes 20 MB
INTERVAL_S = 1.0
LONGEST_PAUSE_S = 30.0
_LAST_TRIES = 3  # while closing: a platform that is away must not hold up the end of a program
_LAST_PAUSE_S = 0.2
_FINAL = (400, 401, 403, 413)  # the same spans would be refused again

_log = logging.getLogger(__name__)


class SpanExporter:
    """`encode` makes one OTLP body of many spans, `send` delivers it or raises PlatformUnavailable, and
    PlatformRefused. `close` when done.
    """

    def __init__(
        self,
        encode: Callable[[Sequence[Span]], bytes],
        send: Callable[[bytes], None],
        *,
        most_waiting: int = MOST_WAITING,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._encode = encode
        self._send = send
        self._most_waiting = most_waiting
        self._interval_s = interval_s
        self._waiting: deque[Span] = deque()
        self._sending = 0
        self._wake = threading.Condition()
        self._is_closing = False
        self._is_urgent = False
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def keep(self, _project_id: str, spans: Sequence[Span]) -> None:
        """Queues spans; never blocks and never raises."""
        with self._wake:
            if len(self._waiting) + self._sending + len(spans) > self._most_waiting or self._is_closing:
                self._give_up(len(spans))
                return
            self._waiting.extend(spans)
            if self._thread is None or not self._thread.is_alive():  # after a fork, only the parent has the old one
                self._sending = 0
                self._thread = threading.Thread(target=self._run, name="madang-spans", daemon=True)
                self._thread.start()
                atexit.unregister(self.close)
                atexit.register(self.close)
            if len(self._waiting) >= BATCH:
                self._wake.notify()

    def flush(self, timeout_s: float) -> bool:
        """Waits until everything queued so far is delivered; False when that took longer than `timeout_s`."""
        with self._wake:
            self._is_urgent = True
            self._wake.notify_all()
            return self._wake.wait_for(lambda: not self._waiting and not self._sending, timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Delivers what is left and stops the thread; gives up after the time, or sooner when the platform is away.

        Also done when the interpreter ends.
        """
        atexit.unregister(self.close)
        with self._wake:
            self._is_closing = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
        with self._wake:
            self._give_up_waiting()

    def _run(self) -> None:
        pause_s = self._interval_s
        last_tries = _LAST_TRIES
        while True:
            with self._wake:
                self._wake.wait_for(
                    lambda: self._is_closing or self._is_urgent or len(self._waiting) >= BATCH, self._interval_s
                )
                if self._is_closing and not (self._waiting and last_tries):
                    self._give_up_waiting()
                    return
                last_tries -= self._is_closing
                batch = self._next_batch()
                self._sending = len(batch)
                self._is_urgent = self._is_urgent and bool(self._waiting)
            if not batch:
                continue
            delivered = self._deliver(batch)
            if delivered:
                last_tries = _LAST_TRIES
            with self._wake:
                self._sending = 0
                if not delivered:
                    self._waiting.extendleft(reversed(batch))
                    self._is_urgent = False
                self._wake.notify_all()
            pause_s = self._interval_s if delivered else min(pause_s * 2, LONGEST_PAUSE_S)
            if not delivered:
                self._rest(pause_s)

    def _next_batch(self) -> list[Span]:
        batch: list[Span] = []
        size = 0
        while self._waiting and len(batch) < BATCH and size < BATCH_TEXT:
            span = self._waiting.popleft()
            size += len(span.input) + len(span.output)
            batch.append(span)
        return batch

    def _rest(self, pause_s: float) -> None:
        """Waits after a failure even when spans keep coming, but only shortly when somebody waits for us."""
        with self._wake:
            if not self._wake.wait_for(lambda: self._is_closing or self._is_urgent, pause_s):
                return
        time.sleep(min(pause_s, _LAST_PAUSE_S))

    def _deliver(self, batch: Sequence[Span]) -> bool:
        """Whether the batch is done with: delivered, or impossible to deliver."""
        try:
            self._send(self._encode(batch))
        except PlatformUnavailable:
            return False
        except PlatformRefused as error:
            if error.status not in _FINAL:
                return False
            why = f"the platform refused them ({error.status})"
        except Exception as error:  # noqa: BLE001 - the edge of tracing: what cannot be encoded or sent is given up
            why = f"they could not be sent ({type(error).__name__})"
        else:
            return True
        _log.error("%d spans were dropped: %s.", len(batch), why)
        with self._wake:
            self.dropped += len(batch)
        return True

    def _give_up_waiting(self) -> None:
        self._give_up(len(self._waiting))
        self._waiting.clear()

    def _give_up(self, count: int) -> None:
        """Counts spans that nobody will get; says so once. Needs the lock."""
        if count and not self.dropped:
            _log.warning("Spans are being dropped: the platform has not taken any for too long.")
        self.dropped += count
