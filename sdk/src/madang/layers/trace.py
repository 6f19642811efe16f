"""Hands the finished spans of every call to a sink: before the caller sees the end of the answer, and also when the
call failed or the caller went away. A fault in tracing is reported and never reaches the caller.
"""

import logging
from collections.abc import Callable, Sequence

from madang.calls.clock import Clock
from madang.calls.event import Event, Part
from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.calls.span import Span
from madang.errors import CallFailed
from madang.layers.interruption import failure_of
from madang.tracing.call_spans import Outcome, spans_of_call

SpanSink = Callable[[str, Sequence[Span]], None]
"""Takes the spans of one finished call and its project's id. Must not block."""

_log = logging.getLogger(__name__)


def with_trace(call: Call, *, sink: SpanSink, clock: Clock, new_span_id: Callable[[], str]) -> Call:
    async def traced(request: Request) -> Reply:
        recorder = _Recorder(request, sink, clock, new_span_id())
        try:
            reply = await call(request)
        except BaseException as error:
            recorder.ended(error)
            raise
        recorder.keeps_raw = not reply.content_type.startswith("text/event-stream")
        return reply.seen_by(recorder)

    return traced


class _Recorder:
    """Collects what one call said, and emits its spans exactly once."""

    __slots__ = ("_clock", "_parts", "_raw", "_request", "_sink", "_span_id", "_start_us", "keeps_raw")

    def __init__(self, request: Request, sink: SpanSink, clock: Clock, span_id: str) -> None:
        self._request = request
        self._sink = sink
        self._clock = clock
        self._span_id = span_id
        self._start_us = clock.now_us()
        self._parts: list[Part] = []
        self._raw = b""  # the body of a reply that was not streamed
        self.keeps_raw = False

    def saw(self, event: Event) -> None:
        self._parts.extend(event.parts)
        if self.keeps_raw:
            self._raw = event.raw

    def ended(self, error: BaseException | None) -> None:
        failure = error if error is None or isinstance(error, CallFailed) else failure_of(error)
        if failure is not None:
            failure.trace_id = self._request.caller.trace_id
        try:
            outcome = Outcome(self._start_us, self._clock.now_us(), failure, self._parts, self._raw)
            self._sink(self._request.caller.project_id, spans_of_call(self._request, self._span_id, outcome))
        except Exception as fault:  # noqa: BLE001 - the edge of tracing: the call goes on without its trace
            _log.error("A trace was lost: %s", type(fault).__name__)
