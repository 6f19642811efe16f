"""Puts a streamed answer back together, in the shape in which it would have come unstreamed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from madang.calls.event import Finished, Part, Reasoning, Refusal, Started, Text, ToolCall

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Answer:
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    tool_calls: dict[int, dict[str, Any]] = field(default_factory=dict)
    finish_reason: str | None = None


def completion_of(parts: Iterable[Part]) -> bytes:
    """A chat completion as JSON, from the parts of its stream; empty when nothing was said."""
    answers: dict[int, _Answer] = {}
    head: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, Started):
            head = {"id": part.reply_id, "model": part.model}
        elif not hasattr(part, "choice"):
            continue
        else:
            _add(answers.setdefault(part.choice, _Answer()), part)
    if not answers:
        return b""
    choices = [_choice(index, answer) for index, answer in sorted(answers.items())]
    return _encode({**head, "object": "chat.completion", "choices": choices})


def _add(answer: _Answer, part: Part) -> None:
    match part:
        case Text():
            answer.text.append(part.text)
        case Reasoning():
            answer.reasoning.append(part.text)
        case Refusal():
            answer.refusal.append(part.text)
        case ToolCall():
            call = answer.tool_calls.setdefault(part.index, {"id": "", "name": "", "arguments": []})
            call["id"] = call["id"] or part.call_id
            call["name"] = call["name"] or part.name
            call["arguments"].append(part.arguments)
        case Finished():
            answer.finish_reason = part.reason
        case _:
            pass


def _choice(index: int, answer: _Answer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(answer.text) if answer.text else None}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    if answer.refusal:
        message["refusal"] = "".join(answer.refusal)
    if answer.tool_calls:
        message["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": "".join(call["arguments"])},
            }
            for _, call in sorted(answer.tool_calls.items())
        ]
    return {"index": index, "message": message, "finish_reason": answer.finish_reason}
