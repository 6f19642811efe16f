"""OpenAI's wire: what bodies, replies, streams and errors mean, and that what we do not know goes through."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.calls.recordings import OPENAI_TEXT_STREAM
from tests.sdk.request_builder import request

from madang.calls.event import Consumed, Event, Finished, Part, Reasoning, Refusal, Started, Text, ToolCall
from madang.calls.usage import Usage
from madang.errors import CallFailed, FailureReason
from madang.providers.openai_wire import StreamDecoder, decode_failure, decode_reply, encode_body


def chunk(**fields: Any) -> bytes:
    return b"data: " + json.dumps({"id": "c1", "model": "m", "choices": [], **fields}).encode() + b"\n\n"


def said(text: str, index: int = 0, **more: Any) -> bytes:
    return chunk(choices=[{"index": index, "delta": {"content": text, **more}, "finish_reason": None}])


def finished(reason: str = "stop", index: int = 0) -> bytes:
    return chunk(choices=[{"index": index, "delta": {}, "finish_reason": reason}])


USAGE_FRAME = chunk(usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})
DONE = b"data: [DONE]\n\n"


def read(*reads: bytes, hides_usage: bool = False) -> tuple[bytes, list[Part], CallFailed | None]:
    decoder = StreamDecoder(hides_usage=hides_usage)
    raw = b""
    parts: list[Part] = []
    for data in (*reads, None):
        event = decoder.end() if data is None else decoder.feed(data)
        if event is not None:
            raw += event.raw
            parts += event.parts
        if decoder.failure is not None:
            break
    return raw, parts, decoder.failure


def failure(status: int, headers: dict[str, str] | None = None, **error: Any) -> CallFailed:
    return decode_failure(status, headers or {}, json.dumps({"error": error}).encode())


# Bodies


def test_the_body_names_the_vendors_model_and_keeps_every_other_field() -> None:
    sent = json.loads(encode_body(request(body={"temperature": 0.5, "my_vendor_field": {"a": [1]}}), "gpt-4o"))
    assert sent["model"] == "gpt-4o"
    assert (sent["temperature"], sent["my_vendor_field"]) == (0.5, {"a": [1]})
    assert "stream_options" not in sent


def test_a_streams_body_asks_for_usage_and_keeps_the_other_stream_options() -> None:
    sent = json.loads(encode_body(request(stream=True, body={"stream_options": {"include_obfuscation": False}}), "m"))
    assert sent["stream_options"] == {"include_obfuscation": False, "include_usage": True}


def test_embeddings_are_not_asked_for_stream_options() -> None:
    sent = json.loads(encode_body(request(operation="embeddings", stream=True), "m"))
    assert "stream_options" not in sent


# Replies


def test_a_reply_that_is_no_json_is_a_bad_reply() -> None:
    with pytest.raises(CallFailed, match="not JSON") as caught:
        decode_reply(b"<html>Bad gateway</html>")
    assert caught.value.reason == "bad_reply"


@pytest.mark.parametrize("raw", [b'{"choices":"none"}', b"[1]", b'{"usage":{"prompt_tokens":"many"}}'])
def test_a_reply_of_unfamiliar_shape_goes_through_untouched(raw: bytes) -> None:
    event = decode_reply(raw)
    assert event.raw == raw
    assert event.parts == ()


def test_an_error_in_a_reply_with_status_200_is_a_failure() -> None:
    with pytest.raises(CallFailed, match="overheated") as caught:
        decode_reply(b'{"error":{"message":"overheated","code":"oops"}}')
    assert caught.value.reason == "server_error"


def test_a_reply_tells_thinking_refusal_tools_and_several_choices() -> None:
    message = {
        "content": "A",
        "reasoning_content": "hm",
        "refusal": "no",
        "tool_calls": [{"id": "t", "function": {"name": "f", "arguments": "{}"}}],
    }
    choices = [{"index": 0, "message": message}, {"index": 1, "message": {"content": "B"}, "finish_reason": "length"}]
    assert decode_reply(json.dumps({"choices": choices}).encode()).parts == (
        Reasoning("hm"),
        Text("A"),
        Refusal("no"),
        ToolCall(0, "t", "f", "{}"),
        Text("B", 1),
        Finished("length", 1),
    )


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ({"reasoning": "hm"}, Reasoning("hm")),
        ({"content": [{"type": "text", "text": "A"}, {"type": "image"}, {"type": "text", "text": "B"}]}, Text("AB")),
        ({"reasoning": {"effort": "high"}, "content": "A"}, Text("A")),
    ],
)
def test_dialects_of_other_vendors_are_understood(message: dict[str, Any], part: Part) -> None:
    assert decode_reply(json.dumps({"choices": [{"message": message}]}).encode()).parts == (part,)


@pytest.mark.parametrize("content", [None, ""])
def test_a_reply_of_which_a_filter_kept_back_everything_is_a_failure(content: str | None) -> None:
    choice = {"message": {"content": content}, "finish_reason": "content_filter"}
    with pytest.raises(CallFailed, match="content filter") as caught:
        decode_reply(json.dumps({"choices": [choice]}).encode())
    assert (caught.value.reason, caught.value.status, caught.value.code) == ("content_filter", 400, "content_filter")


def test_a_reply_of_which_a_filter_left_some_text_is_an_answer() -> None:
    filtered = {"index": 0, "message": {"content": ""}, "finish_reason": "content_filter"}
    for other in ({"content": "Well"}, {"refusal": "No."}):
        choices = [filtered, {"index": 1, "message": other, "finish_reason": "content_filter"}]
        assert decode_reply(json.dumps({"choices": choices}).encode()).parts[-1] == Finished("content_filter", 1)


# Streams


@given(st.lists(st.integers(1, len(OPENAI_TEXT_STREAM)), max_size=12))
def test_network_reads_of_any_size_give_the_same_bytes_and_parts(cuts: list[int]) -> None:
    edges = sorted({0, len(OPENAI_TEXT_STREAM), *cuts})
    reads = [OPENAI_TEXT_STREAM[start:end] for start, end in itertools.pairwise(edges)]
    assert read(*reads) == read(OPENAI_TEXT_STREAM)


def test_the_usage_frame_is_hidden_from_a_caller_who_did_not_ask() -> None:
    raw, parts, _ = read(said("A"), finished(), USAGE_FRAME, DONE, hides_usage=True)
    assert raw == said("A") + finished() + DONE
    assert Consumed(Usage(3, 2)) in parts


def test_the_usage_frame_reaches_a_caller_who_asked() -> None:
    raw, _, _ = read(said("A"), finished(), USAGE_FRAME, DONE)
    assert USAGE_FRAME in raw


def test_usage_beside_content_is_not_hidden() -> None:
    last = chunk(choices=[{"index": 0, "delta": {"content": "A"}, "finish_reason": "stop"}], usage={"prompt_tokens": 3})
    raw, _, _ = read(last, DONE, hides_usage=True)
    assert raw == last + DONE


def test_azures_first_chunk_without_choices_goes_through_and_is_no_content() -> None:
    first = chunk(id="", model="", prompt_filter_results=[{"prompt_index": 0}])
    event = StreamDecoder(hides_usage=True).feed(first)
    assert event is not None
    assert event.raw == first
    assert not event.has_content


def test_the_answers_name_is_told_once_also_after_azures_nameless_chunk() -> None:
    _, parts, _ = read(chunk(id="", model=""), said("A"), said("B"), finished(), DONE)
    assert [part for part in parts if isinstance(part, Started)] == [Started("c1", "m")]


def test_fields_that_a_vendor_adds_stay_in_the_bytes() -> None:
    frame = said("A", citations=[{"url": "https://example.org"}])
    assert read(frame, finished(), DONE)[0] == frame + finished() + DONE


def test_comments_and_keep_alives_go_through() -> None:
    raw, _, _ = read(b": keep-alive\n\n", said("A"), finished(), DONE)
    assert raw.startswith(b": keep-alive\n\n")


def test_a_frame_of_unfamiliar_shape_goes_through() -> None:
    strange = b'data: {"choices":"none"}\n\n'
    raw, _, failed = read(strange, DONE)
    assert raw == strange + DONE
    assert failed is None


def test_a_frame_that_is_no_json_is_a_bad_reply_after_what_came_before() -> None:
    raw, parts, failed = read(said("A") + b"data: {oops\n\n" + said("B"))
    assert raw == said("A")
    assert Text("A") in parts
    assert failed is not None
    assert failed.reason == "bad_reply"


@pytest.mark.parametrize(
    ("error", "reason", "status"),
    [
        ({"message": "m", "type": "server_error", "code": None}, "server_error", 502),
        ({"message": "m", "code": "rate_limit_exceeded"}, "rate_limited", 429),
        ({"message": "m", "code": "insufficient_quota"}, "quota_exhausted", 429),
        ({"message": "m", "code": "content_filter"}, "content_filter", 502),
        ({"message": "m", "code": "oops"}, "server_error", 502),
        ("plain words", "server_error", 502),
    ],
)
def test_an_error_frame_says_its_reason(error: Any, reason: FailureReason, status: int) -> None:
    _, _, failed = read(b"data: " + json.dumps({"error": error}).encode() + b"\n\n")
    assert failed is not None
    assert (failed.reason, failed.status) == (reason, status)


def test_a_stream_without_done_is_complete_when_every_choice_finished() -> None:
    assert read(said("A"), finished())[2] is None


def test_a_stream_that_ends_before_its_second_choice_finished_was_cut() -> None:
    failed = read(said("A"), said("B", 1), finished())[2]
    assert failed is not None
    assert failed.reason == "stream_cut"


def test_a_stream_that_a_filter_ends_before_its_first_word_is_a_failure_without_content() -> None:
    raw, parts, failed = read(chunk(prompt_filter_results=[]), said("", role="assistant") + finished("content_filter"))
    assert failed is not None
    assert (failed.reason, failed.status) == ("content_filter", 400)
    assert not Event(raw, tuple(parts)).has_content


def test_a_stream_that_a_filter_ends_after_some_text_is_an_answer() -> None:
    _, parts, failed = read(said("Well"), finished("content_filter") + DONE)
    assert failed is None
    assert parts[-1] == Finished("content_filter")


def test_a_stream_of_several_answers_fails_only_when_a_filter_ended_them_all() -> None:
    first, second = finished("content_filter", 0), finished("content_filter", 1)
    decoder = StreamDecoder(hides_usage=False, answers=2)
    assert decoder.feed(first) is not None
    assert decoder.failure is None
    decoder.feed(second)
    assert decoder.failure is not None
    assert decoder.failure.reason == "content_filter"


def test_a_last_frame_without_its_empty_line_still_reaches_the_caller() -> None:
    raw, parts, failed = read(said("A"), finished().rstrip())
    assert raw == said("A") + finished().rstrip()
    assert Finished("stop") in parts
    assert failed is None


# Errors


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, {"code": "context_length_exceeded"}, "context_overflow"),
        (400, {"message": "This model's maximum context length is 4096 tokens.", "code": 400}, "context_overflow"),
        (400, {"code": "content_filter"}, "content_filter"),
        (400, {"code": "content_policy_violation"}, "content_filter"),
        (400, {"code": "unsupported_parameter"}, "invalid_request"),
        (400, {"type": "invalid_request_error"}, "invalid_request"),
        (401, {"code": "invalid_api_key"}, "authentication"),
        (401, {"code": "401"}, "authentication"),
        (403, {}, "permission"),
        (404, {"code": "model_not_found"}, "not_found"),
        (404, {"code": "DeploymentNotFound"}, "not_found"),
        (404, {}, "not_found"),
        (408, {}, "timeout"),
        (409, {}, "invalid_request"),
        (422, {}, "invalid_request"),
        (429, {"code": "rate_limit_exceeded"}, "rate_limited"),
        (429, {"code": 429}, "rate_limited"),
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, "quota_exhausted"),
        (429, {"type": "insufficient_quota"}, "quota_exhausted"),
        (500, {"type": "server_error"}, "server_error"),
        (502, {}, "server_error"),
        (503, {"type": "server_error"}, "overloaded"),
        (504, {}, "server_error"),
        (529, {}, "overloaded"),
        (307, {}, "not_found"),
    ],
)
def test_status_and_code_give_the_reason(status: int, error: dict[str, Any], reason: FailureReason) -> None:
    assert failure(status, **error).reason == reason


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b'"text"', b'{"error":"words"}', b'{"error":null}', b"\xff"])
def test_an_error_without_the_usual_shape_is_told_by_its_status(raw: bytes) -> None:
    failed = decode_failure(503, {}, raw)
    assert failed.reason == "overloaded"
    assert failed.message == "The vendor answered 503 without an explanation."
    assert failed.body == b""


def test_the_vendors_words_code_and_parameter_are_kept() -> None:
    failed = failure(400, message="Unknown value", code="invalid_value", param="temperature")
    assert (failed.message, failed.code, failed.param) == ("Unknown value", "invalid_value", "temperature")
    assert json.loads(failed.body)["error"]["message"] == "Unknown value"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_what_the_vendor_asks(headers: dict[str, str], seconds: float | None) -> None:
    assert failure(429, headers).retry_after_s == seconds


@pytest.mark.parametrize(
    "words",
    [
        "Incorrect API key provided: sk-proj-Ab3dEf6hIj. You can find yours at the site.",
        "Incorrect API key provided: sk-Ab3d************************6hIj.",
        "The key 'sk-Ab3dEf6hIj' is wrong",
        "(sk-Ab3dEf6hIj)",
        "key:sk-Ab3dEf6hIj\nnext line",
        "api-Ab3dEf6hIj is revoked",
    ],
)
def test_nothing_that_looks_like_a_key_stays_in_a_message_or_body(words: str) -> None:
    failed = failure(400, message=words)
    for part in ("Ab3d", "6hIj"):
        assert part not in failed.message
        assert part not in failed.body.decode()


def test_words_that_only_resemble_a_key_stay() -> None:
    words = "The api-version is missing; risk-assessment failed."
    assert failure(400, message=words).message == words
