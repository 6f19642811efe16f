"""Just enough of Gemini's generateContent wire to prove that events carry it: text, tools, usage, stops and errors."""

from typing import Any

import msgspec

from madang.calls.event import Consumed, Event, Finished, Part, Started, Text, ToolCall
from madang.calls.usage import Usage
from madang.errors import CallFailed, FailureReason

_SAFETY = frozenset({"SAFETY", "PROHIBITED_CONTENT", "RECITATION"})
_REASONS: dict[str, FailureReason] = {"UNAVAILABLE": "overloaded", "RESOURCE_EXHAUSTED": "rate_limited"}


def decode_reply(raw: bytes) -> Event:
    return Event(raw, tuple(GeminiMeaning().parts_of(raw)))


class GeminiMeaning:
    """What one `GenerateContentResponse` says; a stream is several of them, without a mark at its end."""

    def __init__(self) -> None:
        self.is_complete = False
        self._has_started = False
        self._tools = 0

    def parts_of(self, data: bytes) -> list[Part]:
        response = msgspec.json.decode(data)
        if "error" in response:
            error = response["error"]
            raise CallFailed(
                error["message"], reason=_REASONS.get(error["status"], "server_error"), status=error["code"]
            )
        parts: list[Part] = []
        if not self._has_started:
            self._has_started = True
            parts.append(Started(response["responseId"], response["modelVersion"]))
        for candidate in response.get("candidates", ()):
            parts += self._candidate(candidate)
        if "usageMetadata" in response:
            parts.append(Consumed(_usage(response["usageMetadata"])))
        if "promptFeedback" in response:  # blocked before anything was said, with status 200
            self.is_complete = True
            parts.append(Finished("content_filter"))
        return parts

    def _candidate(self, candidate: dict[str, Any]) -> list[Part]:
        parts: list[Part] = []
        for piece in candidate.get("content", {}).get("parts", ()):
            if "text" in piece:
                parts.append(Text(piece["text"], candidate["index"]))
            else:
                call = piece["functionCall"]
                arguments = msgspec.json.encode(call["args"]).decode()
                parts.append(ToolCall(self._tools, f"call_{self._tools}", call["name"], arguments))
                self._tools += 1
        reason = candidate.get("finishReason")
        if reason:
            self.is_complete = True
            said = "content_filter" if reason in _SAFETY else "tool_calls" if self._tools else "stop"
            parts.append(Finished(said, candidate["index"]))
        return parts


def _usage(usage: dict[str, Any]) -> Usage:
    thoughts = usage.get("thoughtsTokenCount")
    answered = usage.get("candidatesTokenCount")
    output = None if answered is None else answered + (thoughts or 0)
    return Usage(usage["promptTokenCount"], output, usage.get("cachedContentTokenCount"), thoughts)
