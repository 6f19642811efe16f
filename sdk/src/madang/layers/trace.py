"""Hands the finished spans of every call to a sink: before the caller sees the end of the answer, and also when the
call failed or the caller went away. A fault in tracing is reported and never reaches the caller.
"""

import logging
from collections.abc import Callable, Sequence

from madang.calls.clock import Clock
from madang.calls.event import Part
from madang.calls.reply import Call, Events, Reply
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
        except CallFailed as failure:
            failure.trace_id = request.caller.trace_id
            recorder.finish(failure)
            raise
        except BaseException as error:
            recorder.finish(failure_of(error))
            raise
        return reply.with_events(_recording(reply, recorder, request.caller.trace_id))

    return traced


class _Recorder:
    """Collects what one call said, and emits its spans exactly once."""

    __slots__ = ("_clock", "_request", "_sink", "_span_id", "_start_us", "parts", "raw")

    def __init__(self, request: Request, sink: SpanSink, clock: Clock, span_id: str) -> None:
        self._request = request
        self._sink = sink
        self._clock = clock
        self._span_id = span_id
        self._start_us = clock.now_us()
        self.parts: list[Part] = []
        self.raw = b""  # the body of a reply that was not streamed

    def finish(self, failure: CallFailed | None) -> None:
        try:
            outcome = Outcome(self._start_us, self._clock.now_us(), failure, self.parts, self.raw)
            self._sink(self._request.caller.project_id, spans_of_call(self._request, self._span_id, outcome))
        except Exception as error:  # noqa: BLE001 - the edge of tracing: the call goes on without its trace
            _log.error("A trace was lost: %s", type(error).__name__)


async def _recording(reply: Reply, recorder: _Recorder, trace_id: str) -> Events:
    keeps_raw = not reply.content_type.startswith("text/event-stream")
    try:
        async for event in reply.events:
            recorder.parts.extend(event.parts)
            if keeps_raw:
                recorder.raw = event.raw
            yield event
    except CallFailed as failure:
        failure.trace_id = trace_id
        recorder.finish(failure)
        raise
    except BaseException as error:
        try:
            await reply.events.aclose()  # first, for it ends the attempt, which is part of the trace
        finally:
            recorder.finish(failure_of(error))
        raise
    else:
        recorder.finish(None)
    finally:
        await reply.events.aclose()
