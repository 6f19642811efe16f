"""What can be asked of a vendor, one feature after the other: how it is asked, and what an answer must have to count."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.matrix.callers import Caller
from tests.support.pictures import PDF, png

Json = dict[str, Any]


@dataclass(frozen=True)
class Feature:
    """`use` picks the column's model. `ask` gives what came back, `check` raises AssertionError unless it is an answer."""

    name: str
    title: str
    ask: Callable[[Caller, str], Json]
    check: Callable[[Json], None]
    use: str = "chat"


ASKED: list[Json] = [{"role": "user", "content": "What is a madang?"}]
_TOOLS: list[Json] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Tells the {name} in a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name in ("weather", "time")
]
_SCHEMA: Json = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
    "additionalProperties": False,
}
_LONG = "The madang is the yard in the middle of a Korean house, and everybody crosses it. " * 150


def _chat(caller: Caller, model: str, **more: Any) -> Json:
    return caller.chat(**{"model": model, "messages": ASKED, **more})


def _streamed(caller: Caller, model: str, **more: Any) -> Json:
    return caller.streamed(**{"model": model, "messages": ASKED, **more})


def _with_tools(chat: Callable[..., Json]) -> Callable[[Caller, str], Json]:
    """Asks for two tools at once, sends back what they said, and gives both answers."""

    def ask(caller: Caller, model: str) -> Json:
        messages: list[Json] = [{"role": "user", "content": "Weather and time in Seoul?"}]
        called = chat(caller, model, messages=messages, tools=_TOOLS)
        message = called["choices"][0]["message"]
        results = [
            {"role": "tool", "tool_call_id": call["id"], "content": f"{call['function']['name']}: fine"}
            for call in message.get("tool_calls", ())
        ]
        told = chat(caller, model, messages=[*messages, message, *results], tools=_TOOLS)
        return {"called": called, "told": told}

    return ask


def _with_part(part: Json) -> Callable[[Caller, str], Json]:
    content = [{"type": "text", "text": "What is this?"}, part]
    return lambda caller, model: _chat(caller, model, messages=[{"role": "user", "content": content}])


def _cached(caller: Caller, model: str) -> Json:
    """The second of two calls with the same long beginning."""
    beginning = [{"type": "text", "text": _LONG, "cache_control": {"type": "ephemeral"}}]
    messages = [{"role": "system", "content": beginning}, *ASKED]
    _chat(caller, model, messages=messages)
    return _chat(caller, model, messages=messages)


def _data(content_type: str, content: bytes) -> str:
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"


def _sound() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes(bytes(16_000))
    return file.getvalue()


def _says_something(answer: Json) -> None:
    choice = answer["choices"][0]
    assert choice["message"]["content"].strip() and choice["finish_reason"] == "stop"
    usage = answer["usage"]
    assert usage["prompt_tokens"] > 0 and usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def _uses_tools(answer: Json) -> None:
    choice = answer["called"]["choices"][0]
    calls = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert [call["function"]["name"] for call in calls] == ["weather", "time"]
    assert all(json.loads(call["function"]["arguments"])["city"] for call in calls)
    assert len({call["id"] for call in calls}) == 2
    _says_something(answer["told"])


def _fits_the_schema(answer: Json) -> None:
    _says_something(answer)
    told = json.loads(answer["choices"][0]["message"]["content"])
    assert told.keys() == {"city", "degrees"} and isinstance(told["city"], str) and isinstance(told["degrees"], int)


def _tells_its_thoughts(answer: Json) -> None:
    _says_something(answer)
    assert answer["choices"][0]["message"]["reasoning_content"].strip()


def _counts_what_was_cached(answer: Json) -> None:
    _says_something(answer)
    assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] > 0


def _tells_probabilities(answer: Json) -> None:
    _says_something(answer)
    first = answer["choices"][0]["logprobs"]["content"][0]
    assert first["token"] and first["logprob"] <= 0 and len(first["top_logprobs"]) == 2


def _has_vectors(answer: Json) -> None:
    assert [entry["index"] for entry in answer["data"]] == [0, 1]
    assert all(len(entry["embedding"]) > 100 for entry in answer["data"])


def _has_a_picture(answer: Json) -> None:
    assert base64.b64decode(answer["data"][0]["b64_json"]).startswith((b"\x89PNG", b"\xff\xd8"))


def _is_written(answer: Json) -> None:
    assert answer["text"].strip()


def _sounds(answer: Json) -> None:
    assert answer["sound"] > 1_000


def _responds(answer: Json) -> None:
    assert answer["status"] == "completed"
    assert any(part.get("text") for item in answer["output"] for part in item.get("content", ()))


FEATURES: tuple[Feature, ...] = (
    Feature("chat", "Chat", _chat, _says_something),
    Feature("stream", "Chat, streamed", _streamed, _says_something),
    Feature("tools", "Tools, in parallel, with results sent back", _with_tools(_chat), _uses_tools),
    Feature("tools streamed", "Tools, streamed", _with_tools(_streamed), _uses_tools),
    Feature(
        "image",
        "Image in",
        _with_part({"type": "image_url", "image_url": {"url": _data("image/png", png(64, 64))}}),
        _says_something,
    ),
    Feature(
        "pdf",
        "PDF in",
        _with_part({"type": "file", "file": {"filename": "a.pdf", "file_data": _data("application/pdf", PDF)}}),
        _says_something,
    ),
    Feature(
        "audio",
        "Audio in",
        _with_part(
            {
                "type": "input_audio",
                "input_audio": {"data": base64.b64encode(_sound()).decode(), "format": "wav"},
            }
        ),
        _says_something,
    ),
    Feature(
        "structured output",
        "Structured output (`json_schema`)",
        lambda caller, model: _chat(
            caller,
            model,
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "weather", "strict": True, "schema": _SCHEMA},
            },
        ),
        _fits_the_schema,
    ),
    Feature(
        "reasoning",
        "Thoughts (`reasoning_content`)",
        lambda caller, model: _chat(caller, model, reasoning_effort="low", max_completion_tokens=4_000),
        _tells_its_thoughts,
        use="reasoning",
    ),
    Feature("caching", "Prompt caching, counted", _cached, _counts_what_was_cached),
    Feature(
        "logprobs",
        "Log-probabilities",
        lambda caller, model: _chat(caller, model, logprobs=True, top_logprobs=2),
        _tells_probabilities,
    ),
    Feature(
        "embeddings",
        "Embeddings",
        lambda caller, model: caller.call(
            "embeddings.create", model=model, input=["a yard", "a house"], encoding_format="float"
        ),
        _has_vectors,
        use="embeddings",
    ),
    Feature(
        "images",
        "Images",
        lambda caller, model: caller.call("images.generate", model=model, prompt="A yard"),
        _has_a_picture,
        use="images",
    ),
    Feature(
        "transcription",
        "Transcription",
        lambda caller, model: caller.call("audio.transcriptions.create", model=model, file=("a.wav", _sound())),
        _is_written,
        use="transcription",
    ),
    Feature(
        "speech",
        "Speech",
        lambda caller, model: caller.sound(model=model, input="Hello", voice="alloy", response_format="wav"),
        _sounds,
        use="speech",
    ),
    Feature(
        "responses",
        "Responses API",
        lambda caller, model: caller.call("responses.create", model=model, input="What is a madang?", store=False),
        _responds,
        use="chat",
    ),
)
FEATURE_BY_NAME: Mapping[str, Feature] = {feature.name: feature for feature in FEATURES}
