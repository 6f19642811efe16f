"""A model without a vendor, in the process: for tests, examples and dry runs. Its answers follow from the request.

`fake_call()` repeats what it was told; `fake_call(script)` plays one scripted outcome per request: a text, a whole
assistant message (for tool calls), or a failure.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.errors import CallFailed
from madang.providers.openai_wire import StreamDecoder, decode_reply

_encode = msgspec.json.Encoder().encode

Answer: TypeAlias = str | Mapping[str, Any] | CallFailed


class ScriptEnded(AssertionError):
    """There were more requests than the script has answers."""


def fake_call(script: Iterable[Answer] | None = None) -> Call:
    """A call that answers from `script` in order, or echoes the last message when there is none. Raises ScriptEnded."""
    answers: Iterator[Answer] | None = None if script is None else iter(script)

    async def call(request: Request) -> Reply:
        assert request.target is not None
        answer = _echo(request) if answers is None else next(answers, None)
        if answer is None:
            raise ScriptEnded("The fake model was asked once more than it has answers; give it another one.")
        if isinstance(answer, CallFailed):
            raise answer
        if request.operation == "embeddings":
            return Reply(200, {}, "application/json", _whole(_embeddings(request)), request.target)
        message = {"content": answer} if isinstance(answer, str) else dict(answer)
        if request.is_stream:
            return Reply(200, {}, "text/event-stream", _pieces(request, message), request.target)
        return Reply(200, {}, "application/json", _whole(_completion(request, message)), request.target)

    return call


def _echo(request: Request) -> str:
    messages = request.body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    content = last.get("content") if isinstance(last, dict) else ""
    return content if isinstance(content, str) and content else "Hello."


async def _whole(body: bytes) -> Events:
    yield decode_reply(body)


async def _pieces(request: Request, message: dict[str, Any]) -> Events:
    decoder = StreamDecoder(hides_usage=not request.wants_usage)
    for frame in _frames(request, message):
        event = decoder.feed(frame)
        if event is not None:
            yield event


def _frames(request: Request, message: dict[str, Any]) -> Iterator[bytes]:
    common = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 0, "model": _model(request)}

    def frame(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return b"data: " + _encode({**common, "choices": [choice]}) + b"\n\n"

    yield frame({"role": "assistant", "content": ""})
    text = message.get("content") or ""
    if text:
        for number, word in enumerate(text.split(" ")):
            yield frame({"content": f" {word}" if number else word})
    others = {name: value for name, value in message.items() if name not in ("role", "content")}
    if "tool_calls" in others:
        others["tool_calls"] = [{"index": index, **call} for index, call in enumerate(others["tool_calls"])]
    if others:
        yield frame(others)
    yield frame({}, _finish_reason(message))
    yield b"data: " + _encode({**common, "choices": [], "usage": _usage(request, text)}) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _finish_reason(message: dict[str, Any]) -> str:
    return "tool_calls" if message.get("tool_calls") else "stop"


def _completion(request: Request, message: dict[str, Any]) -> bytes:
    told = {"role": "assistant", "content": None, **message}
    choice = {"index": 0, "message": told, "finish_reason": _finish_reason(message)}
    return _encode(
        {
            "id": "chatcmpl-fake",
            "object": "chat.completion",
            "created": 0,
            "model": _model(request),
            "choices": [choice],
            "usage": _usage(request, told["content"] or ""),
        }
    )


def _embeddings(request: Request) -> bytes:
    given = request.body.get("input")
    count = len(given) if isinstance(given, list) else 1
    vectors = [{"object": "embedding", "index": i, "embedding": [0.0, 1.0]} for i in range(count)]
    usage = {"prompt_tokens": count, "total_tokens": count}
    return _encode({"object": "list", "data": vectors, "model": _model(request), "usage": usage})


def _usage(request: Request, text: str) -> dict[str, int]:
    prompt = max(1, len(request.raw) // 4)
    completion = len(text.split())
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _model(request: Request) -> str:
    assert request.target is not None
    return request.target.vendor_model
