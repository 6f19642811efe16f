"""Shapes Anthropic's replies: whole messages, the events of a stream, models."""

import json
from collections.abc import Iterator
from typing import Any

from madang_simulator.answers import Answer, Choice
from madang_simulator.asks import ChatAsk
from madang_simulator.wires.anthropic.model_facts import display_name, most_tokens
from madang_simulator.wires.anthropic.thoughts import hidden, signature_of
from madang_simulator.wires.openai_replies import grouped
from madang_simulator.wires.sse import named_sse
from madang_simulator.wires.wire import Event

Json = dict[str, Any]

_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_TOKENS_OF_A_CALL = 6  # its name and frame, as `Choice.tokens` counts them


def message(ask: ChatAsk, answer: Answer) -> Json:
    """A whole message."""
    choice = answer.choices[0]
    return {**_head(answer), "content": _content(ask, choice), **_stop(choice), "usage": _usage(ask, answer)}


def events(ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Iterator[Event]:
    """The same message as a stream."""
    choice = answer.choices[0]
    opening_usage = {**_usage(ask, answer), "output_tokens": 1}
    del opening_usage["output_tokens_details"]
    opening: Json = {
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": opening_usage,
    }
    yield _event("message_start", "opening", message={**_head(answer), **opening})
    blocks = _content(ask, choice)
    for index, block in enumerate(blocks):
        yield _event("content_block_start", "opening", index=index, content_block=_empty(block))
        if index == 0:
            yield _event("ping", "opening")
        for delta, tokens in _deltas(block, choice, ask, tokens_per_chunk):
            yield _event("content_block_delta", "content", tokens, index=index, delta=delta)
        if block["type"] == "thinking":
            delta = {"type": "signature_delta", "signature": block["signature"]}
            yield _event("content_block_delta", "opening", index=index, delta=delta)
        yield _event("content_block_stop", "opening", index=index)
    usage = {
        name: count for name, count in _usage(ask, answer).items() if name not in ("cache_creation", "service_tier")
    }
    yield _event("message_delta", "closing", delta=_stop(choice), usage=usage)
    yield _event("message_stop", "closing")


def model_card(name: str) -> Json:
    """One entry of the model list; the date is the same for all."""
    return {
        "type": "model",
        "id": name,
        "display_name": display_name(name),
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 200_000,
        "max_tokens": most_tokens(name),
    }


def _event(name: str, part: Any, tokens: int = 0, **fields: object) -> Event:
    return Event(named_sse(name, {"type": name, **fields}), part, tokens)


def _head(answer: Answer) -> Json:
    return {"id": f"msg_{answer.id[:24]}", "type": "message", "role": "assistant", "model": answer.model}


def _content(ask: ChatAsk, choice: Choice) -> list[Json]:
    blocks: list[Json] = []
    if choice.reasoning_pieces:
        thinking = "".join(choice.reasoning_pieces)
        if ask.own["redacts_thoughts"]:
            blocks.append({"type": "redacted_thinking", "data": hidden(thinking)})
        else:
            shown = "" if ask.own["hides_thoughts"] else thinking
            blocks.append({"type": "thinking", "thinking": shown, "signature": signature_of(thinking)})
    if choice.pieces:
        blocks.append({"type": "text", "text": "".join(choice.pieces)})
    for call in choice.tool_calls:
        blocks.append(
            {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": _input(call.argument_pieces)}
        )
    return blocks


def _input(pieces: tuple[str, ...]) -> Json:
    """A call's arguments; those of a call that was cut short by max_tokens are left out of a whole message."""
    try:
        decoded = json.loads("".join(pieces))
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _empty(block: Json) -> Json:
    """The block as it stands at its beginning."""
    match block["type"]:
        case "text":
            return {"type": "text", "text": ""}
        case "thinking":
            return {"type": "thinking", "thinking": "", "signature": ""}
        case "tool_use":
            return {**block, "input": {}}
    return block


def _deltas(block: Json, choice: Choice, ask: ChatAsk, size: int) -> Iterator[tuple[Json, int]]:
    """Every content delta of a block, with its tokens."""
    match block["type"]:
        case "thinking" if block["thinking"]:
            for pieces in grouped(choice.reasoning_pieces, size):
                yield {"type": "thinking_delta", "thinking": "".join(pieces)}, len(pieces)
        case "text":
            for pieces in grouped(choice.pieces, size):
                yield {"type": "text_delta", "text": "".join(pieces)}, len(pieces)
        case "tool_use":
            call = next(one for one in choice.tool_calls if block["id"].endswith(one.id))
            yield {"type": "input_json_delta", "partial_json": ""}, _TOKENS_OF_A_CALL
            for pieces in grouped(call.argument_pieces, size):
                yield {"type": "input_json_delta", "partial_json": "".join(pieces)}, len(pieces)


def _stop(choice: Choice) -> Json:
    details = None
    if choice.finish == "content_filter":
        explanation = "This request was declined because it may be related to something harmful."
        details = {"type": "refusal", "category": "general_harms", "explanation": explanation}
    reason = "stop_sequence" if choice.stopped_by is not None else _STOPS[choice.finish]
    return {"stop_reason": reason, "stop_sequence": choice.stopped_by, "stop_details": details}


def _usage(ask: ChatAsk, answer: Answer) -> Json:
    usage = answer.usage
    hour = usage.cache_written if ask.own["keeps_an_hour"] else 0
    return {
        "input_tokens": usage.prompt - usage.cached - usage.cache_written,
        "cache_creation_input_tokens": usage.cache_written,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_written - hour,
            "ephemeral_1h_input_tokens": hour,
        },
        "output_tokens": usage.completion,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "service_tier": "standard",
    }
