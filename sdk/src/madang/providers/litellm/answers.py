"""LiteLLM's answers as OpenAI's bytes, and what they mean.

LiteLLM gives objects with many fields that OpenAI does not have, most of them empty; what is empty is left out.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Finished, Part
from madang.providers.openai_wire import StreamDecoder, bad_reply, decode_reply, has_said

_encode = msgspec.json.Encoder(enc_hook=str).encode


def whole_answer(answer: Any) -> Event:
    """The one event of an answer to chat or embeddings. Raises CallFailed for one that was blocked."""
    return decode_reply(_encode(_dumped(answer)))


class ChunkReader:
    """Turns LiteLLM's chunks into events with OpenAI's frames, as `openai_wire.StreamDecoder` reads them.

    `is_usage_told`: whether the vendor reported usage; where it does not, LiteLLM counts by itself and does not say so.
    """

    __slots__ = ("_decoder", "_has_spoken", "_is_usage_told", "_vendor")

    def __init__(self, vendor: str, *, wants_usage: bool, is_usage_told: Callable[[], bool]) -> None:
        self._is_usage_told = is_usage_told
        self._decoder = StreamDecoder(hides_usage=not wants_usage)
        self._vendor = vendor
        self._has_spoken = False

    @property
    def has_spoken(self) -> bool:
        """Whether something has left that cannot be taken back."""
        return self._has_spoken

    def feed(self, chunk: Any) -> Event | None:
        """Raises CallFailed for an answer that was blocked, or ended, before it began."""
        fields = _dumped(chunk)
        usage = fields.pop("usage", None)
        frames = [] if usage and not _says_anything(fields) else [fields]
        if usage:  # in a frame of its own, as OpenAI sends it, so that it can be left out
            frames.append({**fields, "choices": [], "usage": usage})
        event = self._decoder.feed(b"".join(b"data: %b\n\n" % _encode(frame) for frame in frames))
        if self._decoder.failure is not None:
            raise self._decoder.failure
        if event is not None and usage and not self._is_usage_told():
            event = Event(event.raw, tuple(_estimated(part) for part in event.parts))
        if event is not None and not self._has_spoken:
            self._has_spoken = has_said(event.parts)
            if not self._has_spoken:
                _check_empty(event, self._vendor)
        return event

    def end(self) -> Event | None:
        """The last event. Raises CallFailed(stream_cut) when the answer was not complete."""
        last = self._decoder.feed(b"data: [DONE]\n\n") if self._decoder.is_complete else self._decoder.end()
        if self._decoder.failure is not None:
            raise self._decoder.failure
        return last


def is_usage_told(stream: Any) -> bool:
    """Whether one of the chunks that LiteLLM has read so far came with usage."""
    read = getattr(stream, "chunks", None)
    if not isinstance(read, list):
        return True
    return any(
        getattr(each, "usage", None) or "usage" in (getattr(each, "_hidden_params", None) or ()) for each in read
    )


def dumped_bytes(answer: Any) -> bytes:
    """An answer that is neither chat nor vectors, as JSON."""
    return _encode(_dumped(answer))


def _estimated(part: Part) -> Part:
    return Consumed(msgspec.structs.replace(part.usage, is_estimated=True)) if isinstance(part, Consumed) else part


def _says_anything(fields: dict[str, Any]) -> bool:
    return any(choice.get("finish_reason") or choice.get("delta") for choice in fields.get("choices") or ())


def _dumped(answer: Any) -> dict[str, Any]:
    fields: dict[str, Any] = answer.model_dump(exclude_none=True)
    for choice in fields.get("choices") or ():
        for part in (choice, choice.get("message"), choice.get("delta")):
            if isinstance(part, dict) and part.get("provider_specific_fields") == {}:
                del part["provider_specific_fields"]
        # LiteLLM gets JSON of some models by a tool that it takes out again, but for this trace of it.
        if choice.get("finish_reason") == "tool_calls" and "message" in choice:
            choice["finish_reason"] = "tool_calls" if choice["message"].get("tool_calls") else "stop"
    details = (fields.get("usage") or {}).get("prompt_tokens_details")
    if isinstance(details, dict) and details.get("cache_creation_tokens"):
        details["cache_write_tokens"] = details["cache_creation_tokens"]
    return fields


def _check_empty(event: Event, vendor: str) -> None:
    """LiteLLM makes an empty answer of a stream that it could not read."""
    if any(part.reason == "stop" for part in event.parts if isinstance(part, Finished)):
        raise bad_reply(f"a stream without an answer ({vendor})")
