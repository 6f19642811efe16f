"""Embeddings, pictures and speech of Gemini and Vertex AI, by recorded bytes."""

import base64
import io
import json
import struct
import wave
from typing import Any

import msgspec
import pytest
from tests.sdk.providers.gemini_requests import asked

from madang.calls.event import Consumed
from madang.calls.request import Request
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.gemini import embeddings, images, speech


def answered(*parts: dict[str, Any], finish: str = "STOP", **usage: int) -> bytes:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, "index": 0}
    return json.dumps({"candidates": [candidate], "usageMetadata": usage, "responseId": "r1"}).encode()


# Embeddings


def embedding(model: str = "gemini-embedding-001", **body: Any) -> Request:
    return asked(model=model, operation="embeddings", **body)


def test_inputs_are_embedded_in_one_batch() -> None:
    told = msgspec.json.decode(
        embeddings.gemini_body(embedding(input=["a", "b"], dimensions=64, taskType="RETRIEVAL_QUERY"))
    )
    common = {"model": "models/gemini-embedding-001", "outputDimensionality": 64, "taskType": "RETRIEVAL_QUERY"}
    assert told == {"requests": [{**common, "content": {"parts": [{"text": text}]}} for text in "ab"]}


def test_vertex_ai_predicts_older_models_and_embeds_newer_ones() -> None:
    older = msgspec.json.decode(embeddings.vertex_body(embedding(input=["a", "b"], dimensions=64, task_type="X")))
    assert older["instances"] == [{"content": "a", "task_type": "X"}, {"content": "b", "task_type": "X"}]
    assert older["parameters"]["outputDimensionality"] == 64
    newer = msgspec.json.decode(embeddings.vertex_body(embedding("gemini-embedding-2", input="a", dimensions=64)))
    assert newer["content"] == {"parts": [{"text": "a"}]}
    assert newer["embedContentConfig"]["outputDimensionality"] == 64
    assert embeddings.vertex_method("gemini-embedding-2") == "embedContent"
    assert embeddings.vertex_method("text-embedding-005") == "predict"


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (b'{"embeddings":[{"values":[0.5,0.25]}]}', None),
        (b'{"embeddings":[{"values":[0.5,0.25]}],"usageMetadata":{"promptTokenCount":3}}', 3),
        (b'{"predictions":[{"embeddings":{"values":[0.5,0.25],"statistics":{"token_count":3}}}]}', 3),
        (b'{"embedding":{"values":[0.5,0.25]},"usageMetadata":{"promptTokenCount":3}}', 3),
    ],
)
def test_every_answer_becomes_openais_list(raw: bytes, usage: int | None) -> None:
    event = embeddings.embedding_list(embedding(input="a"), raw)
    told = msgspec.json.decode(event.raw)
    assert told["data"] == [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}]
    assert told.get("usage") == (None if usage is None else {"prompt_tokens": usage, "total_tokens": usage})
    assert event.parts == (() if usage is None else (Consumed(Usage(usage, 0)),))


def test_vectors_are_packed_for_clients_that_ask_for_it() -> None:
    event = embeddings.embedding_list(embedding(input="a", encoding_format="base64"), b'{"embedding":{"values":[0.5]}}')
    (entry,) = msgspec.json.decode(event.raw)["data"]
    assert struct.unpack("<f", base64.b64decode(entry["embedding"])) == (0.5,)


@pytest.mark.parametrize("given", [[1, 2], [], None, [[1]]])
def test_token_numbers_are_refused(given: Any) -> None:
    with pytest.raises(CallFailed) as caught:
        embeddings.gemini_body(embedding(input=given))
    assert (caught.value.reason, caught.value.param) == ("invalid_request", "input")


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"<html>", b'{"embeddings":[{}]}'])
def test_an_answer_without_vectors_is_a_bad_reply(raw: bytes) -> None:
    with pytest.raises(CallFailed) as caught:
        embeddings.embedding_list(embedding(input="a"), raw)
    assert caught.value.reason == "bad_reply"


# Pictures


def drawing(**body: Any) -> Request:
    return asked(model="gemini-2.5-flash-image", operation="images", prompt="a courtyard", **body)


def test_a_picture_is_asked_for_with_its_aspect_ratio() -> None:
    told = msgspec.json.decode(images.image_body(drawing(size="1536x1024", generationConfig={"seed": 7})))
    assert told["contents"] == [{"role": "user", "parts": [{"text": "a courtyard"}]}]
    assert told["generationConfig"] == {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": "3:2"},
        "seed": 7,
    }


@pytest.mark.parametrize(("size", "ratio"), [("1024x1024", "1:1"), ("1792x1024", "16:9"), ("9:16", "9:16")])
def test_a_size_is_an_aspect_ratio(size: str, ratio: str) -> None:
    told = msgspec.json.decode(images.image_body(drawing(size=size)))
    assert told["generationConfig"]["imageConfig"] == {"aspectRatio": ratio}


@pytest.mark.parametrize("body", [{"n": 2}, {"response_format": "url"}, {"size": "large"}, {"stream": True}])
def test_what_gemini_cannot_draw_is_refused_by_its_parameter(body: dict[str, Any]) -> None:
    with pytest.raises(CallFailed) as caught:
        images.image_body(drawing(**body))
    assert caught.value.param == next(iter(body))


def test_a_picture_comes_as_base64_with_its_tokens() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}
    raw = answered({"text": "Here."}, picture, promptTokenCount=5, candidatesTokenCount=1290)
    event = images.image_list(drawing(), raw, vendor="Gemini")
    told = msgspec.json.decode(event.raw)
    assert told["data"] == [{"b64_json": "iVBO"}]
    assert told["usage"] == {"input_tokens": 5, "output_tokens": 1290, "total_tokens": 1295}
    assert event.parts == (Consumed(Usage(5, 1290, images=1)),)


@pytest.mark.parametrize(
    ("finish", "reason"), [("IMAGE_SAFETY", "content_filter"), ("NO_IMAGE", "bad_reply"), ("STOP", "bad_reply")]
)
def test_no_picture_is_a_failure(finish: str, reason: str) -> None:
    with pytest.raises(CallFailed) as caught:
        images.image_list(drawing(), answered(finish=finish), vendor="Gemini")
    assert caught.value.reason == reason


# Speech

SAMPLES = bytes(range(256)) * 3
SOUND = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": base64.b64encode(SAMPLES).decode()}}


def speaking(**body: Any) -> Request:
    return asked(model="gemini-2.5-flash-preview-tts", operation="speech", input="안녕", voice="alloy", **body)


def test_a_text_is_spoken_with_instructions_by_a_voice_of_geminis() -> None:
    told = msgspec.json.decode(speech.speech_body(speaking(instructions="Cheerfully")))
    assert told["contents"] == [{"role": "user", "parts": [{"text": "Cheerfully: 안녕"}]}]
    assert told["generationConfig"] == {
        "responseModalities": ["AUDIO"],
        "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
    }


def test_sound_is_a_wav_file_that_others_can_read() -> None:
    event = speech.sound(speaking(), answered(SOUND, promptTokenCount=4, candidatesTokenCount=25), vendor="Gemini")
    with wave.open(io.BytesIO(event.raw)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        assert file.readframes(10_000) == SAMPLES
    (consumed,) = [part.usage for part in event.parts if isinstance(part, Consumed)]
    assert (consumed.characters, consumed.audio_seconds) == (2, len(SAMPLES) / 48_000)


def test_pcm_is_given_as_it_came() -> None:
    assert speech.sound(speaking(response_format="pcm"), answered(SOUND), vendor="Gemini").raw == SAMPLES
    assert speech.content_type(speaking(response_format="pcm")) == "audio/pcm"


@pytest.mark.parametrize("body", [{"response_format": "mp3"}, {"speed": 2}, {"stream_format": "sse"}])
def test_what_gemini_cannot_speak_is_refused_by_its_parameter(body: dict[str, Any]) -> None:
    with pytest.raises(CallFailed) as caught:
        speech.speech_body(speaking(**body))
    assert caught.value.param == next(iter(body))


@pytest.mark.parametrize("part", [{"text": "I cannot."}, {"inlineData": {"mimeType": "audio/L16", "data": "no!"}}])
def test_no_sound_is_a_bad_reply(part: dict[str, Any]) -> None:
    with pytest.raises(CallFailed) as caught:
        speech.sound(speaking(), answered(part), vendor="Gemini")
    assert caught.value.reason == "bad_reply"
