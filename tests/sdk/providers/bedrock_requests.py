"""Requests to Bedrock deployments as the bodies that would be sent, and its answers as it would send them."""

import itertools
import json
from functools import lru_cache
from typing import Any

import msgspec
import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from tests.sdk.request_builder import target

from madang.calls.event import Part
from madang.errors import CallFailed
from madang.providers.bedrock.chat_request import encode_body
from madang.providers.bedrock.chat_stream import ConverseReader
from madang.providers.openai_chunks import ChunkWriter
from madang.providers.remote_file import RemoteFile
from madang_simulator.wires.bedrock.frames import event_frame, exception_frame

CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"  # is given a budget to think
NEWER = "us.anthropic.claude-opus-4-6-v1"  # is told an effort
OLDEST = "anthropic.claude-3-haiku-20240307-v1:0"  # knows no structured output
NOVA = "amazon.nova-lite-v1:0"
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
WEATHER_SPEC: dict[str, Any] = {
    "toolSpec": {
        "name": "weather",
        "description": "Tells the weather.",
        "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
}


def sent(
    *, model: str = CLAUDE, limit: int | None = None, files: dict[str, RemoteFile] | None = None, **body: Any
) -> dict[str, Any]:
    """What Converse is sent, as JSON."""
    to = target("east", vendor="bedrock", vendor_model=model, max_output_tokens=limit)
    given = {"messages": [{"role": "user", "content": "hi"}], **body}
    decoded: dict[str, Any] = json.loads(encode_body(given, to, files or {}))
    shape = _service_model().operation_model("Converse").input_shape
    report = ParamValidator().validate({**decoded, "modelId": model}, shape)
    assert not report.has_errors(), report.generate_report()
    return decoded


@lru_cache(maxsize=1)
def _service_model() -> Any:
    """AWS's own description of the API, to which every body sent here is held."""
    return get_session().get_service_model("bedrock-runtime")


def turns(*messages: dict[str, Any], **body: Any) -> Any:
    return sent(messages=list(messages), **body)["messages"]


def user_blocks(*parts: dict[str, Any], **body: Any) -> Any:
    """What the parts of one user's message are sent as."""
    return turns({"role": "user", "content": list(parts)}, **body)[0]["content"]


def refused(**fields: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        sent(**fields)
    assert (caught.value.reason, caught.value.status) == ("invalid_request", 400)
    return caught.value


def event(kind: str, **fields: Any) -> bytes:
    return event_frame(kind, msgspec.json.encode({**fields, "p": "abc"}))


def exception(kind: str, **fields: Any) -> bytes:
    return exception_frame(kind, msgspec.json.encode(fields))


def delta(index: int = 0, **fields: Any) -> bytes:
    return event("contentBlockDelta", contentBlockIndex=index, delta=fields)


def stopped(index: int = 0) -> bytes:
    return event("contentBlockStop", contentBlockIndex=index)


def ended(reason: str = "end_turn", **usage: int) -> bytes:
    counts = {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7, **usage}
    return event("messageStop", stopReason=reason) + event("metadata", usage=counts, metrics={"latencyMs": 9})


STARTED = event("messageStart", role="assistant")
TEXT_STREAM = STARTED + delta(text="A ") + delta(text="courtyard.") + stopped() + ended()
TOOL_STREAM = (
    STARTED
    + delta(text="Let me see.")
    + stopped()
    + event("contentBlockStart", contentBlockIndex=1, start={"toolUse": {"toolUseId": "t1", "name": "weather"}})
    + delta(1, toolUse={"input": '{"city":'})
    + delta(1, toolUse={"input": '"Jeju"}'})
    + stopped(1)
    + event("contentBlockStart", contentBlockIndex=2, start={"toolUse": {"toolUseId": "t2", "name": "clock"}})
    + delta(2, toolUse={"input": ""})
    + stopped(2)
    + ended("tool_use")
)
THINKING_STREAM = (
    STARTED
    + delta(reasoningContent={"text": "Let me "})
    + delta(reasoningContent={"text": "think."})
    + delta(reasoningContent={"signature": "c2ln"})
    + stopped()
    + delta(1, reasoningContent={"redactedContent": "aGlkZGVu"})
    + stopped(1)
    + delta(2, text="Done.")
    + stopped(2)
    + ended()
)
ERROR_STREAM = STARTED + delta(text="First") + exception("throttlingException", message="Too many requests")


class Said:
    """What a stream gave: the caller's bytes, the parts, and the failure after them."""

    def __init__(self, raw: bytes, parts: list[Part], failure: CallFailed | None) -> None:
        self.raw, self.parts, self.failure = raw, parts, failure

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, Said)
        return (self.raw, self.parts, str(self.failure)) == (other.raw, other.parts, str(other.failure))

    @property
    def chunks(self) -> list[dict[str, Any]]:
        frames = [frame.removeprefix(b"data: ") for frame in self.raw.split(b"\n\n") if frame]
        return [json.loads(frame) for frame in frames if frame != b"[DONE]"]


def read(*reads: bytes, wants_usage: bool = False, is_by_tool: bool = False) -> Said:
    """The stream that arrives in these network reads."""
    writer = ChunkWriter(reply_id="c1", model=CLAUDE, created=7, wants_usage=wants_usage)
    reader = ConverseReader(writer, reply_id="c1", model=CLAUDE, is_by_tool=is_by_tool)
    raw = b""
    parts: list[Part] = []
    for data in (*reads, None):
        found = reader.end() if data is None else reader.feed(data)
        if found is not None:
            raw += found.raw
            parts += found.parts
        if reader.failure is not None or reader.is_done:
            break
    return Said(raw, parts, reader.failure)


def cut(stream: bytes, *edges: int) -> list[bytes]:
    places = sorted({0, len(stream), *edges})
    return [stream[start:end] for start, end in itertools.pairwise(places)]
