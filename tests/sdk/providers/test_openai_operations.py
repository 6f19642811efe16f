"""OpenAI's operations besides chat, from recorded bytes: what is said, what was consumed, and what goes wrong."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from tests.sdk.request_builder import request, route, target

from madang.calls.event import Consumed, Event, Finished, Media, Part, Reasoning, Refusal, Started, Text, ToolCall
from madang.calls.operation import Operation
from madang.calls.request import Upload
from madang.calls.target import Target
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.azure import address_of
from madang.providers.http_call import Outgoing, StreamReader
from madang.providers.openai import Address, OpenAIWire
from madang.tracing.output import output_of

pytestmark = pytest.mark.anyio

JSON = "application/json"
USAGE = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 4},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 8},
    "total_tokens": 50,
}
ITEMS: list[dict[str, Any]] = [
    {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "A yard."}]},
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "한옥 has a courtyard.", "annotations": []}],
    },
    {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Seoul"}'},
]
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "model": "gpt-5-2025-08-07",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "output": ITEMS,
    "usage": USAGE,
}
CREATED = {**RESPONSE, "status": "in_progress", "output": [], "usage": None}


def frames(*events: dict[str, Any]) -> bytes:
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (event["type"].encode(), msgspec.json.encode({**event, "sequence_number": number}))
        for number, event in enumerate(events)
    )


RESPONSE_STREAM = frames(
    {"type": "response.created", "response": CREATED},
    {"type": "response.in_progress", "response": CREATED},
    {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {"id": "rs_1", "type": "reasoning", "summary": []},
    },
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "A yard."},
    {"type": "response.output_item.added", "output_index": 1, "item": {**ITEMS[1], "content": []}},
    {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "한옥 has "},
    {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "a courtyard."},
    {"type": "response.output_text.done", "output_index": 1, "content_index": 0, "text": "한옥 has a courtyard."},
    {"type": "response.output_item.added", "output_index": 2, "item": {**ITEMS[2], "arguments": ""}},
    {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"city":'},
    {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '"Seoul"}'},
    {"type": "response.function_call_arguments.done", "output_index": 2, "arguments": '{"city":"Seoul"}'},
    {"type": "response.completed", "response": RESPONSE},
)
IMAGE_USAGE = {
    "input_tokens": 50,
    "input_tokens_details": {"image_tokens": 40, "text_tokens": 10},
    "output_tokens": 272,
    "total_tokens": 322,
}
IMAGE_STREAM = frames(
    {"type": "image_generation.partial_image", "b64_json": "AAAA", "partial_image_index": 0, "output_format": "png"},
    {"type": "image_generation.completed", "b64_json": "AAAAAAA=", "output_format": "png", "usage": IMAGE_USAGE},
)
HEARD = {"type": "tokens", "input_tokens": 14, "input_token_details": {"audio_tokens": 12, "text_tokens": 2}}
TRANSCRIPT_STREAM = frames(
    {"type": "transcript.text.delta", "delta": "What is "},
    {"type": "transcript.text.delta", "delta": "a madang?"},
    {"type": "transcript.text.done", "text": "What is a madang?", "usage": {**HEARD, "output_tokens": 5}},
)
SPEECH_STREAM = frames(
    {"type": "speech.audio.delta", "audio": "AAAA"},
    {"type": "speech.audio.delta", "audio": "AAA="},
    {"type": "speech.audio.done", "usage": {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}},
)
STREAMS: list[tuple[Operation, bytes]] = [
    ("responses", RESPONSE_STREAM),
    ("images", IMAGE_STREAM),
    ("image_edits", IMAGE_STREAM.replace(b"image_generation.", b"image_edit.")),
    ("transcription", TRANSCRIPT_STREAM),
    ("speech", SPEECH_STREAM),
]
each_stream = pytest.mark.parametrize(("operation", "stream"), STREAMS, ids=[name for name, _ in STREAMS])


def wire() -> OpenAIWire:
    return OpenAIWire(lambda asked: Address("https://vendor.test/v1", {"x": "y"}), new_boundary=lambda: "frontier")


def reader(operation: Operation, **body: Any) -> StreamReader:
    return wire().reader(request(operation=operation, stream=True, body=body))


def whole(operation: Operation, answer: Any, content_type: str = JSON, **body: Any) -> Event:
    raw = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
    return wire().whole(request(operation=operation, body=body), raw, content_type)


def read(reading: StreamReader, reads: Iterable[bytes]) -> tuple[bytes, list[Part]]:
    raw = b""
    parts: list[Part] = []
    for data in reads:
        event = reading.feed(data)
        if event is not None:
            raw, parts = raw + event.raw, [*parts, *event.parts]
        if reading.failure is not None or reading.is_done:
            return raw, parts
    event = reading.end()
    return (raw + event.raw, [*parts, *event.parts]) if event is not None else (raw, parts)


def usage_of(parts: Iterable[Part]) -> Usage:
    return [part.usage for part in parts if isinstance(part, Consumed)][-1]


def text_of(parts: Iterable[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


@each_stream
def test_a_stream_s_bytes_pass_untouched(operation: Operation, stream: bytes) -> None:
    raw, parts = read(reader(operation), [stream])
    assert raw == stream
    assert isinstance(parts[-1], Finished)


@each_stream
def test_a_stream_means_the_same_however_the_network_cut_it(operation: Operation, stream: bytes) -> None:
    def joined(parts: list[Part]) -> tuple[list[Part], str]:
        return [part for part in parts if not isinstance(part, Text)], text_of(parts)

    expected = read(reader(operation), [stream])
    for cut in range(len(stream)):
        raw, parts = read(reader(operation), [stream[:cut], stream[cut:]])
        assert (raw, joined(parts)) == (expected[0], joined(expected[1]))


@each_stream
def test_a_stream_that_ends_early_is_cut(operation: Operation, stream: bytes) -> None:
    reading = reader(operation)
    read(reading, [stream[: stream.rindex(b"event:")]])
    assert reading.failure is not None
    assert reading.failure.reason == "stream_cut"


@each_stream
def test_an_error_in_a_stream_is_raised_after_what_came_before(operation: Operation, stream: bytes) -> None:
    first = stream[: stream.index(b"\n\n") + 2]
    reading = reader(operation)
    raw, _ = read(
        reading, [first + b'event: error\ndata: {"type":"error","code":"server_error","message":"Broken."}\n\n']
    )
    assert raw == first
    assert reading.failure is not None
    assert (reading.failure.reason, reading.failure.message) == ("server_error", "Broken.")


@each_stream
def test_a_damaged_event_is_a_bad_reply(operation: Operation, stream: bytes) -> None:
    reading = reader(operation)
    read(reading, [b'data: {"type":\n\n' + stream])
    assert reading.failure is not None
    assert reading.failure.reason == "bad_reply"


@each_stream
def test_events_of_a_kind_nobody_knows_pass(operation: Operation, stream: bytes) -> None:
    new = b'event: brand.new\ndata: {"type":"brand.new","delta":{"a":1},"usage":7}\n\n'
    raw, _ = read(reader(operation), [new + stream])
    assert raw == new + stream


def test_a_response_says_the_same_streamed_and_whole() -> None:
    _, streamed = read(reader("responses"), [RESPONSE_STREAM])
    for parts in (streamed, whole("responses", RESPONSE).parts):
        assert parts[0] == Started("resp_1", "gpt-5-2025-08-07")
        assert text_of(parts) == "한옥 has a courtyard."
        assert Reasoning("A yard.") in parts
        tools = [part for part in parts if isinstance(part, ToolCall)]
        assert (tools[0].call_id, tools[0].name) == ("call_1", "weather")
        assert "".join(tool.arguments for tool in tools) == '{"city":"Seoul"}'
        assert {tool.index for tool in tools} == {0}
        assert usage_of(parts) == Usage(30, 20, 10, 8, cache_write_tokens=4)
        assert parts[-1] == Finished("tool_calls")


def test_a_trace_keeps_the_whole_response_however_it_came() -> None:
    raw = msgspec.json.encode(RESPONSE)
    _, streamed = read(reader("responses"), [RESPONSE_STREAM])
    assert msgspec.json.decode(output_of("responses", streamed, b"")) == RESPONSE
    assert output_of("responses", whole("responses", RESPONSE).parts, raw) == raw


def test_a_response_that_was_cut_short_says_why() -> None:
    for cause, reason in (("max_output_tokens", "length"), ("content_filter", "content_filter")):
        cut = {**RESPONSE, "status": "incomplete", "incomplete_details": {"reason": cause}}
        assert whole("responses", cut).parts[-1] == Finished(reason)
        _, parts = read(reader("responses"), [frames({"type": "response.incomplete", "response": cut})])
        assert parts[-1] == Finished(reason)


def test_a_response_that_a_filter_kept_back_altogether_is_a_failure() -> None:
    kept = {**RESPONSE, "status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "output": []}
    with pytest.raises(CallFailed, match="content filter") as caught:
        whole("responses", kept)
    assert (caught.value.reason, caught.value.status) == ("content_filter", 400)
    created = {"type": "response.created", "response": CREATED}
    stream = reader("responses")
    _, parts = read(stream, [frames(created, {"type": "response.incomplete", "response": kept})])
    assert stream.failure is not None
    assert stream.failure.reason == "content_filter"
    assert not any(isinstance(part, Finished) for part in parts)


def test_a_model_that_declines_is_a_refusal() -> None:
    item = {"type": "message", "content": [{"type": "refusal", "refusal": "I cannot."}]}
    assert Refusal("I cannot.") in whole("responses", {**RESPONSE, "output": [item]}).parts
    _, parts = read(reader("responses"), [frames({"type": "response.refusal.delta", "delta": "I cannot."})])
    assert parts == [Refusal("I cannot.")]


@pytest.mark.parametrize(
    ("code", "reason", "status"),
    [
        ("server_error", "server_error", 502),
        ("rate_limit_exceeded", "rate_limited", 429),
        ("invalid_prompt", "invalid_request", 400),
        ("image_too_large", "invalid_request", 400),
        ("image_content_policy_violation", "content_filter", 400),
    ],
)
def test_a_response_that_failed_is_an_error(code: str, reason: str, status: int) -> None:
    failed = {**RESPONSE, "status": "failed", "error": {"code": code, "message": "No."}, "output": []}
    with pytest.raises(CallFailed) as caught:
        whole("responses", failed)
    reading = reader("responses")
    read(reading, [frames({"type": "response.failed", "response": failed})])
    for failure in (caught.value, reading.failure):
        assert failure is not None
        assert (failure.reason, failure.status, failure.message) == (reason, status, "No.")


def test_a_response_in_the_background_is_not_finished() -> None:
    queued = {**RESPONSE, "status": "queued", "output": [], "usage": None}
    assert whole("responses", queued).parts == (Started("resp_1", "gpt-5-2025-08-07"),)


def test_images_are_counted_with_their_tokens() -> None:
    answer = {"created": 1, "data": [{"b64_json": "AAAAAAA="}] * 2, "output_format": "webp", "usage": IMAGE_USAGE}
    parts = whole("images", answer).parts
    assert parts[:2] == (Media("image/webp", 5), Media("image/webp", 5))
    assert usage_of(parts) == Usage(50, 272, image_input_tokens=40, image_output_tokens=272, images=2)
    _, streamed = read(reader("images"), [IMAGE_STREAM])
    assert usage_of(streamed) == Usage(50, 272, image_input_tokens=40, image_output_tokens=272, images=1)


def test_images_without_tokens_are_counted_alone() -> None:
    assert usage_of(whole("images", {"data": [{"url": "https://vendor.test/1.png"}]}).parts) == Usage(images=1)


def test_a_transcription_says_the_same_streamed_and_whole() -> None:
    _, streamed = read(reader("transcription"), [TRANSCRIPT_STREAM])
    answer = {"text": "What is a madang?", "usage": {**HEARD, "output_tokens": 5}}
    for parts in (streamed, whole("transcription", answer).parts):
        assert text_of(parts) == "What is a madang?"
        assert usage_of(parts) == Usage(14, 5, audio_input_tokens=12)
    assert output_of("transcription", streamed, b"") == b'{"text":"What is a madang?"}'


@pytest.mark.parametrize(
    "answer", [{"text": "Hi.", "usage": {"type": "duration", "seconds": 3}}, {"text": "Hi.", "duration": 3.0}]
)
def test_whisper_counts_seconds(answer: dict[str, Any]) -> None:
    assert usage_of(whole("translation", answer).parts) == Usage(audio_seconds=3)


def test_subtitles_pass_as_they_are() -> None:
    event = whole("transcription", b"WEBVTT\n\n00:00 --> 00:01\nHi.\n", "text/vtt")
    assert event.raw.startswith(b"WEBVTT")
    assert text_of(event.parts).endswith("Hi.\n")


def test_speech_counts_the_characters_that_were_asked_for() -> None:
    event = whole("speech", b"ID3\x00sound", "audio/mpeg", input="한옥 has a madang.")
    assert event.parts == (Media("audio/mpeg", 9), Consumed(Usage(characters=16)), Finished("stop"))
    assert output_of("speech", event.parts, event.raw) == b'{"content_type":"audio/mpeg","bytes":9}'


def test_streamed_speech_says_its_tokens() -> None:
    _, parts = read(reader("speech", response_format="wav"), [SPEECH_STREAM])
    assert usage_of(parts) == Usage(14, 101, audio_output_tokens=101)
    assert output_of("speech", parts, b"") == b'{"content_type":"audio/wav","bytes":5}'


def test_json_where_sound_was_asked_for_is_an_error() -> None:
    with pytest.raises(CallFailed, match="No voice"):
        whole("speech", {"error": {"message": "No voice"}})
    with pytest.raises(CallFailed) as caught:
        whole("speech", b"<html>", JSON)
    assert caught.value.reason == "bad_reply"


@pytest.mark.parametrize("operation", ["responses", "images", "transcription"])
def test_an_answer_that_is_not_json_is_a_bad_reply(operation: Operation) -> None:
    with pytest.raises(CallFailed) as caught:
        whole(operation, b'{"half": ')
    assert caught.value.reason == "bad_reply"


@pytest.mark.parametrize("operation", ["responses", "images", "transcription"])
def test_an_error_that_comes_with_status_200_is_raised(operation: Operation) -> None:
    with pytest.raises(CallFailed, match="We broke"):
        whole(operation, {"error": {"message": "We broke", "code": "server_error"}})


async def outgoing(operation: Operation, body: dict[str, Any], to: Target | None = None) -> Outgoing:
    asked = request(route(to or target()), operation=operation)
    sent = type(asked)(operation, asked.route, body, b"{}", 600.0)
    return await wire().outgoing(sent.to(to or target(), "the only one", has_alternative=False))


async def test_a_file_goes_out_as_a_form_with_the_vendor_s_model() -> None:
    sound = Upload('a"b.wav', "audio/wav", b"RIFF\r\n\x00")
    body = {"model": "hear", "file": sound, "temperature": 0.2, "timestamp_granularities": ["word", "segment"]}
    out = await outgoing("transcription", body)
    assert out.headers == {"x": "y", "content-type": "multipart/form-data; boundary=frontier"}
    assert out.body == (
        b'--frontier\r\ncontent-disposition: form-data; name="model"\r\n\r\neast-model\r\n'
        b'--frontier\r\ncontent-disposition: form-data; name="file"; filename="a%22b.wav"\r\n'
        b"content-type: audio/wav\r\n\r\nRIFF\r\n\x00\r\n"
        b'--frontier\r\ncontent-disposition: form-data; name="temperature"\r\n\r\n0.2\r\n'
        b'--frontier\r\ncontent-disposition: form-data; name="timestamp_granularities[]"\r\n\r\nword\r\n'
        b'--frontier\r\ncontent-disposition: form-data; name="timestamp_granularities[]"\r\n\r\nsegment\r\n'
        b"--frontier--\r\n"
    )


async def test_several_images_go_out_as_a_list() -> None:
    picture = Upload("a.png", "image/png", b"\x89PNG")
    body = {"model": "draw", "prompt": "a yard", "image": [picture, picture], "stream": True}
    out = await outgoing("image_edits", body)
    assert out.body.count(b'name="image[]"; filename="a.png"') == 2
    assert b'name="stream"\r\n\r\ntrue\r\n' in out.body


async def test_a_request_without_files_goes_out_as_json() -> None:
    out = await outgoing("speech", {"model": "say", "input": "Hi.", "voice": "marin"})
    assert out.body == b'{"model":"east-model","input":"Hi.","voice":"marin"}'


PATHS: list[tuple[Operation, str]] = [
    ("responses", "/responses"),
    ("images", "/images/generations"),
    ("image_edits", "/images/edits"),
    ("transcription", "/audio/transcriptions"),
    ("translation", "/audio/translations"),
    ("speech", "/audio/speech"),
]


def address(operation: Operation, **fields: str) -> str:
    to = target(vendor="azure", **{"base_url": "https://me.openai.azure.com", **fields})
    return address_of(request(route(to), operation=operation).to(to, "", has_alternative=False)).url


@pytest.mark.parametrize(("operation", "path"), PATHS)
def test_azure_s_v1_api_has_openai_s_paths(operation: Operation, path: str) -> None:
    v1 = "https://me.openai.azure.com/openai/v1"
    assert address(operation) == v1 + path
    assert address(operation, base_url=f"{v1}/", api_version="preview") == f"{v1}{path}?api-version=preview"


@pytest.mark.parametrize(("operation", "path"), PATHS[1:])
def test_azure_s_dated_api_has_the_deployment_in_its_paths(operation: Operation, path: str) -> None:
    expected = f"https://me.openai.azure.com/openai/deployments/east-model{path}?api-version=2024-10-21"
    assert address(operation, api_version="2024-10-21") == expected


def test_a_deployments_name_stays_one_segment_of_the_path() -> None:
    sent = address("images", api_version="2024-10-21", vendor_model="a/../b?c#d\r\ne")
    assert "/deployments/a%2F..%2Fb%3Fc%23d%0D%0Ae/images/" in sent


def test_azure_s_dated_api_has_no_responses_and_says_what_to_do() -> None:
    with pytest.raises(CallFailed, match="Leave its API version empty") as caught:
        address("responses", api_version="2024-10-21")
    assert caught.value.code == "operation_not_served"
