"""A model without a vendor, in the process: for tests, examples and dry runs. Its answers follow from the request.

`fake_call()` repeats what it was told; `fake_call(script)` plays one scripted outcome per call: text, or a failure.
"""

from collections.abc import Iterable, Iterator

import msgspec

from madang.calls.reply import Call, Events, Reply
from madang.calls.request import Request
from madang.errors import CallFailed
from madang.providers.openai_wire import StreamDecoder, decode_reply

_encode = msgspec.json.Encoder().encode


def fake_call(script: Iterable[str | CallFailed] | None = None) -> Call:
    """A call that answers from `script` in order, or echoes the last message when there is none."""
    outcomes: Iterator[str | CallFailed] | None = None if script is None else iter(script)

    async def call(request: Request) -> Reply:
        assert request.target is not None
        outcome = _echo(request) if outcomes is None else next(outcomes)
        if isinstance(outcome, CallFailed):
            raise outcome
        if request.operation == "embeddings":
            events = _whole(_embeddings(request))
        else:
            events = _pieces(request, outcome) if request.is_stream else _whole(_completion(request, outcome))
        kind = "text/event-stream" if request.is_stream else "application/json"
        return Reply(200, {}, kind, events, request.target)

    return call


def _echo(request: Request) -> str:
    messages = request.body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    content = last.get("content") if isinstance(last, dict) else ""
    return content if isinstance(content, str) and content else "Hello."


async def _whole(body: bytes) -> Events:
    yield decode_reply(body)


async def _pieces(request: Request, text: str) -> Events:
    decoder = StreamDecoder(hides_usage=not request.wants_usage)
    for frame in _frames(request, text):
        event = decoder.feed(frame)
        if event is not None:
            yield event


def _frames(request: Request, text: str) -> Iterator[bytes]:
    common = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 0, "model": _model(request)}

    def frame(delta: dict[str, str], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return b"data: " + _encode({**common, "choices": [choice]}) + b"\n\n"

    yield frame({"role": "assistant", "content": ""})
    for word in text.split(" "):
        yield frame({"content": word if word == text.split(" ")[0] else f" {word}"})
    yield frame({}, "stop")
    yield b"data: " + _encode({**common, "choices": [], "usage": _usage(request, text)}) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _completion(request: Request, text: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return _encode(
        {
            "id": "chatcmpl-fake",
            "object": "chat.completion",
            "created": 0,
            "model": _model(request),
            "choices": [choice],
            "usage": _usage(request, text),
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
