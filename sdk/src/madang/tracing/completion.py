"""Puts a streamed answer back together, in the shape in which it would have come unstreamed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from madang.calls.event import Finished, Part, Reasoning, Refusal, Started, Text, ToolCall

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Tool:
    call_id: str
    name: str
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Answer:
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    tools: list[_Tool] = field(default_factory=list)
    open_tools: dict[int, _Tool] = field(default_factory=dict)
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
            tool = _tool_of(answer, part)
            tool.name = tool.name or part.name
            tool.arguments.append(part.arguments)
        case Finished():
            answer.finish_reason = part.reason
        case _:
            pass


def _tool_of(answer: _Answer, part: ToolCall) -> _Tool:
    """The call that this is a piece of. Some vendors give every call index 0; a new id then begins a new call."""
    tool = answer.open_tools.get(part.index)
    if tool is None or (part.call_id and tool.call_id and part.call_id != tool.call_id):
        tool = answer.open_tools[part.index] = _Tool(part.call_id, part.name)
        answer.tools.append(tool)
    tool.call_id = tool.call_id or part.call_id
    return tool


def _choice(index: int, answer: _Answer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(answer.text) if answer.text else None}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    if answer.refusal:
        message["refusal"] = "".join(answer.refusal)
    if answer.tools:
        message["tool_calls"] = [
            {
                "id": tool.call_id,
                "type": "function",
                "function": {"name": tool.name, "arguments": "".join(tool.arguments)},
            }
            for tool in answer.tools
        ]
    return {"index": index, "message": message, "finish_reason": answer.finish_reason}
