"""Shapes OpenAI's replies as plain JSON values: whole completions, stream chunks, embeddings, models."""

import base64
import hashlib
import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, Literal, NamedTuple

from madang_simulator.answers import Answer, Choice, Usage
from madang_simulator.asks import ChatAsk, EmbeddingAsk
from madang_simulator.embeddings import embed
from madang_simulator.prompt_tokens import attached_tokens

Json = dict[str, Any]


class Chunk(NamedTuple):
    """One chunk of a stream; `tokens` of the answer are in it."""

    fields: Json
    part: Literal["opening", "content", "closing"]
    tokens: int = 0


def completion(ask: ChatAsk, answer: Answer) -> Json:
    """A whole chat completion."""
    return {
        **_head(answer, "chat.completion"),
        "choices": [_choice(index, choice, ask) for index, choice in enumerate(answer.choices)],
        "usage": usage_fields(ask, answer.usage),
    }


def chunks(ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Iterator[Chunk]:
    """The chunks of a streamed completion: roles, content of all choices in turn, finish, usage if asked for."""
    head = _head(answer, "chat.completion.chunk")
    unknown_usage: Json = {"usage": None} if ask.stream_usage else {}

    def chunk(index: int, delta: Json, *, finish: str | None = None, logprobs: Json | None = None) -> Json:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return {**head, "choices": [choice], **unknown_usage}

    for index, choice in enumerate(answer.choices):
        content = None if choice.tool_calls else ""
        yield Chunk(chunk(index, {"role": "assistant", "content": content, "refusal": None}), "opening")
    for row in zip_longest(*(_deltas(choice, ask, tokens_per_chunk) for choice in answer.choices)):
        for index, piece in enumerate(row):
            if piece is not None:
                delta, tokens, logprobs = piece
                yield Chunk(chunk(index, delta, logprobs=logprobs), "content", tokens)
    for index, choice in enumerate(answer.choices):
        yield Chunk(chunk(index, {}, finish=choice.finish), "closing")
    if ask.stream_usage:
        yield Chunk({**head, "choices": [], "usage": usage_fields(ask, answer.usage)}, "closing")


def usage_fields(ask: ChatAsk, usage: Usage) -> Json:
    """Token counts as replies carry them."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": attached_tokens(ask, "sound")},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def embedding_list(ask: EmbeddingAsk, model: str) -> Json:
    """A vector for each input, as numbers or as base64 of little-endian 32-bit floats."""
    entries = []
    for index, text in enumerate(ask.inputs):
        vector = embed(text, ask.dimensions)
        if ask.base64 and sys.byteorder == "big":
            vector.byteswap()
        value = base64.b64encode(vector.tobytes()).decode() if ask.base64 else vector.tolist()
        entries.append({"object": "embedding", "index": index, "embedding": value})
    tokens = {"prompt_tokens": ask.input_tokens, "total_tokens": ask.input_tokens}
    return {"object": "list", "data": entries, "model": model, "usage": tokens}


def model_card(name: str) -> Json:
    """One entry of the model list; the date is the same for all."""
    return {"id": name, "object": "model", "created": 1_735_689_600, "owned_by": "madang-simulator"}


def _head(answer: Answer, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{answer.id[:29]}",
        "object": kind,
        "created": answer.created,
        "model": answer.model,
        "service_tier": "default",
        "system_fingerprint": "fp_" + hashlib.blake2b(answer.model.encode(), digest_size=5).hexdigest(),
    }


def _choice(index: int, choice: Choice, ask: ChatAsk) -> Json:
    message: Json = {"role": "assistant", "content": "".join(choice.pieces), "refusal": None, "annotations": []}
    if choice.reasoning_pieces:
        message["reasoning_content"] = "".join(choice.reasoning_pieces)
    if choice.tool_calls:
        message["content"] = None
        message["tool_calls"] = [
            {
                "id": f"call_{call.id}",
                "type": "function",
                "function": {"name": call.name, "arguments": "".join(call.argument_pieces)},
            }
            for call in choice.tool_calls
        ]
    return {
        "index": index,
        "message": message,
        "logprobs": _logprobs(choice.pieces, ask.top_logprobs),
        "finish_reason": choice.finish,
    }


def _deltas(choice: Choice, ask: ChatAsk, size: int) -> Iterator[tuple[Json, int, Json | None]]:
    """Every content delta of a choice, with its tokens and their log-probabilities."""
    for pieces in grouped(choice.reasoning_pieces, size):
        yield {"content": None, "reasoning_content": "".join(pieces)}, len(pieces), None
    for pieces in grouped(choice.pieces, size):
        yield {"content": "".join(pieces)}, len(pieces), _logprobs(pieces, ask.top_logprobs)
    for index, call in enumerate(choice.tool_calls):
        opening = {"name": call.name, "arguments": ""}
        yield (
            {"tool_calls": [{"index": index, "id": f"call_{call.id}", "type": "function", "function": opening}]},
            6,
            None,
        )
        for pieces in grouped(call.argument_pieces, size):
            yield {"tool_calls": [{"index": index, "function": {"arguments": "".join(pieces)}}]}, len(pieces), None


def grouped(pieces: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """`pieces` in groups of `size`, the last one perhaps smaller."""
    return (pieces[start : start + size] for start in range(0, len(pieces), size))


def _logprobs(pieces: Sequence[str], top: int | None) -> Json | None:
    if top is None or not pieces:
        return None
    return {"content": token_logprobs(pieces, top), "refusal": None}


def token_logprobs(pieces: Sequence[str], top: int) -> list[Json]:
    """Log-probabilities of the pieces, each with those of `top` options."""
    return [_token_logprob(piece, top) for piece in pieces]


def _token_logprob(piece: str, top: int) -> Json:
    first = hashlib.blake2b(piece.encode(), digest_size=1).digest()[0] / 512
    options = [(piece, -first), *((f" option{rank}", -first - 1.5 * rank) for rank in range(1, top))][:top]
    return {
        "token": piece,
        "logprob": -first,
        "bytes": list(piece.encode()),
        "top_logprobs": [{"token": text, "logprob": value, "bytes": list(text.encode())} for text, value in options],
    }
