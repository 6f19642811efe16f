"""The two ways of a call, asked alike: by the SDK in this process, and by the official client through the Gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from operator import attrgetter
from typing import Any, Literal, NamedTuple, Self

import openai
from openai import OpenAI
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from madang import CallFailed, Madang
from madang.calls.clock import new_trace_id

Json = dict[str, Any]
Way = Literal["direct", "gateway"]
WAYS: tuple[Way, ...] = ("direct", "gateway")


class Failure(NamedTuple):
    """What a caller was told. `status` is None for an error in a stream that had begun."""

    status: int | None
    code: str
    message: str
    text: str = ""
    """What a stream had said before."""
    retry_after_s: float | None = None


class Caller:
    """One way of calling. Remembers the traces of its calls; `text` is what the last stream said so far."""

    def __init__(self, client: Madang | OpenAI) -> None:
        self._client = client
        self.trace_ids: list[str] = []
        self.text = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def call(self, method: str, **arguments: Any) -> Json:
        """The answer as a plain dict, without empty fields."""
        answer: Json = _plain(self._answered(method, arguments))
        return answer

    def chat(self, **arguments: Any) -> Json:
        return self.call("chat.completions.create", **arguments)

    def streamed(self, **arguments: Any) -> Json:
        """The stream's pieces put together as the official client does."""
        joined = ChatCompletionStreamState()
        self.text = ""
        options = {"stream": True, "stream_options": {"include_usage": True}}
        with closing(self._answered("chat.completions.create", {**options, **arguments})) as chunks:
            for chunk in _chunks(chunks):
                joined.handle_chunk(chunk)
                self.text += "".join(choice.delta.content or "" for choice in chunk.choices)
        answer: Json = _plain(joined.current_completion_snapshot)
        return answer

    def sound(self, **arguments: Any) -> Json:
        """The length of the sound that came, in bytes."""
        return {"sound": len(self._answered("audio.speech.create", arguments).read())}

    def failure(self, error: Exception) -> Failure:
        """What `error` told. Raises it where it is none of a call's."""
        if isinstance(error, CallFailed):
            # Without a word of ours or the vendor's the Gateway gives the reason, but leaves the vendor's own body alone.
            code = error.code or ("" if error.body and not self.text else error.reason)
            status = None if self.text else error.status
            return Failure(status, code, error.message, self.text, error.retry_after_s)
        if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
            body = error.body if isinstance(error.body, dict) else {}
            code, message = str(body.get("code") or ""), str(body.get("message") or "")
            if not isinstance(error, openai.APIStatusError):
                return Failure(None, code, message, self.text)
            wait = error.response.headers.get("retry-after")
            return Failure(error.status_code, code, message, self.text, None if wait is None else float(wait))
        raise error

    def _answered(self, method: str, arguments: Mapping[str, Any]) -> Any:
        trace_id = new_trace_id()
        self.trace_ids.append(trace_id)
        ask = attrgetter(method)(self._client)
        if isinstance(self._client, Madang):
            return ask(**arguments, trace_id=trace_id)
        return ask(**arguments, extra_headers={"x-madang-trace-id": trace_id})


def _chunks(stream: Any) -> Iterator[ChatCompletionChunk]:
    for chunk in stream:
        yield chunk if isinstance(chunk, ChatCompletionChunk) else ChatCompletionChunk.construct(**_plain(chunk))


def _plain(answer: Any) -> Any:
    return _without_empty(answer if isinstance(answer, list | str) else answer.model_dump())


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_empty(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_empty(each) for each in value]
    return value
