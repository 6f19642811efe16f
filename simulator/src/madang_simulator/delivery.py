"""Replies as steps, whole or as a stream, with the faults that strike while a reply is on its way."""

from collections.abc import Callable

from madang_simulator.behaviour import Fault
from madang_simulator.journal import Entry
from madang_simulator.outgoing import BREAK, Opening, Pause, Steps, Whole
from madang_simulator.pace import Pace
from madang_simulator.refusals import Refusal
from madang_simulator.wires.wire import Event, Reply, Route, Streamed, Wire

_HALVING = frozenset({"cut", "cut_clean", "stall", "endless"})
_IN_STREAM = frozenset({"cut", "cut_clean", "stall", "malformed_event", "error_event", "endless"})
_JSON = {"content-type": "application/json"}

# Further than any answer reaches.
_WRONG_LENGTH = 10_000_000
_ENDLESS_PIECE = b" " * 16_384
_ENDLESS_MS = 10.0


class Delivery:
    """Tells the reply to one request and keeps its journal entry up to date."""

    def __init__(self, wire: Wire, entry: Entry, headers: Callable[[], dict[str, str]]) -> None:
        self._wire = wire
        self._entry = entry
        self._headers = headers

    def whole(self, reply: Reply, fault: Fault | None = None) -> Steps:
        """A reply in one piece; a fault that would strike a stream in its middle strikes this one half way."""
        self._entry.status = reply.status
        headers = {**_JSON, **self._headers(), **{name.lower(): value for name, value in reply.headers.items()}}
        kind = None if fault is None else fault.kind
        if kind == "wrong_length":
            yield Opening(reply.status, headers, len(reply.body) + _WRONG_LENGTH)
            yield reply.body
        elif kind == "malformed_event":
            yield Whole(reply.status, headers, reply.body[: len(reply.body) // 2])
        elif fault is None or kind not in _HALVING:
            yield Whole(reply.status, headers, reply.body)
        else:
            yield from self._in_halves(reply, fault, headers)

    def stream(self, streamed: Streamed, pace: Pace, fault: Fault | None, route: Route) -> Steps:
        """A stream at the deployment's speed; `fault` strikes after its number of content events."""
        self._entry.status = 200
        headers = {"content-type": streamed.content_type, "cache-control": "no-cache", **self._headers()}
        length = _WRONG_LENGTH if fault is not None and fault.kind == "wrong_length" else None
        yield Opening(200, {**headers, **streamed.headers}, length)
        pending = fault if fault is not None and fault.kind in _IN_STREAM else None
        last_content = Event(b"", "content")
        for sent, event in enumerate(streamed.events):
            if pending is not None and self._is_due(pending, event):
                if pending.kind not in ("stall", "malformed_event"):
                    yield from self._end(pending, pace, route, sent, last_content)
                    return
                yield Pause(pending.duration_s) if pending.kind == "stall" else self._wire.malformed_event(route)
                pending = None
            if event.tokens and self._entry.chunks:  # the first token's wait is over already
                yield from pace.before(event.tokens)
            yield event.raw
            if event.part == "content":
                self._entry.chunks += 1
                last_content = event

    def _is_due(self, fault: Fault, event: Event) -> bool:
        reached = self._entry.chunks >= fault.after_chunks and event.part != "opening"
        return reached or event.part == "closing"

    def _end(self, fault: Fault, pace: Pace, route: Route, sent: int, last: Event) -> Steps:
        """Plays a fault in the middle of a stream after which it does not go on."""
        if fault.kind == "cut":
            self._entry.broken_by_us = True
            yield BREAK
        elif fault.kind == "error_event":
            refusal = Refusal(kind=fault.error, retry_after_s=fault.retry_after_s)
            yield self._wire.error_event(route, refusal, sent)
        while fault.kind == "endless":
            yield from pace.before(max(last.tokens, 1), _ENDLESS_MS)
            yield last.raw or b"\n"
            self._entry.chunks += 1

    def _in_halves(self, reply: Reply, fault: Fault, headers: dict[str, str]) -> Steps:
        # Without a length, an early end looks like a proper one.
        yield Opening(reply.status, headers, len(reply.body) if fault.kind in ("cut", "stall") else None)
        middle = len(reply.body) // 2
        yield reply.body[:middle]
        if fault.kind == "cut":
            self._entry.broken_by_us = True
            yield BREAK
        elif fault.kind == "stall":
            yield Pause(fault.duration_s)
            yield reply.body[middle:]
        while fault.kind == "endless":
            yield Pause(_ENDLESS_MS / 1000)
            yield _ENDLESS_PIECE
