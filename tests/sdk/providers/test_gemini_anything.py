"""Whatever a caller or a vendor sends, Gemini's wire has an answer or a refusal for it, and never breaks."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sdk.providers.gemini_requests import asked

from madang.errors import CallFailed
from madang.providers.gemini.chat_answer import reader_for, whole_answer
from madang.providers.gemini.chat_request import chat_body
from madang.providers.gemini.embeddings import embedding_list
from madang.providers.gemini.failure import decode_failure
from madang.providers.gemini.images import image_body, image_list
from madang.providers.gemini.media import remote_urls
from madang.providers.gemini.speech import sound, speech_body

_PLAIN = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "a", "{", "text", "user"])
)


def objects(*names: str) -> st.SearchStrategy[Any]:
    """Nested JSON whose objects have these fields, so that the code behind them is reached."""
    return st.recursive(
        _PLAIN,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=4),
        max_leaves=12,
    )


BODY = ("tools", "tool_choice", "response_format", "stop", "n", "modalities", "audio", "reasoning_effort", "logprobs")
MESSAGE = ("role", "content", "tool_calls", "tool_call_id", "images", "google_parts", "extra_content", "function_call")
PART = (
    "type",
    "text",
    "image_url",
    "input_audio",
    "file",
    "url",
    "data",
    "function",
    "name",
    "arguments",
    "google",
    "id",
)
ANSWER = (
    "candidates",
    "content",
    "parts",
    "text",
    "thought",
    "functionCall",
    "args",
    "inlineData",
    "mimeType",
    "data",
    "finishReason",
    "index",
    "usageMetadata",
    "promptTokenCount",
    "candidatesTokensDetails",
    "promptFeedback",
    "blockReason",
    "safetyRatings",
    "logprobsResult",
    "topCandidates",
    "chosenCandidates",
    "error",
    "details",
    "embeddings",
    "values",
    "predictions",
    "groundingMetadata",
)


def messages() -> st.SearchStrategy[Any]:
    roles = st.sampled_from(["user", "assistant", "tool", "system"])
    message = st.fixed_dictionaries({"role": roles}, optional={name: objects(*PART) for name in MESSAGE[1:]})
    return st.lists(message | objects(*MESSAGE, *PART), max_size=3)


@given(messages(), st.dictionaries(st.sampled_from(BODY), objects(*PART), max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_request_is_put_into_googles_words_or_refused(said: Any, body: dict[str, Any]) -> None:
    try:
        list(remote_urls(said))
        assert isinstance(msgspec.json.decode(chat_body(asked(**{**body, "messages": said}), {})), dict)
    except CallFailed as failed:
        assert (failed.reason, failed.status) == ("invalid_request", 400)


@given(
    st.dictionaries(st.sampled_from(["prompt", "n", "size", "input", "voice", "instructions", "speed"]), objects(*PART))
)
@settings(max_examples=50, deadline=None)
def test_any_request_for_a_picture_or_speech_is_made_or_refused(body: dict[str, Any]) -> None:
    for make in (image_body, speech_body):
        try:
            make(asked(operation="images", **body))
        except CallFailed as failed:
            assert failed.reason == "invalid_request"


@given(st.fixed_dictionaries({}, optional={name: objects(*ANSWER) for name in ANSWER}) | objects(*ANSWER))
@settings(max_examples=150, deadline=None)
def test_any_answer_means_something_or_is_a_failure(told: Any) -> None:
    raw = msgspec.json.encode(told)
    reads: list[Callable[[], object]] = [
        lambda: whole_answer(asked(), raw, vendor="Gemini"),
        lambda: image_list(asked(), raw, vendor="Gemini"),
        lambda: sound(asked(), raw, vendor="Gemini"),
        lambda: embedding_list(asked(), raw),
    ]
    for read in reads:
        try:
            read()
        except CallFailed as failed:
            assert failed.message
    reader = reader_for(asked(stream=True), vendor="Gemini")
    reader.feed(b"data: " + raw + b"\r\n\r\n")
    if reader.failure is None:
        reader.end()
    for status in (200, 400, 429, 500):
        assert decode_failure(status, {}, raw).reason
