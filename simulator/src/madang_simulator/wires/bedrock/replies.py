"""Converse's answers, whole and as the events of a stream.

Shapes: AWS's "Amazon Bedrock Runtime API reference", ConverseResponse and ConverseStreamOutput. Only tool calls announce
themselves with a contentBlockStart; every event is padded by a `p` of varying length, as the real ones are.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from madang_simulator.answers import Answer, Choice
from madang_simulator.asks import ChatAsk
from madang_simulator.wires.anthropic.thoughts import signature_of
from madang_simulator.wires.bedrock.frames import event_frame
from madang_simulator.wires.wire import Event

Json = dict[str, Any]

_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "content_filtered"}
_BLOCKED = "Sorry, the model cannot answer this question."
_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def converse_reply(ask: ChatAsk, answer: Answer) -> Json:
    """The whole answer."""
    choice = answer.choices[0]
    reply: Json = {
        "metrics": {"latencyMs": _latency_ms(answer)},
        "output": {"message": {"content": _blocks(ask, answer, choice), "role": "assistant"}},
        "stopReason": _stop_reason(ask, answer, choice),
        "usage": _usage(answer),
    }
    more = _additional(ask, choice)
    if more:
        reply["additionalModelResponseFields"] = more
    return {**reply, **_beside(ask, answer)}


def converse_events(ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Iterator[Event]:
    """The same answer in pieces."""
    choice = answer.choices[0]
    yield Event(_event("messageStart", {"role": "assistant"}), "opening")
    index = 0
    if choice.reasoning_pieces:
        for pieces in _grouped(choice.reasoning_pieces, tokens_per_chunk):
            yield _delta(index, {"reasoningContent": {"text": "".join(pieces)}}, len(pieces))
        if ask.own["signs"]:
            yield _delta(index, {"reasoningContent": {"signature": _signature(choice)}}, 0)
        yield Event(
            _event("contentBlockStop", {"contentBlockIndex": index}), "closing" if not choice.pieces else "content"
        )
        index += 1
    texts = (_BLOCKED,) if _is_guarded(ask, answer) else choice.pieces
    if texts:
        for pieces in _grouped(texts, tokens_per_chunk):
            yield _delta(index, {"text": "".join(pieces)}, len(pieces))
        yield Event(_event("contentBlockStop", {"contentBlockIndex": index}), "closing")
        index += 1
    for call in choice.tool_calls:
        start = {"toolUse": {"name": call.name, "toolUseId": f"tooluse_{call.id}"}}
        yield Event(_event("contentBlockStart", {"contentBlockIndex": index, "start": start}), "content", 6)
        for pieces in _grouped(call.argument_pieces, tokens_per_chunk):
            yield _delta(index, {"toolUse": {"input": "".join(pieces)}}, len(pieces))
        is_last = call is choice.tool_calls[-1]
        yield Event(_event("contentBlockStop", {"contentBlockIndex": index}), "closing" if is_last else "content")
        index += 1
    stop: Json = {"stopReason": _stop_reason(ask, answer, choice)}
    more = _additional(ask, choice)
    if more:
        stop["additionalModelResponseFields"] = more
    yield Event(_event("messageStop", stop), "closing")
    metadata = {"metrics": {"latencyMs": _latency_ms(answer)}, "usage": _usage(answer), **_beside(ask, answer)}
    yield Event(_event("metadata", metadata), "closing")


def _blocks(ask: ChatAsk, answer: Answer, choice: Choice) -> list[Json]:
    blocks: list[Json] = []
    if choice.reasoning_pieces:
        thought = {"text": "".join(choice.reasoning_pieces)}
        if ask.own["signs"]:
            thought["signature"] = _signature(choice)
        blocks.append({"reasoningContent": {"reasoningText": thought}})
    text = _BLOCKED if _is_guarded(ask, answer) else "".join(choice.pieces)
    if text:
        blocks.append({"text": text})
    for call in choice.tool_calls:
        arguments = "".join(call.argument_pieces)
        # Cut short by the limit, it is no JSON, and the real one gives an empty object too.
        given = msgspec.Raw(arguments.encode()) if choice.finish == "tool_calls" else {}
        blocks.append({"toolUse": {"toolUseId": f"tooluse_{call.id}", "name": call.name, "input": given}})
    return blocks


def _signature(choice: Choice) -> str:
    """A Claude model's, which is good at Anthropic too (Anthropic's "Extended thinking", "Thinking encryption")."""
    return signature_of("".join(choice.reasoning_pieces))


def _stop_reason(ask: ChatAsk, answer: Answer, choice: Choice) -> str:
    if _is_guarded(ask, answer):
        return "guardrail_intervened"
    return "stop_sequence" if choice.stopped_by is not None else _STOPS[choice.finish]


def _is_guarded(ask: ChatAsk, answer: Answer) -> bool:
    """Whether the caller's own guardrail blocked the prompt; it then says its words in the model's place."""
    return answer.is_prompt_blocked and bool(ask.own["guardrail"])


def _additional(ask: ChatAsk, choice: Choice) -> Json:
    return {"stop_sequence": choice.stopped_by} if "/stop_sequence" in ask.own["paths"] else {}


def _beside(ask: ChatAsk, answer: Answer) -> Json:
    fields: Json = {}
    guardrail = ask.own["guardrail"]
    if guardrail and guardrail.get("trace") in ("enabled", "enabled_full"):
        acted = _is_guarded(ask, answer)
        fields["trace"] = {"guardrail": {"actionReason": "Guardrail blocked." if acted else "No action."}}
    if ask.own["tier"]:
        fields["serviceTier"] = ask.own["tier"]
    return fields


def _usage(answer: Answer) -> Json:
    usage = answer.usage
    fields: Json = {
        "cacheReadInputTokens": usage.cached,
        "cacheWriteInputTokens": usage.cache_written,
        "inputTokens": usage.prompt - usage.cached - usage.cache_written,
        "outputTokens": usage.completion,
        "totalTokens": usage.prompt + usage.completion,
    }
    if usage.cache_written:
        fields["cacheDetails"] = [{"inputTokens": usage.cache_written, "ttl": "5m"}]
    return fields


def _latency_ms(answer: Answer) -> int:
    return 200 + answer.usage.completion


def _delta(index: int, delta: Json, tokens: int) -> Event:
    return Event(_event("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}), "content", tokens)


def _event(kind: str, fields: Json) -> bytes:
    payload = msgspec.json.encode(fields)
    padding = _PADDING[: 1 + len(payload) * 7 % len(_PADDING)]
    return event_frame(kind, payload[:-1] + b',"p":"' + padding.encode() + b'"}')


def _grouped(pieces: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (pieces[start : start + size] for start in range(0, len(pieces), size))
