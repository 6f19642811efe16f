"""One shape carries three vendors' wires: parts carry what they mean, and raw bytes what a caller of OpenAI's API reads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from tests.sdk.calls import recordings as recorded
from tests.sdk.calls.stream_reading import Decoder
from tests.sdk.providers.gemini_requests import asked

from madang.calls.completion import completion_of
from madang.calls.event import Consumed, Event, Finished, Part, Text
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers import openai_wire
from madang.providers.anthropic.reply import decode_reply as decode_message
from madang.providers.anthropic.stream import MessageReader
from madang.providers.gemini.chat_answer import reader_for, whole_answer

CREATED = 1_767_225_600


@dataclass(frozen=True)
class Vendor:
    """A vendor's decoders and recordings; without `passes_bytes_on`, its bytes are translated into OpenAI's."""

    name: str
    decode_reply: Callable[[bytes], Event]
    new_decoder: Callable[[], Decoder]
    text: bytes
    text_stream: bytes
    tool: bytes
    tool_stream: bytes
    safety_stream: bytes
    error_stream: bytes
    passes_bytes_on: bool = True


VENDORS = [
    Vendor(
        "openai",
        openai_wire.decode_reply,
        lambda: openai_wire.StreamDecoder(hides_usage=False),
        recorded.OPENAI_TEXT,
        recorded.OPENAI_TEXT_STREAM,
        recorded.OPENAI_TOOL,
        recorded.OPENAI_TOOL_STREAM,
        recorded.OPENAI_SAFETY_STREAM,
        recorded.OPENAI_ERROR_STREAM,
    ),
    Vendor(
        "anthropic",
        lambda raw: decode_message(raw, CREATED),
        lambda: MessageReader.writing_chat(model="claude-sonnet-4-5", created=CREATED, wants_usage=True),
        recorded.ANTHROPIC_TEXT,
        recorded.ANTHROPIC_TEXT_STREAM,
        recorded.ANTHROPIC_TOOL,
        recorded.ANTHROPIC_TOOL_STREAM,
        recorded.ANTHROPIC_SAFETY_STREAM,
        recorded.ANTHROPIC_ERROR_STREAM,
        passes_bytes_on=False,
    ),
    Vendor(
        "gemini",
        lambda raw: whole_answer(asked(), raw, vendor="Gemini"),
        lambda: reader_for(asked(stream=True), vendor="Gemini"),
        recorded.GEMINI_TEXT,
        recorded.GEMINI_TEXT_STREAM,
        recorded.GEMINI_TOOL,
        recorded.GEMINI_TOOL_STREAM,
        recorded.GEMINI_SAFETY_STREAM,
        recorded.GEMINI_ERROR_STREAM,
        passes_bytes_on=False,
    ),
]
each_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)


def read(decoder: Decoder, reads: Iterable[bytes]) -> tuple[bytes, list[Part]]:
    """All raw bytes and all parts of a stream that arrives in these reads; stops where the decoder fails."""
    raw = b""
    parts: list[Part] = []
    for data in reads:
        event = decoder.feed(data)
        if event is not None:
            raw += event.raw
            parts += event.parts
        if decoder.failure is not None:
            return raw, parts
    event = decoder.end()
    if event is not None:
        raw += event.raw
        parts += event.parts
    return raw, parts


def answer_of(parts: Iterable[Part]) -> Any:
    return msgspec.json.decode(completion_of(parts))["choices"][0]


def text_of(parts: Iterable[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def last_usage(parts: Iterable[Part]) -> Usage:
    return [part.usage for part in parts if isinstance(part, Consumed)][-1]


def shown_to_caller(raw: bytes) -> list[Part]:
    """What a caller of OpenAI's API reads in a stream."""
    return read(openai_wire.StreamDecoder(hides_usage=False), [raw])[1]


@each_vendor
def test_an_unstreamed_reply_is_one_event_that_says_the_same_in_openais_shape(vendor: Vendor) -> None:
    event = vendor.decode_reply(vendor.text)
    if vendor.passes_bytes_on:
        assert event.raw == vendor.text
    else:
        assert answer_of(openai_wire.decode_reply(event.raw).parts) == answer_of(event.parts)
    assert text_of(event.parts) == "한옥 has a courtyard."


@each_vendor
def test_a_streams_bytes_survive_or_say_the_same_in_openais_shape(vendor: Vendor) -> None:
    for stream in (vendor.text_stream, vendor.tool_stream):
        raw, parts = read(vendor.new_decoder(), [stream])
        if vendor.passes_bytes_on:
            assert raw == stream
        else:
            assert answer_of(shown_to_caller(raw)) == answer_of(parts)
            assert raw.endswith(b"data: [DONE]\n\n")
    assert text_of(read(vendor.new_decoder(), [vendor.text_stream])[1]) == "한옥 has a courtyard."


@each_vendor
def test_streamed_and_whole_answers_mean_the_same(vendor: Vendor) -> None:
    for whole, stream in ((vendor.text, vendor.text_stream), (vendor.tool, vendor.tool_stream)):
        _, parts = read(vendor.new_decoder(), [stream])
        assert answer_of(parts) == answer_of(vendor.decode_reply(whole).parts)
        assert last_usage(parts) == last_usage(vendor.decode_reply(whole).parts)


@each_vendor
def test_a_tool_call_comes_with_its_name_and_arguments(vendor: Vendor) -> None:
    _, parts = read(vendor.new_decoder(), [vendor.tool_stream])
    answer = answer_of(parts)
    assert answer["message"]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city":"Seoul"}'}
    assert answer["finish_reason"] == "tool_calls"


@each_vendor
def test_usage_counts_cached_and_thinking_tokens_as_openai_does(vendor: Vendor) -> None:
    usage = last_usage(vendor.decode_reply(vendor.text).parts)
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (11, 5, 3)


@each_vendor
def test_a_safety_stop_in_a_stream_is_a_content_filter_with_what_was_said_before(vendor: Vendor) -> None:
    raw, parts = read(vendor.new_decoder(), [vendor.safety_stream])
    if vendor.passes_bytes_on:
        assert raw == vendor.safety_stream
    else:
        assert Finished("content_filter") in shown_to_caller(raw)
    assert text_of(parts) == "First"
    assert Finished("content_filter") in parts


def test_a_blocked_prompt_with_status_200_is_a_content_filter() -> None:
    with pytest.raises(CallFailed) as caught:
        whole_answer(asked(), recorded.GEMINI_BLOCKED_PROMPT, vendor="Gemini")
    assert caught.value.reason == "content_filter"


@each_vendor
def test_an_error_in_a_stream_comes_after_what_was_said_before_it(vendor: Vendor) -> None:
    decoder = vendor.new_decoder()
    raw, parts = read(decoder, [vendor.error_stream])
    assert vendor.error_stream.startswith(raw) or not vendor.passes_bytes_on
    assert text_of(parts) == "First"
    assert decoder.failure is not None
    assert decoder.failure.reason in ("server_error", "overloaded")


@each_vendor
def test_where_the_network_cuts_a_stream_in_two_changes_nothing(vendor: Vendor) -> None:
    for stream in (vendor.text_stream, vendor.tool_stream, vendor.safety_stream, vendor.error_stream):
        expected = read(vendor.new_decoder(), [stream])
        for offset in range(1, len(stream)):
            assert read(vendor.new_decoder(), [stream[:offset], stream[offset:]]) == expected


@each_vendor
def test_a_stream_that_comes_byte_by_byte_means_the_same(vendor: Vendor) -> None:
    stream = vendor.text_stream
    single = [stream[i : i + 1] for i in range(len(stream))]
    assert read(vendor.new_decoder(), single) == read(vendor.new_decoder(), [stream])


@each_vendor
def test_a_stream_cut_at_any_byte_is_complete_or_said_to_be_cut(vendor: Vendor) -> None:
    stream = vendor.text_stream
    shown, parts = read(vendor.new_decoder(), [stream])
    whole = text_of(parts)
    outcomes = []
    for offset in range(len(stream)):
        decoder = vendor.new_decoder()
        raw, parts = read(decoder, [stream[:offset]])
        assert shown.startswith(raw)
        assert whole.startswith(text_of(parts))
        if decoder.failure is None:
            assert text_of(parts) == whole
        else:
            assert decoder.failure.reason == "stream_cut"
        outcomes.append(decoder.failure is None)
    assert outcomes == sorted(outcomes), "once complete, more bytes never make a stream incomplete"
