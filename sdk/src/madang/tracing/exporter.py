"""Sends finished spans to the platform, from a thread of its own, in batches.

Whatever goes wrong here stays here: a full queue drops the newest spans and counts them, a platform that is down is asked
again with growing pauses, and a call never waits.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from madang.calls.span import Span
from madang.errors import MadangError

MOST_WAITING = 20_000  # spans
BATCH = 500  # spans
BATCH_TEXT = 8_000_000  # characters of input and output; the platform takes 20 MB
INTERVAL_S = 1.0
LONGEST_PAUSE_S = 30.0

_log = logging.getLogger(__name__)


class SpanExporter:
    """`encode` makes one OTLP body of many spans, `send` delivers it or raises MadangError. `close` when done."""

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
            if len(self._waiting) + len(spans) > self._most_waiting or self._is_closing:
                self.dropped += len(spans)
                if self.dropped == len(spans):
                    _log.warning("Spans are being dropped: the platform has not taken any for too long.")
                return
            self._waiting.extend(spans)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="madang-spans", daemon=True)
                self._thread.start()
            if len(self._waiting) >= BATCH:
                self._wake.notify()

    def flush(self, timeout_s: float) -> bool:
        """Waits until everything queued so far is delivered; False when that took longer than `timeout_s`."""
        with self._wake:
            self._is_urgent = True
            self._wake.notify_all()
            return self._wake.wait_for(lambda: not self._waiting and not self._sending, timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Delivers what is left within the time, then stops the thread."""
        self.flush(timeout_s)
        with self._wake:
            self._is_closing = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        pause_s = self._interval_s
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._is_closing or self._is_urgent or len(self._waiting) >= BATCH, pause_s)
                self._is_urgent = False
                if self._is_closing:
                    return
                batch = self._next_batch()
                self._sending = len(batch)
            if not batch:
                continue
            delivered = self._deliver(batch)
            pause_s = self._interval_s if delivered else min(pause_s * 2, LONGEST_PAUSE_S)
            with self._wake:
                self._sending = 0
                if not delivered:
                    self._waiting.extendleft(reversed(batch))
                self._wake.notify_all()
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
        """Waits after a failure even when spans keep coming, but not when the client is closing."""
        with self._wake:
            self._wake.wait_for(lambda: self._is_closing or self._is_urgent, pause_s)

    def _deliver(self, batch: Sequence[Span]) -> bool:
        """Whether the batch is done with: delivered, or impossible to deliver."""
        try:
            body = self._encode(batch)
        except Exception as error:  # noqa: BLE001 - the edge of tracing: a span that cannot be encoded is given up
            _log.error("Spans could not be encoded and were dropped: %s", type(error).__name__)
            self.dropped += len(batch)
            return True
        try:
            self._send(body)
        except MadangError as error:
            status = getattr(error, "status", None)
            if status in (400, 401, 403, 413):
                _log.error("The platform refused %d spans (%s); they were dropped.", len(batch), status)
                self.dropped += len(batch)
                return True
            return False
        return True
