"""Anthropic's answers in OpenAI's shape, whole and streamed: what they say, count, and keep for the next request."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from tests.sdk.providers import anthropic_recordings as recorded
from tests.sdk.providers.anthropic_requests import sent

from madang.calls.completion import completion_of
from madang.calls.event import Consumed, Event, Extra, Finished, Part, Reasoning, Text, ToolCall
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.anthropic.reply import decode_reply
from madang.providers.anthropic.stream import MessageReader
from madang.providers.openai_wire import StreamDecoder

CREATED = 1_767_225_600
both_ways = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


def new_reader(*, wants_usage: bool = False) -> MessageReader:
    return MessageReader.writing_chat(model="claude-opus-4-5", created=CREATED, wants_usage=wants_usage)


def read(reads: Iterable[bytes], reader: MessageReader | StreamDecoder | None = None) -> tuple[bytes, list[Part]]:
    """All bytes and parts of a stream. Raises what the reader does."""
    reader = reader or new_reader()
    events: list[Event | None] = []
    for data in reads:
        events.append(reader.feed(data))
        if reader.failure is not None:
            raise reader.failure
    events.append(reader.end())
    if reader.failure is not None:
        raise reader.failure
    found = [event for event in events if event is not None]
    return b"".join(event.raw for event in found), [part for event in found for part in event.parts]


def parts_of(whole: bytes, stream: bytes, *, streamed: bool) -> list[Part]:
    return read([stream])[1] if streamed else list(decode_reply(whole, CREATED).parts)


def answer_of(parts: Iterable[Part]) -> Any:
    return msgspec.json.decode(completion_of(parts, CREATED))


def test_a_whole_answer_byte_for_byte() -> None:
    event = decode_reply(recorded.message({"type": "text", "text": "A courtyard."}), CREATED)
    assert event.raw == (
        b'{"id":"msg_01","model":"claude-opus-4-5-20251101","object":"chat.completion","created":1767225600,"choices":['
        b'{"index":0,"message":{"role":"assistant","content":"A courtyard."},"finish_reason":"stop"}],"usage":{'
        b'"prompt_tokens":11,"completion_tokens":5,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":0},'
        b'"completion_tokens_details":{"reasoning_tokens":0}}}'
    )


def test_a_stream_byte_for_byte() -> None:
    stream = recorded.start() + recorded.text(0, "A ", "courtyard.") + recorded.end()
    head = b'data: {"id":"msg_01","object":"chat.completion.chunk","created":1767225600,"model":"claude-opus-4-5-20251101",'
    usage = (
        b'"usage":{"prompt_tokens":11,"completion_tokens":5,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":0},'
        b'"completion_tokens_details":{"reasoning_tokens":0}}}\n\n'
    )
    assert read([stream], new_reader(wants_usage=True))[0] == b"".join(
        [
            head + b'"choices":[{"index":0,"delta":{"role":"assistant","content":"A "},"finish_reason":null}]}\n\n',
            head + b'"choices":[{"index":0,"delta":{"content":"courtyard."},"finish_reason":null}]}\n\n',
            head + b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
            head + b'"choices":[],' + usage,
            b"data: [DONE]\n\n",
        ]
    )


def test_usage_is_shown_in_a_stream_only_to_who_asked_for_it() -> None:
    raw, parts = read([recorded.start() + recorded.text(0, "hi") + recorded.end()])
    assert b"usage" not in raw
    assert any(isinstance(part, Consumed) for part in parts)


@both_ways
def test_an_agents_turn_has_thoughts_words_and_calls(streamed: bool) -> None:
    parts = parts_of(recorded.AGENT, recorded.AGENT_STREAM, streamed=streamed)
    choice = answer_of(parts)["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": "Let me look.",
        "reasoning_content": "Seoul, then.",
        "tool_calls": [
            {"id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Seoul"}'}},
            {"id": "toolu_2", "type": "function", "function": {"name": "clock", "arguments": "{}"}},
        ],
        "thinking_blocks": [recorded.THINKING, recorded.HIDDEN],
    }


@both_ways
def test_the_same_turn_goes_back_to_the_vendor_as_it_came(streamed: bool) -> None:
    said = answer_of(parts_of(recorded.AGENT, recorded.AGENT_STREAM, streamed=streamed))["choices"][0]["message"]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "21"} for call in said["tool_calls"]]
    messages = [{"role": "user", "content": "hi"}, said, *results]
    assert sent(messages=messages)["messages"][1]["content"] == msgspec.json.decode(recorded.AGENT)["content"]


@both_ways
def test_the_vendors_own_search_is_kept_whole_cited_and_counted(streamed: bool) -> None:
    answer = answer_of(parts_of(recorded.SEARCHING, recorded.SEARCHING_STREAM, streamed=streamed))
    said = answer["choices"][0]["message"]
    assert said["content"] == "Looking.A courtyard."
    assert said["citations"] == [recorded.CITATION]
    assert said["anthropic_content"] == recorded.SEARCHING_CONTENT
    assert answer["server_tool_use"] == {"web_search_requests": 1}
    again = sent(messages=[{"role": "user", "content": "hi"}, said, {"role": "user", "content": "And?"}])
    assert again["messages"][1]["content"] == recorded.SEARCHING_CONTENT


def test_thoughts_between_calls_keep_their_order() -> None:
    content: list[dict[str, Any]] = [recorded.THINKING, recorded.CALL, recorded.THINKING, recorded.CLOCK]
    said = answer_of(decode_reply(recorded.message(*content, stop="tool_use"), CREATED).parts)["choices"][0]["message"]
    assert said["anthropic_content"] == content


@both_ways
def test_what_was_said_beside_a_call_is_kept_with_it(streamed: bool) -> None:
    caller = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    called = {**recorded.CALL, "caller": caller}
    stream = recorded.start() + recorded.block(0, called) + recorded.end("tool_use")
    parts = parts_of(recorded.message(called, stop="tool_use"), stream, streamed=streamed)
    (call,) = answer_of(parts)["choices"][0]["message"]["tool_calls"]
    assert call["extra_content"] == {"anthropic": {"caller": caller}}
    assert call["function"]["arguments"] == '{"city":"Seoul"}'


@both_ways
@pytest.mark.parametrize(
    ("stop", "finish", "extra"),
    [
        ("end_turn", "stop", {}),
        ("max_tokens", "length", {}),
        ("stop_sequence", "stop", {"stop_reason": "stop_sequence", "stop_sequence": "END"}),
        ("tool_use", "tool_calls", {}),
        ("pause_turn", "stop", {"stop_reason": "pause_turn"}),
        ("model_context_window_exceeded", "length", {"stop_reason": "model_context_window_exceeded"}),
        ("something_new", "stop", {}),
    ],
)
def test_why_an_answer_ended(streamed: bool, stop: str, finish: str, extra: dict[str, str]) -> None:
    by: dict[str, Any] = {"stop_sequence": "END"} if stop == "stop_sequence" else {}
    whole = recorded.message({"type": "text", "text": "hi"}, stop=stop, **by)
    stream = recorded.start() + recorded.text(0, "hi") + recorded.end(stop, **by)
    choice = answer_of(parts_of(whole, stream, streamed=streamed))["choices"][0]
    assert choice["finish_reason"] == finish
    assert {name: choice[name] for name in choice if name.startswith("stop_")} == extra


def test_usage_adds_up_what_the_vendor_counts_apart() -> None:
    usage = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 2000,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 30},
    }
    (told,) = [
        part.usage for part in decode_reply(recorded.message(usage=usage), CREATED).parts if isinstance(part, Consumed)
    ]
    assert told == Usage(2310, 50, 2000, 30, 300, 200)


def test_a_streams_usage_is_the_beginnings_with_the_ends_running_totals() -> None:
    opening = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_1h_input_tokens": 300},
        "output_tokens": 1,
    }
    closing = {"input_tokens": 12, "cache_read_input_tokens": None, "output_tokens": 50}
    stream = recorded.start(opening) + recorded.text(0, "hi") + recorded.end(usage=closing)
    told = [part.usage for part in read([stream])[1] if isinstance(part, Consumed)]
    assert told == [Usage(310, 1, 0, None, 300, 300), Usage(312, 50, 0, None, 300, 300)]


@both_ways
def test_a_refusal_without_a_word_fails_so_that_another_vendor_may_answer(streamed: bool) -> None:
    with pytest.raises(CallFailed) as caught:
        parts_of(recorded.REFUSED, recorded.REFUSED_STREAM, streamed=streamed)
    failed = caught.value
    assert (failed.reason, failed.status, failed.code) == ("content_filter", 400, "content_filter")
    assert failed.message == "Anthropic refused to answer (category: cyber). It could enable cyber harm."


def test_a_refusal_after_thoughts_alone_fails_too() -> None:
    with pytest.raises(CallFailed, match="category: none named"):
        decode_reply(recorded.REFUSED_AFTER_THOUGHTS, CREATED)


def test_what_a_refused_stream_used_is_known() -> None:
    reader = new_reader()
    event = reader.feed(recorded.REFUSED_STREAM)
    assert event is not None
    assert [part.usage.output_tokens for part in event.parts if isinstance(part, Consumed)] == [1, 5]
    assert not event.has_content


@both_ways
def test_a_refusal_after_words_ends_the_answer(streamed: bool) -> None:
    parts = parts_of(recorded.REFUSED_LATE, recorded.REFUSED_LATE_STREAM, streamed=streamed)
    choice = answer_of(parts)["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("First", "content_filter")
    assert choice["stop_details"]["category"] == "cyber"


def test_a_streams_parts_are_the_same_however_the_network_cut_it() -> None:
    for stream in (recorded.AGENT_STREAM, recorded.SEARCHING_STREAM):
        expected = read([stream])
        for offset in range(1, len(stream)):
            assert read([stream[:offset], stream[offset:]]) == expected


def test_a_stream_that_breaks_off_anywhere_before_its_end_is_said_to_be_cut() -> None:
    stream = recorded.AGENT_STREAM
    complete = stream.index(b"event: message_stop")
    for offset in range(complete):
        with pytest.raises(CallFailed) as caught:
            read([stream[:offset]])
        assert caught.value.reason == "stream_cut"
    for offset in range(complete, len(stream)):
        assert read([stream[:offset]])[0].endswith(b"data: [DONE]\n\n"), "only the end mark was missing"


def test_a_caller_of_openais_api_reads_what_the_vendor_said() -> None:
    raw, parts = read([recorded.AGENT_STREAM], new_reader(wants_usage=True))
    shown = read([raw], StreamDecoder(hides_usage=False))[1]
    kinds = (Text, Reasoning, ToolCall, Finished)
    assert [part for part in shown if isinstance(part, kinds)] == [part for part in parts if isinstance(part, kinds)]


def test_lists_that_a_client_cannot_join_come_at_once() -> None:
    parts = read([recorded.AGENT_STREAM])[1]
    assert len([part for part in parts if isinstance(part, Extra)]) == 1


def test_events_that_are_not_known_yet_are_passed_over() -> None:
    stream = b"".join(
        [
            recorded.start(),
            recorded.event("fallback_started", index=0),
            recorded.event("content_block_delta", index="zero"),
            recorded.block(0, {"type": "hologram", "light": 1}, {"type": "light_delta", "light": 2}),
            recorded.text(1, "hi"),
            recorded.end(),
        ]
    )
    choice = answer_of(read([stream])[1])["choices"][0]
    assert choice["message"]["content"] == "hi"


def test_a_stream_that_ends_without_a_word_or_a_reason_is_a_bad_reply() -> None:
    with pytest.raises(CallFailed) as caught:
        read([recorded.start() + recorded.event("message_stop")])
    assert caught.value.reason == "bad_reply"


@both_ways
def test_an_answer_with_words_that_does_not_say_why_it_ended_has_stopped(streamed: bool) -> None:
    stream = recorded.start() + recorded.text(0, "hi") + recorded.event("message_stop")
    parts = parts_of(recorded.message({"type": "text", "text": "hi"}, stop=""), stream, streamed=streamed)
    assert answer_of(parts)["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"id":"msg_0', "a body that is not JSON"),
        (b"<html>", "a body that is not JSON"),
        (b"[]", "an answer that is not a message of Anthropic's"),
        (b'{"choices":[]}', "an answer that is not a message of Anthropic's"),
        (b'{"type":"message","content":[]}', "an answer without content and without a reason for its end"),
    ],
)
def test_an_answer_that_is_none_is_a_bad_reply(raw: bytes, words: str) -> None:
    with pytest.raises(CallFailed) as caught:
        decode_reply(raw, CREATED)
    assert caught.value.reason == "bad_reply"
    assert words in caught.value.message
