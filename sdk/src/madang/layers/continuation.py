"""A stream that breaks after text has left goes on with another target, where the route says so.

The other target gets the conversation with what was said so far, and is asked to go on from there. The place is marked
in the stream by an event with a field `madang`, and in the trace by the attempts. Only plain text can be continued: a
tool call or a JSON document cut in two would be put together wrongly without anybody noticing.
"""

import msgspec

from madang.calls.clock import Clock
from madang.calls.event import Event, Finished, Media, Refusal, Text, ToolCall
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.errors import CallFailed, FailureReason
from madang.routing.health import key_of

MOST_CONTINUATIONS = 2
_GO_ON = "Continue your last message exactly where it stopped. Do not repeat, comment on or introduce anything."
_BROKEN: frozenset[FailureReason] = frozenset(
    {"stream_cut", "timeout", "server_error", "overloaded", "rate_limited", "bad_reply", "connection"}
)
_NOT_CONTINUED = (ToolCall, Refusal, Media, Finished)

_encode = msgspec.json.Encoder().encode


def with_continuation(call: Call, *, clock: Clock) -> Call:
    async def continued(request: Request) -> Reply:
        reply = await call(request)
        if request.route.policy.on_cut != "continue" or not _is_plain_text(request) or not request.is_stream:
            return reply
        seen = reply.watched()
        return seen.with_events(_continued(call, request, seen, clock))

    return continued


async def _continued(call: Call, request: Request, reply: Reply, clock: Clock) -> Events:
    said: list[str] = []
    is_text = True  # until something came that cannot be continued
    mark: Event | None = None
    for done in range(MOST_CONTINUATIONS + 1):
        broken: CallFailed | None = None
        try:
            async for event in reply.events:
                if mark is not None:  # only now, when the events have begun: what was never begun cannot be closed
                    yield mark
                    mark = None
                said += [part.text for part in event.parts if isinstance(part, Text)]
                is_text = is_text and not any(isinstance(part, _NOT_CONTINUED) for part in event.parts)
                yield event
        except CallFailed as failure:
            may = is_text and said and failure.reason in _BROKEN and clock.monotonic() < request.deadline
            if not may or done == MOST_CONTINUATIONS:
                raise
            broken = failure
        finally:
            await reply.events.aclose()
        if broken is None:
            return
        request = _rest_of(request, "".join(said), key_of(reply.target), broken)
        try:
            reply = (await call(request)).watched()
        except CallFailed:
            raise broken from None  # nobody else could; the caller hears how the answer broke
        mark = _mark(reply, broken, clock)


def _rest_of(request: Request, said: str, failed: str, failure: CallFailed) -> Request:
    so_far = [{"role": "assistant", "content": said}, {"role": "user", "content": _GO_ON}]
    messages = request.body["messages"]
    if request.avoid:  # continued before: what was said grew, the conversation before it did not
        messages = messages[:-2]
    body = {**request.body, "messages": [*messages, *so_far]}
    return msgspec.structs.replace(
        request, body=body, avoid=request.avoid | {failed}, reason=f"continues after {failure.reason}"
    )


def _mark(reply: Reply, failure: CallFailed, clock: Clock) -> Event:
    """An event that every client of OpenAI's stream reads as one that says nothing."""
    chunk = {
        "id": "chatcmpl-continued",
        "object": "chat.completion.chunk",
        "created": clock.now_us() // 1_000_000,
        "model": reply.target.vendor_model,
        "choices": [{"index": 0, "delta": {}, "finish_reason": None}],
        "madang": {"continued_on": reply.target.name, "after": failure.reason},
    }
    return Event(b"data: " + _encode(chunk) + b"\n\n")


def _is_plain_text(request: Request) -> bool:
    if request.operation != "chat":
        return False  # the stream of another language cannot begin a second time
    body = request.body
    wanted = body.get("response_format")
    is_text = not isinstance(wanted, dict) or wanted.get("type") == "text"
    return is_text and body.get("n") in (None, 1) and isinstance(body.get("messages"), list)
