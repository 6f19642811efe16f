"""What Converse answers, as parts: a whole answer, and what whole answers and streams have in common.

Source: AWS's "Amazon Bedrock Runtime API reference", ConverseResponse, ContentBlock, TokenUsage.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from madang.calls.event import Consumed, Extra, Finished, Part, Reasoning, Started, Text, ToolCall
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.bedrock.chat_request import ANSWER_TOOL
from madang.providers.bedrock.failures import failure_in
from madang.providers.openai_wire import bad_reply

_FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "stop",
    "malformed_tool_use": "stop",
}
_ORDINARY = frozenset({"end_turn", "tool_use", "max_tokens", ""})
_MALFORMED = frozenset({"malformed_model_output", "malformed_tool_use"})
_encode = msgspec.json.Encoder().encode


class CacheDetail(msgspec.Struct, rename="camel"):
    ttl: str = ""
    input_tokens: int = 0


class TokenUsage(msgspec.Struct, rename="camel"):
    """`input_tokens` counts neither what was read from the cache nor what was written into it."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    cache_details: list[CacheDetail] | None = None


class Typed(msgspec.Struct, rename="camel"):
    type: str = ""


class ToolUse(msgspec.Struct, rename="camel"):
    tool_use_id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")
    type: str | None = None


class ReasoningText(msgspec.Struct, rename="camel"):
    text: str = ""
    signature: str | None = None


class ReasoningContent(msgspec.Struct, rename="camel"):
    reasoning_text: ReasoningText | None = None
    redacted_content: str | None = None


class _Piece(msgspec.Struct, rename="camel"):
    text: str = ""


class _Cited(msgspec.Struct, rename="camel"):
    content: list[_Piece] = []
    citations: list[dict[str, Any]] = []


class ImageSource(msgspec.Struct, rename="camel"):
    bytes: str | None = None


class Image(msgspec.Struct, rename="camel"):
    format: str = "png"
    source: ImageSource | None = None


class _Block(msgspec.Struct, rename="camel"):
    text: str | None = None
    tool_use: ToolUse | None = None
    reasoning_content: ReasoningContent | None = None
    citations_content: _Cited | None = None
    image: Image | None = None


class _Message(msgspec.Struct, rename="camel"):
    content: list[msgspec.Raw] = []


class _Output(msgspec.Struct, rename="camel"):
    message: _Message | None = None


class _Answer(msgspec.Struct, rename="camel"):
    output: _Output | None = None
    stop_reason: str = ""
    usage: TokenUsage | None = None
    trace: dict[str, Any] | None = None
    additional_model_response_fields: Any = None
    service_tier: Typed | None = None


_answer_decoder = msgspec.json.Decoder(_Answer)
_block_decoder = msgspec.json.Decoder(_Block)


def parts_of(raw: bytes, *, reply_id: str, model: str, is_by_tool: bool) -> tuple[Part, ...]:
    """The parts of a whole answer. Raises CallFailed for what is none, and for one that was blocked before it began.

    `is_by_tool`: the answer is the input of the tool that was made for it.
    """
    try:
        answer = _answer_decoder.decode(raw)
    except msgspec.DecodeError:
        raise bad_reply("a body that is not Converse's JSON") from None
    if answer.output is None or answer.output.message is None:
        raise failure_in(raw) or bad_reply("an answer without a message")
    parts: list[Part] = [Started(reply_id, model)]
    tools = 0
    for block in answer.output.message.content:
        for part in _parts_of_block(block, tools, is_by_tool=is_by_tool):
            tools += isinstance(part, ToolCall)
            parts.append(part)
    check_begun(answer.stop_reason, answer.trace, has_begun=len(parts) > 1)
    parts += answer_fields(answer.trace, answer.additional_model_response_fields, answer.service_tier)
    parts += ending(answer.stop_reason, has_calls=tools > 0)
    if answer.usage is not None:
        parts.append(Consumed(usage_of(answer.usage)))
    return tuple(parts)


def ending(stop_reason: str, *, has_calls: bool) -> Iterator[Part]:
    """Why the answer ended, in OpenAI's word, and in Bedrock's where that says more.

    Where the tool that was called is only the way to answer, the answer has stopped.
    """
    if stop_reason not in _ORDINARY:
        yield Extra({"stop_reason": stop_reason}, place="choice")
    word = _FINISHES.get(stop_reason, "stop")
    yield Finished("stop" if word == "tool_calls" and not has_calls else word)


def check_begun(stop_reason: str, trace: dict[str, Any] | None, *, has_begun: bool) -> None:
    """Raises CallFailed when an answer ends before it has begun because it was blocked or came to nothing."""
    if has_begun:
        return
    if _FINISHES.get(stop_reason) == "content_filter":
        by = "a guardrail" if stop_reason == "guardrail_intervened" else "the model's content filter"
        why = _reason_in(trace)
        raise CallFailed(
            f"Bedrock blocked the answer by {by} ({stop_reason}){f': {why}' if why else ''}.",
            reason="content_filter",
            status=400,
            code="content_filter",
        )
    if not stop_reason:
        raise bad_reply("an answer without content and without a reason for its end")
    if stop_reason in _MALFORMED:
        raise bad_reply(f"no answer, because what the model said could not be read ({stop_reason})")


def answer_fields(trace: Any, more: Any, tier: Typed | None) -> Iterator[Part]:
    """What stands beside the message and has no place in OpenAI's shape; only what was asked for."""
    fields: dict[str, Any] = {}
    if tier is not None and tier.type not in ("", "default"):
        fields["service_tier"] = tier.type
    if trace:
        fields["trace"] = trace
    if more:
        fields["additionalModelResponseFields"] = more
    if fields:
        yield Extra(fields, place="answer")


def usage_of(usage: TokenUsage) -> Usage:
    read, written = usage.cache_read_input_tokens, usage.cache_write_input_tokens
    hour = sum(each.input_tokens for each in usage.cache_details or () if each.ttl == "1h")
    given = None if usage.input_tokens is None else usage.input_tokens + (read or 0) + (written or 0)
    return Usage(
        given,
        usage.output_tokens,
        cached_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=hour or None,
    )


def thought(text: str, signature: str | None) -> Extra:
    """A thought as it has to come back in the next request."""
    block: dict[str, Any] = {"type": "thinking", "thinking": text}
    if signature:
        block["signature"] = signature
    return Extra({"thinking_blocks": [block]})


def redacted(content: str) -> Extra:
    return Extra({"thinking_blocks": [{"type": "redacted_thinking", "data": content}]})


def picture(form: str, content: str) -> Extra:
    url = f"data:image/{form};base64,{content}"
    return Extra({"images": [{"type": "image_url", "image_url": {"url": url}}]})


def unknown(block: Any) -> Extra:
    """What we do not know, and a vendor's own tools with their results, are shown as they are."""
    return Extra({"bedrock_content": [block]})


def _parts_of_block(raw: msgspec.Raw, tools: int, *, is_by_tool: bool) -> Iterator[Part]:
    try:
        block = _block_decoder.decode(raw)
    except msgspec.ValidationError:
        yield unknown(raw)
        return
    if block.text is not None:
        if block.text:
            yield Text(block.text)
    elif block.tool_use is not None and block.tool_use.type is None:
        call = block.tool_use
        arguments = bytes(call.input).decode()
        if is_by_tool and call.name == ANSWER_TOOL:
            yield Text(arguments)
        else:
            yield ToolCall(tools, call.tool_use_id, call.name, arguments)
    elif block.reasoning_content is not None:
        reasoning = block.reasoning_content
        if reasoning.reasoning_text is not None:
            if reasoning.reasoning_text.text:
                yield Reasoning(reasoning.reasoning_text.text)
            yield thought(reasoning.reasoning_text.text, reasoning.reasoning_text.signature)
        elif reasoning.redacted_content is not None:
            yield redacted(reasoning.redacted_content)
    elif block.citations_content is not None:
        text = "".join(piece.text for piece in block.citations_content.content)
        if text:
            yield Text(text)
        if block.citations_content.citations:
            yield Extra({"citations": block.citations_content.citations})
    elif block.image is not None and block.image.source is not None and block.image.source.bytes:
        yield picture(block.image.format, block.image.source.bytes)
    else:
        yield unknown(msgspec.json.decode(raw))


def _reason_in(trace: dict[str, Any] | None) -> str:
    """The guardrail's own word for why, where the caller had its trace switched on."""
    guardrail = trace.get("guardrail") if trace else None
    reason = guardrail.get("actionReason") if isinstance(guardrail, dict) else None
    return reason.rstrip(".") if isinstance(reason, str) else ""
