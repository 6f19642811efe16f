"""A call that any vendor can answer, in whatever language the caller speaks.

A vendor that speaks the caller's language gets the request as it is, and its bytes pass. For every other one the request
is translated into chat, and the parts of its answer are written in the caller's language. That happens once per target,
innermost, so that a call may fall back from one vendor to another of a different language.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import msgspec

from madang.calls.event import Event, Extra, Part
from madang.calls.operation import Operation
from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.calls.target import Target
from madang.errors import CallFailed
from madang.providers.azure import serves_responses
from madang.providers.dialects.messages_answer import MessageWriter, sse
from madang.providers.dialects.messages_request import chat_of_messages, shows_thinking
from madang.providers.dialects.native import without_ours
from madang.providers.dialects.responses_answer import ResponseWriter
from madang.providers.dialects.responses_request import chat_of_response

_encode = msgspec.json.Encoder().encode
Json = dict[str, Any]


class Writer(Protocol):
    """Writes one answer in one language."""

    def taken(self, parts: Iterable[Part]) -> list[Json]:
        """The stream's events for these parts."""

    def ended(self) -> list[Json]:
        """The stream's last events."""

    def message(self) -> Json:
        """The whole answer, after `ended`."""


OURS = "md"
OUR_RESPONSE = f"resp_{OURS}"
"""How the ids of responses begin that no vendor keeps."""

# What the vendors' wires complain about is a field of chat; what the caller wrote is called otherwise.
_PARAMS: Mapping[Operation, Mapping[str, str]] = {
    "messages": {"response_format": "output_config", "reasoning_effort": "thinking", "stop": "stop_sequences"},
    "responses": {"messages": "input", "response_format": "text", "reasoning_effort": "reasoning"},
}


def is_native(operation: Operation, target: Target) -> bool:
    """Whether the target's vendor speaks the language of this operation itself."""
    match operation:
        case "messages" | "count_tokens":
            return target.vendor == "anthropic"
        case "responses":
            return target.vendor == "openai" or (target.vendor == "azure" and serves_responses(target))
        case _:
            return True


def with_dialects(call: Call) -> Call:
    """`call`, the one to a vendor, for every language. It must answer what `is_native`, and chat; it refuses the rest."""

    async def spoken(request: Request) -> Reply:
        target = request.target
        assert target is not None
        if request.operation in _MAKERS and not is_native(request.operation, target):
            return await _translated(call, request, target)
        return await call(without_ours(request))

    return spoken


async def _translated(call: Call, request: Request, target: Target) -> Reply:
    chat, new_writer = _MAKERS[request.operation](request, target)
    if request.is_stream:
        chat["stream"] = True
    asked = msgspec.structs.replace(request, operation="chat", body=chat, raw=b"", wants_usage=False)
    names = _PARAMS[request.operation]
    try:
        reply = await call(asked)
    except CallFailed as failure:
        raise _in_the_callers_words(failure, names) from None
    writer = new_writer()
    if request.is_stream:
        return Reply(200, reply.headers, "text/event-stream; charset=utf-8", _streamed(reply, writer), target)
    return Reply(200, reply.headers, "application/json", _whole(reply, writer, names), target)


async def _streamed(reply: Reply, writer: Writer) -> Events:
    try:
        async for event in reply.events:
            raw = sse(writer.taken(event.parts))
            if raw or event.parts:
                yield Event(raw, event.parts)
        last = writer.ended()
        yield Event(sse(last), _for_the_trace(last))
    finally:
        await reply.events.aclose()


async def _whole(reply: Reply, writer: Writer, names: Mapping[str, str]) -> Events:
    parts: list[Part] = []
    try:
        async for event in reply.events:
            parts += event.parts
            writer.taken(event.parts)
    except CallFailed as failure:
        raise _in_the_callers_words(failure, names) from None
    finally:
        await reply.events.aclose()
    writer.ended()
    yield Event(_encode(writer.message()), tuple(parts))


def _for_the_trace(last: list[Json]) -> tuple[Part, ...]:
    """A response is repeated as a whole at the end of its stream, and is kept as that."""
    response = last[-1].get("response")
    return (Extra({"response": response}, place="answer"),) if response is not None else ()


def _in_the_callers_words(failure: CallFailed, names: Mapping[str, str]) -> CallFailed:
    failure.param = names.get(failure.param or "", failure.param)
    failure.body = b""  # it speaks of a request that the caller did not write
    return failure


def _of_messages(request: Request, target: Target) -> tuple[Json, Callable[[], Writer]]:
    chat = chat_of_messages(request.body, target)
    shows = shows_thinking(request.body)
    reply_id = f"msg_{answer_id(request)}"

    def new_writer() -> Writer:
        return MessageWriter(reply_id=reply_id, model=target.vendor_model, vendor=target.vendor, shows_thinking=shows)

    return chat, new_writer


def _of_responses(request: Request, target: Target) -> tuple[Json, Callable[[], Writer]]:
    chat = chat_of_response(request.body, target)
    created = request.attempt.start_us // 1_000_000 if request.attempt is not None else 0

    # What the caller sees of it: whether it can be gone on with, and what it went on with itself.
    is_kept = request.continues is not None and request.body.get("store") is not False
    shown = {**request.body, "store": is_kept, "previous_response_id": request.continues or None}

    def new_writer() -> Writer:
        return ResponseWriter(f"{OURS}{answer_id(request)}", shown, target, created)

    return chat, new_writer


_MAKERS: Mapping[Operation, Callable[[Request, Target], tuple[Json, Callable[[], Writer]]]] = {
    "messages": _of_messages,
    "responses": _of_responses,
}


def answer_id(request: Request) -> str:
    """What names an answer of ours: nobody else's, and in the trace to be found."""
    return request.caller.trace_id + (request.attempt.span_id if request.attempt is not None else "")
