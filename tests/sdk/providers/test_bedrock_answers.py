"""What Converse's answers mean, whole and streamed, wherever the network cuts them."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sdk.providers.bedrock_requests import (
    CLAUDE,
    ERROR_STREAM,
    STARTED,
    TEXT_STREAM,
    THINKING_STREAM,
    TOOL_STREAM,
    cut,
    delta,
    ended,
    event,
    exception,
    read,
    stopped,
)

from madang.calls.completion import completion_of
from madang.calls.event import Consumed, Extra, Finished, Part, Reasoning, Started, Text, ToolCall
from madang.calls.usage import Usage
from madang.errors import CallFailed, FailureReason
from madang.providers.bedrock.chat_answer import parts_of
from madang.providers.bedrock.chat_request import ANSWER_TOOL
from madang_simulator.wires.bedrock.frames import exception_frame, frame

STREAMS = [TEXT_STREAM, TOOL_STREAM, THINKING_STREAM, ERROR_STREAM]
THOUGHT = {"thinking_blocks": [{"type": "thinking", "thinking": "Let me think.", "signature": "c2ln"}]}


def whole(*blocks: Any, reason: str = "end_turn", is_by_tool: bool = False, **more: Any) -> tuple[Part, ...]:
    usage = {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7}
    body = {
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": reason,
        "usage": usage,
        "metrics": {"latencyMs": 1},
        **more,
    }
    return parts_of(json.dumps(body).encode(), reply_id="c1", model=CLAUDE, is_by_tool=is_by_tool)


def failure_of(raw: bytes) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        parts_of(raw, reply_id="c1", model=CLAUDE, is_by_tool=False)
    return caught.value


# Whole answers


def test_a_text_answer_is_text_usage_and_finish() -> None:
    assert whole({"text": "A courtyard."}) == (
        Started("c1", CLAUDE),
        Text("A courtyard."),
        Finished("stop"),
        Consumed(Usage(5, 2)),
    )


def test_the_caller_sees_an_openai_completion() -> None:
    body = json.loads(completion_of(whole({"text": "A courtyard."}), 7))
    assert (body["id"], body["model"], body["created"], body["object"]) == ("c1", CLAUDE, 7, "chat.completion")
    assert body["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "A courtyard."}, "finish_reason": "stop"}
    ]
    assert body["usage"]["total_tokens"] == 7


def test_tools_are_numbered_and_keep_their_arguments_as_they_came() -> None:
    parts = whole(
        {"text": "Let me see."},
        {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"big": 1e30, "city": "제주"}}},
        {"toolUse": {"toolUseId": "t2", "name": "clock", "input": {}}},
        reason="tool_use",
    )
    first, second = [part for part in parts if isinstance(part, ToolCall)]
    assert (first.index, first.call_id, json.loads(first.arguments)) == (0, "t1", {"big": 1e30, "city": "제주"})
    assert (second.index, second.call_id, second.arguments) == (1, "t2", "{}")
    assert Finished("tool_calls") in parts


def test_thinking_keeps_its_signature_for_the_next_request() -> None:
    parts = whole(
        {"reasoningContent": {"reasoningText": {"text": "Let me think.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "aGlk"}},
        {"text": "Done."},
    )
    assert parts[1:5] == (
        Reasoning("Let me think."),
        Extra(THOUGHT),
        Extra({"thinking_blocks": [{"type": "redacted_thinking", "data": "aGlk"}]}),
        Text("Done."),
    )


def test_what_was_read_from_and_written_to_the_cache_counts_as_input() -> None:
    usage = {
        "inputTokens": 10,
        "outputTokens": 3,
        "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 50,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 20}, {"ttl": "5m", "inputTokens": 30}],
    }
    assert Consumed(Usage(160, 3, 100, None, 50, 20)) in whole({"text": "A"}, usage=usage)


def test_citations_pictures_and_unknown_blocks_are_shown_beside_the_text() -> None:
    citation = {"title": "Plan", "location": {"documentPage": {"documentIndex": 0}}}
    server_tool = {"toolUse": {"toolUseId": "s", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}}
    parts = whole(
        {"citationsContent": {"content": [{"text": "Cited."}], "citations": [citation]}},
        {"image": {"format": "png", "source": {"bytes": "aGk="}}},
        server_tool,
        {"hologram": {"a": 1}},
    )
    assert Text("Cited.") in parts
    assert Extra({"citations": [citation]}) in parts
    assert Extra({"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]}) in parts
    assert Extra({"bedrock_content": [server_tool]}) in parts
    assert Extra({"bedrock_content": [{"hologram": {"a": 1}}]}) in parts
    assert Finished("stop") in parts


def test_what_was_asked_for_beside_the_message_is_beside_the_answer() -> None:
    parts = whole(
        {"text": "A"},
        trace={"guardrail": {}},
        serviceTier={"type": "flex"},
        additionalModelResponseFields={"stop_sequence": "x"},
    )
    fields = {
        "service_tier": "flex",
        "trace": {"guardrail": {}},
        "additionalModelResponseFields": {"stop_sequence": "x"},
    }
    assert Extra(fields, place="answer") in parts


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_tool_use", "stop"),
        ("a_new_reason", "stop"),
    ],
)
def test_why_an_answer_ended_is_told_in_openais_words(reason: str, word: str) -> None:
    assert Finished(word) in whole({"text": "A"}, reason=reason)
    said = read(STARTED + delta(text="A") + ended(reason))
    assert Finished(word) in said.parts
    told = [chunk["choices"][0].get("stop_reason") for chunk in said.chunks if chunk["choices"]]
    assert [one for one in told if one] == ([] if reason in ("end_turn", "max_tokens") else [reason])


def test_an_answer_by_tool_is_the_text() -> None:
    parts = whole(
        {"toolUse": {"toolUseId": "t", "name": ANSWER_TOOL, "input": {"city": "Jeju"}}},
        reason="tool_use",
        is_by_tool=True,
    )
    (text,) = [part.text for part in parts if isinstance(part, Text)]
    assert json.loads(text) == {"city": "Jeju"}
    assert Finished("stop") in parts


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "bad_reply"),
        (b"<html>", "bad_reply"),
        (b"{}", "bad_reply"),
        (b'{"output":{"message":{"content":[]}}}', "bad_reply"),
        (b'{"output":{"message":{"content":"x"}}}', "bad_reply"),
        (b'{"message":"Too many requests"}', "server_error"),
        (b'{"__type":"ThrottlingException","message":"slow"}', "rate_limited"),
        (b'{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}', "not_found"),
    ],
)
def test_what_is_no_answer_is_a_failure(raw: bytes, reason: FailureReason) -> None:
    assert failure_of(raw).reason == reason


# Blocks


@pytest.mark.parametrize("reason", ["guardrail_intervened", "content_filtered"])
def test_a_block_before_any_content_is_a_failure_whole_and_streamed(reason: str) -> None:
    with pytest.raises(CallFailed, match=f"Bedrock blocked the answer by .*{reason}") as caught:
        whole(reason=reason)
    assert (caught.value.reason, caught.value.status, caught.value.code) == ("content_filter", 400, "content_filter")
    said = read(STARTED + ended(reason))
    assert said.failure is not None
    assert (said.failure.reason, said.failure.code) == ("content_filter", "content_filter")
    assert not [part for part in said.parts if not isinstance(part, Started)]


def test_a_guardrails_own_word_for_why_is_in_the_message() -> None:
    with pytest.raises(CallFailed, match="Guardrail blocked"):
        whole(reason="guardrail_intervened", trace={"guardrail": {"actionReason": "Guardrail blocked."}})


def test_an_answer_that_came_to_nothing_is_a_bad_reply() -> None:
    with pytest.raises(CallFailed) as caught:
        whole(reason="malformed_model_output")
    assert caught.value.reason == "bad_reply"


# Streams


def test_a_streams_parts_and_chunks() -> None:
    said = read(TEXT_STREAM)
    assert said.parts == [
        Started("c1", CLAUDE),
        Text("A "),
        Text("courtyard."),
        Finished("stop"),
        Consumed(Usage(5, 2)),
    ]
    assert said.failure is None
    assert said.raw.endswith(b"data: [DONE]\n\n")
    assert [chunk["choices"][0]["delta"].get("content") for chunk in said.chunks] == ["A ", "courtyard.", None]
    assert {chunk["id"] for chunk in said.chunks} == {"c1"}


def test_usage_reaches_a_caller_who_asked() -> None:
    last = read(TEXT_STREAM, wants_usage=True).chunks[-1]
    assert last["choices"] == []
    assert last["usage"]["prompt_tokens"] == 5


def test_streamed_tools_are_numbered_apart_from_other_blocks() -> None:
    said = read(TOOL_STREAM)
    assert [part for part in said.parts if isinstance(part, ToolCall)] == [
        ToolCall(0, "t1", "weather"),
        ToolCall(0, arguments='{"city":'),
        ToolCall(0, arguments='"Jeju"}'),
        ToolCall(1, "t2", "clock"),
    ]
    assert Finished("tool_calls") in said.parts


def test_streamed_thinking_is_told_whole_at_its_end() -> None:
    said = read(THINKING_STREAM)
    assert [part for part in said.parts if isinstance(part, Reasoning | Extra)] == [
        Reasoning("Let me "),
        Reasoning("think."),
        Extra(THOUGHT),
        Extra({"thinking_blocks": [{"type": "redacted_thinking", "data": "aGlkZGVu"}]}),
    ]


def test_a_streamed_answer_by_tool_is_text() -> None:
    start = {"toolUse": {"toolUseId": "t", "name": ANSWER_TOOL}}
    stream = (
        STARTED
        + event("contentBlockStart", contentBlockIndex=0, start=start)
        + delta(toolUse={"input": '{"a":1}'})
        + stopped()
        + ended("tool_use")
    )
    said = read(stream, is_by_tool=True)
    assert Text('{"a":1}') in said.parts
    assert Finished("stop") in said.parts


def test_streamed_citations_pictures_and_the_vendors_own_tools_are_shown() -> None:
    own = {"toolUse": {"toolUseId": "s", "name": "nova_grounding", "type": "server_tool_use"}}
    stream = (
        STARTED
        + delta(citation={"title": "Plan"})
        + event("contentBlockStart", contentBlockIndex=1, start={"image": {"format": "png"}})
        + delta(1, image={"source": {"bytes": "aGk="}})
        + stopped(1)
        + event("contentBlockStart", contentBlockIndex=2, start=own)
        + delta(2, toolUse={"input": "{}"})
        + stopped(2)
        + event("somethingNew", a=1)
        + ended()
    )
    parts = read(stream).parts
    assert Extra({"citations": [{"title": "Plan"}]}) in parts
    assert Extra({"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]}) in parts
    assert len([part for part in parts if isinstance(part, Extra) and "bedrock_content" in part.fields]) == 2
    assert not [part for part in parts if isinstance(part, ToolCall)]


def test_blocks_that_are_announced_with_nothing_are_as_good_as_others() -> None:
    stream = (
        STARTED
        + event("contentBlockStart", contentBlockIndex=0, start={})
        + delta(reasoningContent={"text": "hm"})
        + stopped()
        + event("contentBlockStart", contentBlockIndex=1, start={})
        + delta(1, text="A")
        + stopped(1)
        + ended()
    )
    parts = read(stream).parts
    assert parts[1:4] == [
        Reasoning("hm"),
        Extra({"thinking_blocks": [{"type": "thinking", "thinking": "hm"}]}),
        Text("A"),
    ]


def test_a_stream_without_metadata_is_complete_with_its_stop() -> None:
    said = read(STARTED + delta(text="A") + stopped() + event("messageStop", stopReason="end_turn"))
    assert said.failure is None
    assert said.raw.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("kind", "reason", "status"),
    [
        ("throttlingException", "rate_limited", 429),
        ("internalServerException", "server_error", 500),
        ("modelStreamErrorException", "server_error", 424),
        ("serviceUnavailableException", "overloaded", 503),
        ("validationException", "invalid_request", 400),
        ("somethingNewException", "server_error", 502),
    ],
)
def test_an_exception_in_mid_stream_comes_after_what_was_said(kind: str, reason: str, status: int) -> None:
    said = read(STARTED + delta(text="First") + exception(kind, message="It broke.", originalStatusCode=500))
    assert Text("First") in said.parts
    assert said.failure is not None
    assert (said.failure.reason, said.failure.status, said.failure.message) == (reason, status, "It broke.")
    assert said.failure.code == kind[0].upper() + kind[1:]


def test_an_exception_without_words_is_told_by_its_name() -> None:
    said = read(STARTED + exception_frame("throttlingException", b""))
    assert said.failure is not None
    assert (said.failure.reason, said.failure.code) == ("rate_limited", "ThrottlingException")


def test_an_error_frame_is_told_by_its_headers() -> None:
    error = {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "It broke."}
    said = read(STARTED + frame(error, b""))
    assert said.failure is not None
    assert (said.failure.reason, said.failure.message) == ("server_error", "It broke.")


@pytest.mark.parametrize(
    "damage",
    [
        frame({":message-type": "event", ":event-type": "contentBlockDelta"}, b'{"delta":{"te'),
        delta(text="B")[:-1] + b"\x00",
        b"<html><head><title>502 Bad Gateway</title></head></html>",
    ],
)
def test_a_damaged_frame_is_a_bad_reply_after_what_came_before(damage: bytes) -> None:
    said = read(STARTED + delta(text="A") + damage + delta(text="C"))
    assert Text("A") in said.parts
    assert Text("C") not in said.parts
    assert said.failure is not None
    assert said.failure.reason == "bad_reply"


# Cuts


@pytest.mark.parametrize("stream", STREAMS)
def test_where_the_network_cuts_a_stream_changes_nothing(stream: bytes) -> None:
    expected = read(stream)
    for offset in range(1, len(stream)):
        assert read(*cut(stream, offset)) == expected
    assert read(*cut(stream, *range(len(stream)))) == expected


@settings(max_examples=30)
@given(st.lists(st.integers(1, len(TOOL_STREAM)), max_size=12))
def test_network_reads_of_any_size_mean_the_same(edges: list[int]) -> None:
    assert read(*cut(TOOL_STREAM, *edges)) == read(TOOL_STREAM)


def test_a_stream_that_ends_early_is_said_to_be_cut() -> None:
    whole_text = "A courtyard."
    outcomes = []
    for offset in range(len(TEXT_STREAM)):
        said = read(TEXT_STREAM[:offset])
        text = "".join(part.text for part in said.parts if isinstance(part, Text))
        assert whole_text.startswith(text)
        if said.failure is None:
            assert text == whole_text
        else:
            assert said.failure.reason == "stream_cut"
        outcomes.append(said.failure is None)
    assert outcomes == sorted(outcomes), "once complete, more bytes never make a stream incomplete"
    assert any(is_complete for is_complete, _ in itertools.pairwise(outcomes))
