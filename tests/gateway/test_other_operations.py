"""Responses, images and audio through the Gateway, by the official client."""

import io
import json
from typing import Any

import pytest
from openai import APIError, BadRequestError
from tests.support.running_platform import Platform

SOUND = ("question.wav", b"RIFF" + bytes(4_000), "audio/wav")


def root_of(platform: Platform, trace_id: str) -> dict[str, Any]:
    class Answered:
        headers = {"x-madang-trace-id": trace_id}

    root: dict[str, Any] = platform.trace_of(Answered())["spans"][0]  # type: ignore[arg-type]
    return root


def test_a_response_comes_whole(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    raw = platform.openai().responses.with_raw_response.create(model=alias, input="What is a madang?")
    response = raw.parse()
    assert response.output_text
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    assert (root["kind"], root["name"]) == ("generation", f"responses {alias}")
    assert response.usage is not None
    assert root["input_tokens"] == response.usage.input_tokens
    assert root["cost_usd"]


def test_a_response_comes_in_pieces(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    said, last = "", None
    for event in platform.openai().responses.create(model=alias, input="What is a madang?", stream=True):
        if event.type == "response.output_text.delta":
            said += event.delta
        last = event
    assert last is not None
    assert last.type == "response.completed"
    assert said == last.response.output_text


def test_a_response_calls_tools(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool: Any = {"type": "function", "name": "weather", "parameters": parameters, "strict": False}
    response = platform.openai().responses.create(model=alias, input="Hi.", tools=[tool], tool_choice="required")
    assert [item.name for item in response.output if item.type == "function_call"] == ["weather"]


def test_a_stream_of_a_response_that_breaks_is_an_error(platform: Platform) -> None:
    alias = platform.model(platform.deployment({"kind": "cut", "after_chunks": 3}), retries=0)
    with pytest.raises(APIError, match=r"middle of the answer|before the answer was complete"):
        list(platform.openai().responses.create(model=alias, input="What is a madang?", stream=True))


def test_a_failing_deployment_is_replaced_for_responses_too(platform: Platform) -> None:
    broken = platform.deployment({"kind": "server_error"}, order=1)
    alias = platform.model(broken, platform.deployment(order=2))
    assert platform.openai().responses.create(model=alias, input="Hi.").output_text


def test_an_image_is_made_and_its_bytes_stay_out_of_the_trace(platform: Platform) -> None:
    alias = platform.model(platform.deployment(vendor_model="gpt-image-1"))
    raw = platform.openai().images.with_raw_response.generate(model=alias, prompt="a courtyard")
    made = raw.parse()
    assert made.data
    assert made.data[0].b64_json
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    assert root["name"] == f"images {alias}"


def test_an_image_is_edited(platform: Platform) -> None:
    deployment = platform.deployment(vendor_model="gpt-image-1")
    alias = platform.model(deployment)
    picture = platform.openai().images.generate(model=alias, prompt="a courtyard").data
    assert picture
    import base64

    file = ("a.png", base64.b64decode(picture[0].b64_json or ""), "image/png")
    edited = platform.openai().images.edit(model=alias, image=[file, file], prompt="with a tree")
    assert edited.data
    assert edited.data[0].b64_json


@pytest.mark.parametrize("operation", ["transcriptions", "translations"])
def test_a_recording_becomes_text(platform: Platform, operation: str) -> None:
    alias = platform.model(platform.deployment(vendor_model="whisper-1"))
    audio = getattr(platform.openai().audio, operation)
    raw = audio.with_raw_response.create(model=alias, file=SOUND)
    assert raw.parse().text
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    asked = json.loads(root["input"])
    assert asked["file"] == {"filename": "question.wav", "content_type": "audio/wav", "bytes": len(SOUND[1])}
    assert json.loads(root["output"])["text"]


def test_a_recording_becomes_subtitles(platform: Platform) -> None:
    alias = platform.model(platform.deployment(vendor_model="whisper-1"))
    told = platform.openai().audio.transcriptions.create(model=alias, file=SOUND, response_format="vtt")
    assert str(told).startswith("WEBVTT")


def test_text_becomes_sound(platform: Platform) -> None:
    alias = platform.model(platform.deployment(vendor_model="tts-1"))
    raw = platform.openai().audio.speech.with_raw_response.create(
        model=alias, input="A madang is a courtyard.", voice="alloy", response_format="wav"
    )
    sound = raw.read() if hasattr(raw, "read") else raw.content
    assert sound[:4] == b"RIFF"
    root = root_of(platform, raw.headers["x-madang-trace-id"])
    assert json.loads(root["output"]) == {"content_type": "audio/wav", "bytes": len(sound)}


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/responses", {"input": 7}, "input"),
        ("/v1/images/generations", {}, "prompt"),
        ("/v1/audio/speech", {"input": ["a"]}, "input"),
        ("/v1/audio/transcriptions", {}, "file"),
    ],
)
def test_what_is_missing_is_named(platform: Platform, path: str, body: dict[str, Any], param: str) -> None:
    alias = platform.model(platform.deployment())
    answer = platform.send("POST", path, {"model": alias, **body})
    assert (answer.status, answer.error["code"], answer.error["param"]) == (400, "invalid_type", param)


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"no form at all",
        b"--x",
        b"--x\r\n\r\n",
        b"--x\r\ncontent-disposition: form-data\r\n\r\nhi\r\n--x--\r\n",
        b'--x\r\ncontent-disposition: form-data; name="model"\r\n\r\n\xff\xfe\r\n--x--\r\n',
        b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
    ],
)
def test_a_broken_form_is_refused(platform: Platform, form: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = platform.send("POST", "/v1/audio/transcriptions", raw=form, headers=headers)
    assert answer.status == 400
    assert answer.error["code"] in ("invalid_form", "missing_model")


def test_a_form_without_a_boundary_is_refused(platform: Platform) -> None:
    answer = platform.send("POST", "/v1/images/edits", raw=b"x", headers={"content-type": "multipart/form-data"})
    assert (answer.status, answer.error["code"]) == (400, "invalid_form")


def test_a_model_that_is_not_there_is_told_for_forms_too(platform: Platform) -> None:
    with pytest.raises(Exception, match="not set up in this project"):
        platform.openai().audio.transcriptions.create(model="nowhere", file=io.BytesIO(b"RIFF"))


def test_responses_that_openai_keeps_are_not_served(platform: Platform) -> None:
    with pytest.raises(Exception, match="kept by them"):
        platform.openai().responses.retrieve("resp_1")


def test_a_vendor_s_refusal_of_a_form_comes_through(platform: Platform) -> None:
    alias = platform.model(platform.deployment({"kind": "context_overflow"}, vendor_model="whisper-1"))
    with pytest.raises(BadRequestError):
        platform.openai().audio.transcriptions.create(model=alias, file=SOUND)
