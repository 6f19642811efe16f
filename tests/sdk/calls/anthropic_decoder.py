"""Just enough of Anthropic's messages wire to prove that events carry it: text, tools, usage, stops and errors."""

from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Finished, Part, Started, Text, ToolCall
from madang.calls.usage import Usage
from madang.errors import CallFailed, FailureReason

_STOPS = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls", "refusal": "content_filter"}
_REASONS: dict[str, FailureReason] = {"overloaded_error": "overloaded", "rate_limit_error": "rate_limited"}


def decode_reply(raw: bytes) -> Event:
    message = msgspec.json.decode(raw)
    parts: list[Part] = [Started(message["id"], message["model"])]
    tools = 0
    for block in message["content"]:
        if block["type"] == "text":
            parts.append(Text(block["text"]))
        else:
            parts.append(ToolCall(tools, block["id"], block["name"], msgspec.json.encode(block["input"]).decode()))
            tools += 1
    parts.append(Consumed(_usage(message["usage"])))
    parts.append(Finished(_STOPS[message["stop_reason"]]))
    return Event(raw, tuple(parts))


class AnthropicMeaning:
    """What the named events of a stream say. Usage comes in two halves: input at the start, output at the end."""

    def __init__(self) -> None:
        self.is_complete = False
        self._tool_of_block: dict[int, int] = {}
        self._usage: dict[str, Any] = {}

    def parts_of(self, data: bytes) -> list[Part]:
        event = msgspec.json.decode(data)
        match event["type"]:
            case "message_start":
                self._usage = event["message"]["usage"]
                return [Started(event["message"]["id"], event["message"]["model"])]
            case "content_block_start" if event["content_block"]["type"] == "tool_use":
                number = self._tool_of_block[event["index"]] = len(self._tool_of_block)
                return [ToolCall(number, event["content_block"]["id"], event["content_block"]["name"])]
            case "content_block_delta" if event["delta"]["type"] == "text_delta":
                return [Text(event["delta"]["text"])]
            case "content_block_delta":
                return [ToolCall(self._tool_of_block[event["index"]], arguments=event["delta"]["partial_json"])]
            case "message_delta":
                self._usage = {**self._usage, **event["usage"]}
                return [Consumed(_usage(self._usage)), Finished(_STOPS[event["delta"]["stop_reason"]])]
            case "message_stop":
                self.is_complete = True
            case "error":
                error = event["error"]
                reason = _REASONS.get(error["type"], "server_error")
                raise CallFailed(error["message"], reason=reason, status=502)
        return []


def _usage(usage: dict[str, Any]) -> Usage:
    cached = usage["cache_read_input_tokens"]
    total = usage["input_tokens"] + cached + usage["cache_creation_input_tokens"]
    return Usage(total, usage["output_tokens"], cached)
