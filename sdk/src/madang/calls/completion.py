"""Puts an answer together from its parts, as one OpenAI chat completion: a stream for the trace, and what a vendor with a
wire of its own said for the caller.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from madang.calls.event import Consumed, Extra, Finished, Media, Part, Reasoning, Refusal, Started, Text, ToolCall
from madang.calls.usage import Usage

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Tool:
    call_id: str
    name: str
    arguments: list[str] = field(default_factory=list)
    extra_content: Any = None


@dataclass(slots=True)
class _Answer:
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    tools: list[_Tool] = field(default_factory=list)
    open_tools: dict[int, _Tool] = field(default_factory=dict)
    in_message: dict[str, Any] = field(default_factory=dict)
    in_choice: dict[str, Any] = field(default_factory=dict)
    finish_reason: str | None = None


def completion_of(parts: Iterable[Part], created: int | None = None) -> bytes:
    """A chat completion as JSON; empty when nothing was said. `created`: seconds since the epoch; with it the answer is
    whole, usage included, as a caller expects it.
    """
    answers: dict[int, _Answer] = {}
    head: dict[str, Any] = {}
    tail: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, Started):
            head = {"id": part.reply_id, "model": part.model}
        elif isinstance(part, Consumed):
            tail["usage"] = usage_fields(part.usage)
        elif isinstance(part, Extra) and part.place == "answer":
            tail.update(part.fields)
        elif not isinstance(part, Media):  # an answer of bytes is no completion
            _add(answers.setdefault(part.choice, _Answer()), part)
    if not answers and created is None:
        return b""
    choices = [_choice(index, answer) for index, answer in sorted(answers.items())]
    if created is None:
        return _encode({**head, "object": "chat.completion", "choices": choices})
    return _encode({**head, "object": "chat.completion", "created": created, "choices": choices, **tail})


def usage_fields(usage: Usage) -> dict[str, Any]:
    """Tokens as OpenAI's answers carry them; `cache_write_tokens` is ours, where a vendor reports it."""
    given = usage.input_tokens or 0
    written = usage.output_tokens or 0
    of_input = {
        "cached_tokens": usage.cached_tokens or 0,
        "cache_write_tokens": usage.cache_write_tokens,
        "audio_tokens": usage.audio_input_tokens,
        "image_tokens": usage.image_input_tokens,
    }
    of_output = {
        "reasoning_tokens": usage.reasoning_tokens or 0,
        "audio_tokens": usage.audio_output_tokens,
        "image_tokens": usage.image_output_tokens,
    }
    return {
        "prompt_tokens": given,
        "completion_tokens": written,
        "total_tokens": given + written,
        "prompt_tokens_details": {name: count for name, count in of_input.items() if count is not None},
        "completion_tokens_details": {name: count for name, count in of_output.items() if count is not None},
    }


def joined_extra(into: dict[str, Any], fields: dict[str, Any]) -> None:
    """Adds fields that came in pieces: lists are continued, objects joined in the same way, everything else is replaced."""
    for name, value in fields.items():
        known = into.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            joined = dict(known)
            joined_extra(joined, value)
            into[name] = joined
        else:
            into[name] = [*known, *value] if isinstance(known, list) and isinstance(value, list) else value


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
            if part.extra_content is not None:
                tool.extra_content = part.extra_content
        case Extra():
            joined_extra(answer.in_message if part.place == "message" else answer.in_choice, part.fields)
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
        message["tool_calls"] = [_tool(tool) for tool in answer.tools]
    return {
        "index": index,
        "message": {**message, **answer.in_message},
        "finish_reason": answer.finish_reason,
        **answer.in_choice,
    }


def _tool(tool: _Tool) -> dict[str, Any]:
    call = {
        "id": tool.call_id,
        "type": "function",
        "function": {"name": tool.name, "arguments": "".join(tool.arguments)},
    }
    return call if tool.extra_content is None else {**call, "extra_content": tool.extra_content}
