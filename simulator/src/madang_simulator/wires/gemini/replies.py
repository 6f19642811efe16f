"""Shapes Gemini's replies: whole responses, responses of a stream, and cards of models.

Source: Google's Gemini API reference, "GenerateContentResponse" and "Model"; zeros are left out, as Google does.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import msgspec

from madang_simulator.answers import Answer, Choice, ToolCall, Usage
from madang_simulator.asks import ChatAsk
from madang_simulator.prompt_tokens import attached_tokens
from madang_simulator.wires.gemini.model_facts import OUTPUT_LIMIT, version_of
from madang_simulator.wires.gemini.signatures import signature_of
from madang_simulator.wires.wire import Event

Json = dict[str, Any]
_FINISH = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
_CATEGORY = "HARM_CATEGORY_DANGEROUS_CONTENT"


def response(ask: ChatAsk, answer: Answer) -> Json:
    """A whole answer."""
    if answer.is_prompt_blocked:
        return _blocked(ask, answer)
    candidates = [_candidate(index, choice, ask) for index, choice in enumerate(answer.choices)]
    return {"candidates": candidates, "usageMetadata": usage_fields(ask, answer.usage), **_tail(answer)}


def events(ask: ChatAsk, answer: Answer, size: int) -> Iterator[Event]:
    """The same answer as a stream, without an end mark."""
    if answer.is_prompt_blocked:
        yield Event(sse(_blocked(ask, answer)), "closing")
        return
    so_far = {"promptTokenCount": answer.usage.prompt, "totalTokenCount": answer.usage.prompt}
    tail = {"usageMetadata": so_far, **_tail(answer)}
    for row in zip_longest(*(_pieces(choice, ask, size) for choice in answer.choices)):
        for index, piece in enumerate(row):
            if piece is not None:
                part, tokens, logprobs = piece
                candidate: Json = {"content": {"parts": [part], "role": "model"}, "index": index, **logprobs}
                yield Event(sse({"candidates": [candidate], **tail}), "content", tokens)
    for index, choice in enumerate(answer.choices):
        closing = [_closing_part(choice, ask)] if choice.finish != "content_filter" else []
        content: Json = {"content": {"parts": closing, "role": "model"}} if closing else {}
        ended = {**content, "finishReason": _FINISH[choice.finish], "index": index, **_ratings(choice)}
        is_last = index == len(answer.choices) - 1
        counts = usage_fields(ask, answer.usage) if is_last else so_far
        yield Event(sse({"candidates": [ended], "usageMetadata": counts, **_tail(answer)}), "closing")


def sse(fields: object) -> bytes:
    """A server-sent event with the line ends that Google sends."""
    return b"data: " + msgspec.json.encode(fields) + b"\r\n\r\n"


def usage_fields(ask: ChatAsk, usage: Usage) -> Json:
    """usageMetadata: what was thought is counted apart from what was said."""
    said = usage.completion - usage.reasoning
    kinds = {"IMAGE": attached_tokens(ask, "picture"), "AUDIO": attached_tokens(ask, "sound")}
    kinds["TEXT"] = usage.prompt - sum(kinds.values())
    counts = {
        "promptTokenCount": usage.prompt,
        "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": said,
        "totalTokenCount": usage.prompt + usage.completion,
        "thoughtsTokenCount": usage.reasoning,
    }
    details = [{"modality": kind, "tokenCount": count} for kind, count in sorted(kinds.items()) if count > 0]
    return {**{name: count for name, count in counts.items() if count}, "promptTokensDetails": details}


def model_card(name: str, *, is_vertex: bool) -> Json:
    """One entry of the model list."""
    if is_vertex:
        return {"name": f"publishers/google/models/{name}", "versionId": "default", "launchStage": "GA"}
    methods = ["embedContent", "batchEmbedContents"] if "embedding" in name else ["generateContent", "countTokens"]
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": OUTPUT_LIMIT,
        "supportedGenerationMethods": methods,
    }


def _candidate(index: int, choice: Choice, ask: ChatAsk) -> Json:
    parts = [part for part, _, _ in _pieces(choice, ask, max(1, len(choice.pieces) + len(choice.reasoning_pieces)))]
    if _gives_signatures(ask) and not choice.tool_calls and choice.pieces:
        parts[-1] = {**parts[-1], "thoughtSignature": signature_of("".join(choice.pieces))}
    content = {"content": {"parts": parts, "role": "model"}} if parts else {}
    told = {**content, "finishReason": _FINISH[choice.finish], "index": index, **_ratings(choice)}
    return {**told, **_logprobs(choice.pieces, ask.top_logprobs)}


def _pieces(choice: Choice, ask: ChatAsk, size: int) -> Iterator[tuple[Json, int, Json]]:
    """Every part in order, with its tokens and log-probabilities: thoughts, text, calls."""
    for group in _grouped(choice.reasoning_pieces, size):
        yield {"text": "".join(group), "thought": True}, 0, {}
    for group in _grouped(choice.pieces, size):
        yield {"text": "".join(group)}, len(group), _logprobs(group, ask.top_logprobs)
    for position, call in enumerate(choice.tool_calls):
        yield _call(call, ask, is_first=position == 0), len(call.argument_pieces) + 6, {}


def _call(call: ToolCall, ask: ChatAsk, *, is_first: bool) -> Json:
    """A function call; a token limit may have broken off its arguments, which then come empty."""
    text = "".join(call.argument_pieces)
    try:
        args = json.loads(text)
    except ValueError:
        args = {}
    told: Json = {"name": call.name, "args": args}
    if version_of(ask.model) >= (3, 0):
        told = {"id": call.id[:8], **told}
    part: Json = {"functionCall": told}
    return {**part, "thoughtSignature": signature_of(text)} if is_first and _gives_signatures(ask) else part


def _gives_signatures(ask: ChatAsk) -> bool:
    return version_of(ask.model) >= (3, 0) or (ask.shows_reasoning and bool(ask.tools))


def _closing_part(choice: Choice, ask: ChatAsk) -> Json:
    empty: Json = {"text": ""}
    if choice.tool_calls or not _gives_signatures(ask):
        return empty
    return {**empty, "thoughtSignature": signature_of("".join(choice.pieces))}


def _blocked(ask: ChatAsk, answer: Answer) -> Json:
    counts = {"promptTokenCount": answer.usage.prompt, "totalTokenCount": answer.usage.prompt}
    return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": counts, **_tail(answer)}


def _ratings(choice: Choice) -> Json:
    if choice.finish != "content_filter":
        return {}
    return {"safetyRatings": [{"category": _CATEGORY, "probability": "HIGH", "blocked": True}]}


def _tail(answer: Answer) -> Json:
    return {"modelVersion": answer.model, "responseId": answer.id[:22]}


def _grouped(pieces: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (pieces[start : start + size] for start in range(0, len(pieces), size))


def _logprobs(pieces: Sequence[str], top: int | None) -> Json:
    if top is None or not pieces:
        return {}
    chosen = [_token(piece, 0) for piece in pieces]
    tops = [{"candidates": [_token(piece, rank) for rank in range(top)]} for piece in pieces]
    result: Json = {"chosenCandidates": chosen}
    if top:
        result["topCandidates"] = tops
    return {"logprobsResult": result, "avgLogprobs": sum(one["logProbability"] for one in chosen) / len(chosen)}


def _token(piece: str, rank: int) -> Json:
    text = piece if rank == 0 else f" option{rank}"
    digest = hashlib.blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=3).digest()
    return {"token": text, "tokenId": int.from_bytes(digest, "big"), "logProbability": -digest[0] / 512 - 1.5 * rank}
