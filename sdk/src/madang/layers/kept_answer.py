"""An answer that is kept to be given again: put together from its events, and played back, streamed or whole.

A chat that was streamed can be given whole and the other way round. Every other answer is given as it came.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from madang.calls.completion import completion_of, usage_fields
from madang.calls.event import Consumed, Event, Part, Reasoning, Started, Text, ToolCall
from madang.calls.reply import Events, Reply
from madang.calls.target import Target
from madang.providers.openai_wire import StreamDecoder

STREAM = "text/event-stream"

_DONE = b"data: [DONE]"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class KeptAnswer(msgspec.Struct, frozen=True):
    """One whole successful answer, and who gave it. Times are microseconds since the epoch, UTC."""

    status: int
    headers: dict[str, str]
    content_type: str
    raw: bytes
    parts: tuple[Part, ...]
    has_usage: bool  # a stream's usage frame is among `raw`
    kept_us: int
    trace_id: str  # of the call that was paid
    target: str
    vendor: str
    vendor_model: str
    is_simulated: bool
    cost_usd: Decimal | None

    @property
    def is_stream(self) -> bool:
        return self.content_type.startswith(STREAM)

    def answered_by(self) -> Target:
        """The target that answered, as far as a reader may know it."""
        return Target(
            name=self.target, vendor=self.vendor, vendor_model=self.vendor_model, is_simulated=self.is_simulated
        )

    def replayed(self, headers: Mapping[str, str], *, is_stream: bool, wants_usage: bool) -> Reply:
        """The answer once more, as one event. Only a chat may be asked for in the other way than it was given."""
        raw = self.raw
        content_type = self.content_type
        if is_stream and not self.is_stream:
            content_type, raw = STREAM, chunks_of(raw, wants_usage=wants_usage)
        elif self.is_stream and not is_stream:
            content_type, raw = "application/json", completion_of(self.parts, self.kept_us // 1_000_000)
        elif is_stream and wants_usage and not self.has_usage:
            raw = _with_usage(raw, self.parts, self.kept_us // 1_000_000)
        elif is_stream and self.has_usage and not wants_usage:
            shown = StreamDecoder(hides_usage=True).feed(raw)
            raw = shown.raw if shown is not None else b""
        events = _once(Event(raw, self.parts))
        return Reply(self.status, {**self.headers, **headers}, content_type, events, self.answered_by())


def joined_parts(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The same said in fewer pieces: neighbours that continue each other become one."""
    joined: list[Part] = []
    run: list[str] = []
    for part in parts:
        last = joined[-1] if joined else None
        if last is not None and _continues(last, part):
            run.append(_text_of(part))
            continue
        _close(joined, run)
        joined.append(part)
    _close(joined, run)
    return tuple(joined)


def chunks_of(completion: bytes, *, wants_usage: bool) -> bytes:
    """A chat completion as OpenAI's stream, with every field it has: each answer in one piece, then how it ended.

    Source: OpenAI's API reference, "Streaming events" of chat completions.
    """
    body = _decode(completion)
    head = {name: value for name, value in body.items() if name not in ("choices", "usage", "object")}
    head["object"] = "chat.completion.chunk"
    frames: list[dict[str, Any]] = []
    for choice in body.get("choices") or ():
        index = choice.get("index", 0)
        rest = {name: value for name, value in choice.items() if name not in ("index", "message", "finish_reason")}
        said = {"index": index, "delta": _delta(choice.get("message") or {}), **rest, "finish_reason": None}
        frames.append({**head, "choices": [said]})
        end = {"index": index, "delta": {}, "finish_reason": choice.get("finish_reason")}
        frames.append({**head, "choices": [end]})
    if wants_usage and body.get("usage") is not None:
        frames.append({**head, "choices": [], "usage": body["usage"]})
    return b"".join(b"data: " + _encode(frame) + b"\n\n" for frame in frames) + _DONE + b"\n\n"


def _delta(message: Mapping[str, Any]) -> dict[str, Any]:
    delta = {name: value for name, value in message.items() if value is not None}
    if isinstance(delta.get("tool_calls"), list):
        delta["tool_calls"] = [{"index": place, **call} for place, call in enumerate(delta["tool_calls"])]
    return delta


def _with_usage(raw: bytes, parts: Iterable[Part], created: int) -> bytes:
    """The stream with the usage frame that its first caller had not asked for."""
    told = list(parts)
    usage = next((part.usage for part in reversed(told) if isinstance(part, Consumed)), None)
    before, mark, after = raw.rpartition(_DONE)
    if usage is None or not mark:
        return raw
    started = next((part for part in told if isinstance(part, Started)), Started("", ""))
    frame = {
        "id": started.reply_id,
        "object": "chat.completion.chunk",
        "created": created,
        "model": started.model,
        "choices": [],
        "usage": usage_fields(usage),
    }
    return before + b"data: " + _encode(frame) + b"\n\n" + mark + after


def _continues(last: Part, part: Part) -> bool:
    if isinstance(last, ToolCall) and isinstance(part, ToolCall):
        is_same = last.index == part.index and last.choice == part.choice
        return is_same and not part.call_id and not part.name and part.extra_content is None
    if isinstance(last, Text | Reasoning) and isinstance(part, Text | Reasoning):
        return type(last) is type(part) and last.choice == part.choice
    return False


def _text_of(part: Part) -> str:
    if isinstance(part, ToolCall):
        return part.arguments
    return part.text if isinstance(part, Text | Reasoning) else ""


def _close(joined: list[Part], run: list[str]) -> None:
    """Adds what was collected to the last part."""
    if not run:
        return
    last = joined[-1]
    said = _text_of(last) + "".join(run)
    run.clear()
    if isinstance(last, ToolCall):
        joined[-1] = msgspec.structs.replace(last, arguments=said)
    elif isinstance(last, Text | Reasoning):
        joined[-1] = msgspec.structs.replace(last, text=said)


async def _once(event: Event) -> Events:
    yield event
