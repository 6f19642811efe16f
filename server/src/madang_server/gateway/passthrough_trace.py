"""The one span of a call that is passed through: what of it can be read, and how it ended."""

import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec

from madang.calls.clock import Clock
from madang.calls.completion import completion_of
from madang.calls.event import Event, Part
from madang.calls.reply import Call, Reply
from madang.calls.request import Request
from madang.calls.span import Span
from madang.errors import CallFailed
from madang.layers.interruption import failure_of
from madang.providers.http_call import StreamReader
from madang.providers.native_meaning import Form, parts_of_answer, reader_of_stream
from madang.tracing.call_spans import Outcome, spans_of_call
from madang.tracing.content import kept_text

SpanKeeper = Callable[[str, Sequence[Span]], None]

LONGEST_READ = 2**24  # bytes; an answer that is longer is passed on without being read

_TEXTS = ("application/json", "text/", "application/x-ndjson", "application/jsonl")
_log = logging.getLogger(__name__)


class Listener:
    """Listens to one answer while it passes. Whatever it does not understand costs nobody anything."""

    def __init__(self, form: Form, place: str) -> None:
        self._form = form
        self.place = place  # vendor and path, as the trace names what is no call of a model
        self._request: Request | None = None
        self._headers: Mapping[str, str] = {}
        self._reader: StreamReader | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_deaf = False

    def begins(self, request: Request, headers: Mapping[str, str]) -> None:
        """The head of the answer has come."""
        self._request = request
        self._headers = headers
        self._reader = reader_of_stream(self._form, request, headers.get("content-type", ""))

    def hears(self, raw: bytes, content_type: str) -> None:
        """An error, all of it."""
        self._headers = {"content-type": content_type}
        self._pieces = [raw]
        self._size = len(raw)

    def feed(self, data: bytes) -> tuple[Part, ...]:
        """What these bytes mean."""
        self._size += len(data)
        if self._reader is None:
            if self._size <= LONGEST_READ:
                self._pieces.append(data)
            else:
                self._pieces.clear()
            return ()
        return self._understood(lambda reader: reader.feed(data))

    def end(self) -> tuple[Part, ...]:
        """What the end of the answer means."""
        if self._reader is not None:
            return self._understood(lambda reader: reader.end())
        if self._request is None or self._size > LONGEST_READ:
            return ()
        try:
            return parts_of_answer(self._form, self._request, self._headers, b"".join(self._pieces))
        except CallFailed:
            return ()  # not what we know such answers to be; the caller has it as it is
        except Exception as fault:  # noqa: BLE001 - the edge of reading along: the answer has passed, its usage is lost
            _log.warning("A passed answer could not be read: %s", type(fault).__name__)
            return ()

    def output(self, parts: Sequence[Part]) -> str:
        """What the trace shows: a text as it was, a stream put together, of anything else type and size."""
        if self._reader is not None and parts:
            return kept_text(completion_of(parts))
        content_type = self._headers.get("content-type", "")
        if self._pieces and content_type.startswith(_TEXTS):
            return kept_text(b"".join(self._pieces))
        if not self._size:
            return ""
        return msgspec.json.encode({"content_type": content_type, "bytes": self._size}).decode()

    def _understood(self, read: Callable[[StreamReader], Event | None]) -> tuple[Part, ...]:
        assert self._reader is not None
        if self._is_deaf:
            return ()
        try:
            event = read(self._reader)
        except Exception as fault:  # noqa: BLE001 - the edge of reading along: the stream goes on, unread
            _log.warning("A passed stream could not be read: %s", type(fault).__name__)
            event = None
            self._is_deaf = True
        if self._reader.failure is not None:
            self._note(self._reader.failure)
            self._is_deaf = True
        return event.parts if event is not None else ()

    def _note(self, failure: CallFailed) -> None:
        """An error inside a stream that began well is the trace's error too."""
        if self._request is not None and self._request.attempt is not None:
            self._request.attempt.failure = failure


def with_one_span(
    call: Call, listener: Listener, *, keep: SpanKeeper, clock: Clock, new_span_id: Callable[[], str]
) -> Call:
    """A fault in tracing is reported and never reaches the caller."""

    async def traced(request: Request) -> Reply:
        watcher = _Watcher(request, listener, keep, clock, new_span_id())
        try:
            reply = await call(request)
        except BaseException as error:
            watcher.ended(error)
            raise
        return reply.seen_by(watcher)

    return traced


class _Watcher:
    def __init__(self, request: Request, listener: Listener, keep: SpanKeeper, clock: Clock, span_id: str) -> None:
        self._request = request
        self._listener = listener
        self._keep = keep
        self._clock = clock
        self._span_id = span_id
        self._start_us = clock.now_us()
        self._parts: list[Part] = []

    def saw(self, event: Event) -> None:
        self._parts.extend(event.parts)
        attempt = self._request.journal.attempts[0]
        if attempt.first_token_us is None and self._request.is_stream:
            attempt.first_token_us = self._clock.now_us()

    def ended(self, error: BaseException | None) -> None:
        attempts = self._request.journal.attempts
        failure = attempts[0].failure if attempts else None
        if error is not None:
            failure = error if isinstance(error, CallFailed) else failure_of(error)
            failure.trace_id = self._request.caller.trace_id
        try:
            self._keep(self._request.caller.project_id, (self._span(failure),))
        except Exception as fault:  # noqa: BLE001 - the edge of tracing: the call goes on without its trace
            _log.error("A trace was lost: %s", type(fault).__name__)

    def _span(self, failure: CallFailed | None) -> Span:
        request = self._request
        is_text = _is_text(request.raw)
        shown = request.raw if is_text else msgspec.json.encode({"bytes": len(request.raw)})
        outcome = Outcome(self._start_us, self._clock.now_us(), failure, self._parts, b"")
        root = spans_of_call(msgspec.structs.replace(request, raw=shown), self._span_id, outcome)[0]
        target = request.target
        assert target is not None
        is_of_model = bool(target.vendor_model)
        asked = request.route.model if is_of_model else self._listener.place
        return msgspec.structs.replace(
            root,
            name=f"passthrough {asked}",
            model=request.route.model if is_of_model else "",
            output=self._listener.output(self._parts),
        )


def _is_text(raw: bytes) -> bool:
    try:
        raw[:4_096].decode()
    except UnicodeDecodeError as error:
        return error.start > 4_000  # a character may have been cut in two
    return True
