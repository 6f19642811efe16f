"""OpenAI's chat answers written as Anthropic's and as responses: recorded bytes, cut everywhere, whole and streamed alike."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from anthropic.types import Message
from openai.types.responses import Response
from tests.sdk.request_builder import target

from madang.calls.event import Consumed, Extra, Finished, Part, Reasoning, Started, Text, ToolCall
from madang.calls.usage import Usage
from madang.providers.dialects.call import Writer
from madang.providers.dialects.carried import MARK, opened
from madang.providers.dialects.messages_answer import MessageWriter, sse
from madang.providers.dialects.responses_answer import ResponseWriter
from madang.providers.openai_wire import StreamDecoder, decode_reply

GPT = target(vendor="openai", vendor_model="gpt-5")


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "chatcmpl-1", "model": "gpt-5-x", "choices": [choice]}).encode() + b"\n\n"


USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 9,
    "prompt_tokens_details": {"cached_tokens": 12},
    "completion_tokens_details": {"reasoning_tokens": 4},
}
CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "서울"}'}},
    {"id": "call_2", "type": "function", "function": {"name": "clock", "arguments": ""}},
]
STREAM = b"".join(
    [
        chunk({"role": "assistant", "reasoning_content": "I look "}),
        chunk({"reasoning_content": "it up."}),
        chunk({"content": "One mo"}),
        chunk({"content": "ment, 잠시만."}),
        chunk({"tool_calls": [{"index": 0, **CALLS[0], "function": {"name": "weather", "arguments": ""}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"city": '}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '"서울"}'}}]}),
        chunk({"tool_calls": [{"index": 1, **CALLS[1]}]}),
        chunk({}, "tool_calls"),
        b"data: " + json.dumps({"id": "chatcmpl-1", "choices": [], "usage": USAGE}).encode() + b"\n\n",
        b"data: [DONE]\n\n",
    ]
)
MESSAGE = {
    "role": "assistant",
    "reasoning_content": "I look it up.",
    "content": "One moment, 잠시만.",
    "tool_calls": CALLS,
}
WHOLE = json.dumps(
    {
        "id": "chatcmpl-1",
        "model": "gpt-5-x",
        "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "tool_calls"}],
        "usage": USAGE,
    }
).encode()


def as_message() -> MessageWriter:
    return MessageWriter(reply_id="msg_ours", model="gpt-5", vendor="openai", shows_thinking=True)


def as_response() -> ResponseWriter:
    return ResponseWriter("md1", {"tools": []}, GPT, 1_700_000_000)


WRITERS: list[Callable[[], Writer]] = [as_message, as_response]


def streamed(new_writer: Callable[[], Writer], *pieces: bytes) -> tuple[bytes, dict[str, Any]]:
    """The stream as a caller gets it, and what it came to."""
    decoder, writer = StreamDecoder(hides_usage=True), new_writer()
    raw = b""
    for piece in pieces:
        event = decoder.feed(piece)
        if event is not None:
            raw += sse(writer.taken(event.parts))
    return raw + sse(writer.ended()), writer.message()


def written(new_writer: Callable[[], Writer], *parts: Part) -> dict[str, Any]:
    writer = new_writer()
    writer.taken(parts)
    writer.ended()
    return writer.message()


@pytest.mark.parametrize("new_writer", WRITERS)
def test_a_stream_is_the_same_wherever_the_network_cut_it(new_writer: Callable[[], Writer]) -> None:
    expected = streamed(new_writer, STREAM)
    for cut in range(1, len(STREAM)):
        assert streamed(new_writer, STREAM[:cut], STREAM[cut:]) == expected, cut


@pytest.mark.parametrize("new_writer", WRITERS)
def test_a_stream_comes_to_the_same_as_a_whole_answer(new_writer: Callable[[], Writer]) -> None:
    assert streamed(new_writer, STREAM)[1] == written(new_writer, *decode_reply(WHOLE).parts)


def test_a_message_is_one_of_anthropics() -> None:
    message = written(as_message, *decode_reply(WHOLE).parts)
    Message.model_validate(message, strict=True)
    assert [block["type"] for block in message["content"]] == ["thinking", "text", "tool_use", "tool_use"]
    assert message["content"][2:] == [
        {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "서울"}},
        {"type": "tool_use", "id": "call_2", "name": "clock", "input": {}},
    ]
    assert (message["id"], message["model"], message["stop_reason"]) == ("msg_chatcmpl-1", "gpt-5-x", "tool_use")
    assert message["usage"] == {
        "input_tokens": 8,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 12,
        "output_tokens": 9,
        "output_tokens_details": {"thinking_tokens": 4},
    }


def test_a_response_is_one_of_openais() -> None:
    response = written(as_response, *decode_reply(WHOLE).parts)
    Response.model_validate(response)
    assert [item["type"] for item in response["output"]] == ["reasoning", "message", "function_call", "function_call"]
    assert response["output"][1]["content"][0]["text"] == "One moment, 잠시만."
    assert [item["arguments"] for item in response["output"][2:]] == ['{"city": "서울"}', "{}"]
    assert response["usage"]["total_tokens"] == 29
    assert response["usage"]["input_tokens_details"]["cached_tokens"] == 12


def test_thoughts_that_nobody_asked_for_stay_out_of_a_message() -> None:
    def silent() -> MessageWriter:
        return MessageWriter(reply_id="m", model="g", vendor="openai", shows_thinking=False)

    message = written(silent, Reasoning("Hm."), Text("Hi."), Finished("stop"))
    assert message["content"] == [{"type": "text", "text": "Hi."}]


def test_a_thought_of_a_foreign_vendor_is_signed_as_nobodys() -> None:
    message = written(as_message, Reasoning("Hm."), Text("Hi."), Finished("stop"))
    carried = opened(message["content"][0]["signature"])
    assert carried is not None
    assert not carried.says_something()


def test_a_claudes_thoughts_keep_their_own_signature() -> None:
    def of_bedrock() -> MessageWriter:
        return MessageWriter(reply_id="m", model="c", vendor="bedrock", shows_thinking=True)

    signed = Extra({"thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}]})
    hidden = Extra({"thinking_blocks": [{"type": "redacted_thinking", "data": "ZGF0YQ=="}]})
    message = written(of_bedrock, Reasoning("Hm."), signed, hidden, Text("Hi."), Finished("stop"))
    assert message["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        {"type": "text", "text": "Hi."},
    ]


def test_what_gemini_wants_back_travels_at_the_end() -> None:
    signature = {"google": {"thought_signature": "c2ln"}}

    def of_gemini() -> MessageWriter:
        return MessageWriter(reply_id="m", model="g", vendor="gemini", shows_thinking=False)

    message = written(of_gemini, ToolCall(0, "call 1", "f", "{}", extra_content=signature), Finished("tool_calls"))
    assert [block["type"] for block in message["content"]] == ["tool_use", "redacted_thinking"]
    assert message["content"][0]["id"] == "call_1"
    carried = opened(message["content"][1]["data"])
    assert carried is not None
    assert carried.calls == {"call_1": signature}
    assert message["content"][1]["data"].startswith(MARK)


def test_what_comes_in_pieces_is_carried_as_one() -> None:
    def of_gemini() -> MessageWriter:
        return MessageWriter(reply_id="m", model="g", vendor="gemini", shows_thinking=False)

    pieces = [Extra({"google_parts": [{"executableCode": {"code": word}}]}) for word in ("a", "b")]
    message = written(of_gemini, *pieces, Text("Hi."), Finished("stop"))
    carried = opened(message["content"][-1]["data"])
    assert carried is not None
    assert [part["executableCode"]["code"] for part in carried.message["google_parts"]] == ["a", "b"]


@pytest.mark.parametrize("new_writer", WRITERS)
def test_vendors_that_count_no_calls_may_begin_a_new_one_by_its_id(new_writer: Callable[[], Writer]) -> None:
    told = written(new_writer, ToolCall(0, "a", "f", "{}"), ToolCall(0, "b", "g", "{}"), Finished("tool_calls"))
    assert [one["name"] for one in told.get("content") or told["output"]] == ["f", "g"]


def test_pieces_of_parallel_calls_may_be_mixed() -> None:
    parts = [
        ToolCall(0, "a", "f", "{"),
        ToolCall(1, "b", "g", "{"),
        ToolCall(0, arguments="}"),
        ToolCall(1, arguments="}"),
    ]
    response = written(as_response, *parts, Finished("tool_calls"))
    assert [item["arguments"] for item in response["output"]] == ["{}", "{}"]
    message = written(as_message, *parts, Finished("tool_calls"))
    assert [block["input"] for block in message["content"]] == [{}, {}]


@pytest.mark.parametrize("arguments", ["{broken", "[1]", "3"])
def test_arguments_that_are_no_object_are_shown_as_what_they_are(arguments: str) -> None:
    message = written(as_message, ToolCall(0, "a", "f", arguments), Finished("tool_calls"))
    assert message["content"][0]["input"] == {"INVALID_JSON": arguments}


STOPS = [
    ("stop", "end_turn", "completed"),
    ("length", "max_tokens", "incomplete"),
    ("content_filter", "refusal", "incomplete"),
    ("never heard of", "end_turn", "completed"),
]


@pytest.mark.parametrize(("reason", "stop_reason", "status"), STOPS)
def test_the_reason_of_an_end_is_told(reason: str, stop_reason: str, status: str) -> None:
    assert written(as_message, Text("Hi."), Finished(reason))["stop_reason"] == stop_reason
    assert written(as_response, Text("Hi."), Finished(reason))["status"] == status


def test_the_sequence_that_stopped_a_claude_is_told() -> None:
    stop = Extra({"stop_reason": "stop_sequence", "stop_sequence": "###"}, place="choice")
    message = written(as_message, Text("Hi."), stop, Finished("stop"))
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "###")


@pytest.mark.parametrize("new_writer", WRITERS)
def test_an_answer_without_a_word_is_a_whole_one(new_writer: Callable[[], Writer]) -> None:
    told = written(new_writer, Started("x", "m"), Consumed(Usage(3, 0)), Finished("stop"))
    assert (told.get("content") or told.get("output") or []) == []
    assert told["usage"]["input_tokens"] == 3


@pytest.mark.parametrize("new_writer", WRITERS)
def test_other_choices_than_the_first_are_not_mixed_into_it(new_writer: Callable[[], Writer]) -> None:
    told = written(new_writer, Text("Hi."), Text("Ho.", choice=1), Finished("stop"))
    assert "Ho." not in json.dumps(told)
