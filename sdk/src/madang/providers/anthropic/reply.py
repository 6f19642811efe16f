"""A whole answer of Anthropic's as parts, and what a whole answer and a stream have in common.

Source: Anthropic's API reference, "Create a Message"; the type `Message` of its Python client 2.8. OpenAI's message has
no place for these, so they are fields of their own: `thinking_blocks` (with the signatures that the vendor wants back),
`citations`, and `anthropic_content`, all blocks as they came, where their order or kind cannot be told otherwise.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from madang.calls.completion import completion_of
from madang.calls.event import Consumed, Event, Extra, Finished, Part, Reasoning, Started, Text, ToolCall
from madang.providers.anthropic.failures import failure_in, refused_to_answer
from madang.providers.anthropic.usage import MessageUsage
from madang.providers.openai_wire import bad_reply

_FINISH: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_TOLD_APART = frozenset({"stop_sequence", "pause_turn", "model_context_window_exceeded", "refusal"})
_THINKING = frozenset({"thinking", "redacted_thinking"})
_ORDINARY = frozenset({"text", "tool_use", *_THINKING})

Said: TypeAlias = Literal["nothing", "text", "calls"]
"""What a model has said so far; thoughts are not an answer."""

_encode = msgspec.json.Encoder().encode


class Stop(msgspec.Struct):
    """How an answer ended, and what of it OpenAI's shape has no place for."""

    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Any = None
    container: Any = None


class _Message(Stop):
    id: str = ""
    model: str = ""
    content: list[dict[str, Any]] = []
    usage: MessageUsage | None = None
    diagnostics: Any = None
    type: str = ""
    error: Any = None


_decoder = msgspec.json.Decoder(_Message)


def decode_reply(raw: bytes, created: int) -> Event:
    """The one event of an answer that is not streamed. Raises CallFailed, also for a refusal without a word.

    `created`: seconds since the epoch, which the vendor does not tell.
    """
    parts = meaning_of_reply(raw)
    return Event(completion_of(parts, created), parts)


def meaning_of_reply(raw: bytes) -> tuple[Part, ...]:
    """The parts of an answer that is not streamed. Raises CallFailed as `decode_reply` does."""
    try:
        message = _decoder.decode(raw)
    except msgspec.ValidationError:
        raise bad_reply("an answer that is not a message of Anthropic's") from None
    except msgspec.DecodeError:
        raise bad_reply("a body that is not JSON") from None
    if message.type == "error" or message.error is not None:
        raise failure_in(message.error)
    if message.type != "message":
        raise bad_reply("an answer that is not a message of Anthropic's")
    parts: list[Part] = [Started(message.id, message.model)]
    _add_blocks(parts, message.content)
    parts += kept_blocks(message.content)
    add_ending(parts, message, message.usage, message.diagnostics, _said_in(parts))
    return tuple(parts)


def kind_of(block: Mapping[str, Any]) -> str:
    """The block's type, empty where it has none."""
    kind = block.get("type")
    return kind if isinstance(kind, str) else ""


def citations_of(block: Mapping[str, Any]) -> list[Any]:
    """What a block of text cites."""
    citations = block.get("citations")
    return citations if isinstance(citations, list) else []


def tool_call(block: Mapping[str, Any], index: int, arguments: str) -> ToolCall:
    """The call's beginning. What the vendor wants back beside OpenAI's fields goes under its name."""
    own = {name: block[name] for name in ("caller", "toolset_name") if block.get(name)}
    if own.get("caller") == {"type": "direct"}:
        del own["caller"]
    extra = {"anthropic": own} if own else None
    return ToolCall(index, str(block.get("id") or ""), str(block.get("name") or ""), arguments, extra_content=extra)


def kept_blocks(content: list[dict[str, Any]]) -> list[Part]:
    """What has to come back with the next request, and has no place in OpenAI's message. Said once, at the end."""
    fields: dict[str, Any] = {}
    thinking = [block for block in content if kind_of(block) in _THINKING]
    if thinking:
        fields["thinking_blocks"] = thinking
    citations = [citation for block in content for citation in citations_of(block)]
    if citations:
        fields["citations"] = citations
    if not _can_be_put_together_again(content):
        fields["anthropic_content"] = content
    return [Extra(fields)] if fields else []


def add_ending(parts: list[Part], stop: Stop, usage: MessageUsage | None, diagnostics: Any, said: Said) -> None:
    """Adds an answer's last parts.

    Raises CallFailed for a refusal before anything was said, which still used tokens, and for an answer that neither says
    anything nor why it ended: it is one that was cut off.
    """
    aside: dict[str, Any] = {"container": stop.container, "diagnostics": diagnostics}
    if usage is not None:
        parts.append(Consumed(usage.counted()))
        aside["server_tool_use"] = usage.server_tool_use
    reason = stop.stop_reason or ""
    if said == "nothing" and reason == "refusal":
        raise refused_to_answer(stop.stop_details)
    if said == "nothing" and not reason:
        raise bad_reply("an answer without content and without a reason for its end")
    told_aside = {name: value for name, value in aside.items() if _says_something(value)}
    if told_aside:
        parts.append(Extra(told_aside, place="answer"))
    if reason in _TOLD_APART:
        told = {"stop_reason": reason, "stop_sequence": stop.stop_sequence, "stop_details": stop.stop_details}
        parts.append(Extra({name: value for name, value in told.items() if value is not None}, place="choice"))
    parts.append(Finished(_FINISH.get(reason) or ("tool_calls" if said == "calls" else "stop")))


def _add_blocks(parts: list[Part], content: list[dict[str, Any]]) -> None:
    tools = 0
    for block in content:
        kind = kind_of(block)
        if kind == "text" and block.get("text"):
            parts.append(Text(str(block["text"])))
        elif kind == "thinking" and block.get("thinking"):
            parts.append(Reasoning(str(block["thinking"])))
        elif kind == "tool_use":
            parts.append(tool_call(block, tools, _encode(block.get("input") or {}).decode()))
            tools += 1


def _said_in(parts: list[Part]) -> Said:
    if any(isinstance(part, ToolCall) for part in parts):
        return "calls"
    return "text" if any(isinstance(part, Text) for part in parts) else "nothing"


def _says_something(value: Any) -> bool:
    return any(value.values()) if isinstance(value, dict) else bool(value)


def _can_be_put_together_again(content: list[dict[str, Any]]) -> bool:
    """Whether thinking, then text, then tool calls is the order in which the blocks came."""
    ranks = []
    for block in content:
        kind = kind_of(block)
        if kind not in _ORDINARY:
            return False
        ranks.append(0 if kind in _THINKING else 1 if kind == "text" else 2)
    return ranks == sorted(ranks)
