"""Speech, transcription and translation, asked with the official client."""

import asyncio
import base64
import io
import wave
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import openai as sdk
import pytest
from openai import AsyncOpenAI, AzureOpenAI, OpenAI
from openai.types.audio import TranscriptionVerbose

from madang_simulator import RunningSimulator
from madang_simulator.sounds import seconds_of, speak

Clients = Callable[..., OpenAI]
SOUND = ("talk.wav", speak("wav", 12.0))


def test_speech_is_a_wav_that_can_be_played(openai: Clients) -> None:
    sound = openai().audio.speech.create(model="tts-1", voice="alloy", input="one two three", response_format="wav")

    with wave.open(io.BytesIO(sound.read())) as played:
        assert (played.getframerate(), played.getnframes()) == (24_000, 24_000)


@pytest.mark.parametrize(
    ("form", "type", "beginning"),
    [
        ("mp3", "audio/mpeg", b"\xff\xfb"),
        ("opus", "audio/opus", b"OggS"),
        ("aac", "audio/aac", b"\xff\xf1"),
        ("flac", "audio/flac", b"fLaC"),
    ],
)
def test_speech_comes_in_the_asked_format(openai: Clients, form: Any, type: str, beginning: bytes) -> None:
    sound = openai().audio.speech.create(model="tts-1", voice="alloy", input="hello", response_format=form)

    assert sound.response.headers["content-type"] == type
    assert sound.read().startswith(beginning)


def test_speech_as_events_ends_with_its_usage(openai: Clients) -> None:
    client = openai()
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input="hello there", stream_format="sse"
    ) as reply:
        last = [line for line in reply.iter_lines() if line][-1]

    assert '"type":"speech.audio.done"' in last
    assert '"input_tokens":2' in last


def test_too_long_a_text_is_not_spoken(openai: Clients) -> None:
    with pytest.raises(sdk.BadRequestError, match="string too long"):
        openai().audio.speech.create(model="tts-1", voice="alloy", input="a" * 4097)


def test_transcription_is_billed_by_duration_or_by_tokens(openai: Clients) -> None:
    client = openai()
    old = client.audio.transcriptions.create(model="whisper-1", file=SOUND).usage
    new = client.audio.transcriptions.create(model="gpt-4o-transcribe", file=SOUND).usage

    assert old is not None
    assert old.type == "duration"
    assert old.seconds == 12
    assert new is not None
    assert new.type == "tokens"
    assert new.input_tokens == 120


def test_same_file_says_the_same_each_time(openai: Clients) -> None:
    client = openai()
    texts = {client.audio.transcriptions.create(model="whisper-1", file=SOUND).text for _ in range(2)}

    assert len(texts) == 1
    assert texts.pop().startswith("Simulated transcript:")


def test_verbose_transcription_has_segments_and_words(openai: Clients) -> None:
    reply = openai().audio.transcriptions.create(
        model="whisper-1",
        file=SOUND,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        language="ko",
    )

    assert isinstance(reply, TranscriptionVerbose)
    assert (reply.language, reply.duration) == ("korean", 12)
    assert reply.segments
    assert "".join(segment.text for segment in reply.segments) == reply.text
    assert reply.words
    assert reply.words[-1].end == 12


@pytest.mark.parametrize(
    ("form", "beginning"),
    [("text", "Simulated"), ("srt", "1\n00:00:00,000 --> 00:00:0"), ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:0")],
)
def test_transcription_comes_as_text_and_subtitles(openai: Clients, form: Any, beginning: str) -> None:
    reply: object = openai().audio.transcriptions.create(model="whisper-1", file=SOUND, response_format=form)

    assert isinstance(reply, str)
    assert reply.startswith(beginning)


def test_newer_models_refuse_subtitles(openai: Clients) -> None:
    with pytest.raises(sdk.BadRequestError) as caught:
        openai().audio.transcriptions.create(model="gpt-4o-transcribe", file=SOUND, response_format="srt")

    assert (caught.value.param, caught.value.code) == ("response_format", "unsupported_value")


def test_streamed_transcription_ends_with_the_whole_text(simulator: RunningSimulator) -> None:
    async def events() -> list[Any]:
        async with AsyncOpenAI(api_key="k", base_url=simulator.openai_url("east"), max_retries=0) as client:
            stream = await client.audio.transcriptions.create(model="gpt-4o-transcribe", file=SOUND, stream=True)
            return [event async for event in stream]

    *deltas, done = asyncio.run(events())

    assert done.type == "transcript.text.done"
    assert "".join(event.delta for event in deltas) == done.text


def test_translation_is_english(openai: Clients) -> None:
    reply = openai().post(
        "/audio/translations",
        body={"model": "whisper-1", "response_format": "verbose_json", "language": "ko"},
        files={"file": SOUND},
        options={"headers": {"content-type": "multipart/form-data"}},
        cast_to=dict[str, Any],
    )

    assert (reply["task"], reply["language"]) == ("translate", "english")


def test_empty_file_is_refused(openai: Clients) -> None:
    with pytest.raises(sdk.BadRequestError, match="too short"):
        openai().audio.transcriptions.create(model="whisper-1", file=("a.wav", b""))


@pytest.mark.parametrize(
    ("type", "body", "words"),
    [
        ("application/json", b"{}", "multipart/form-data"),
        ("multipart/form-data", b"", "multipart/form-data"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nw',
            "broken off",
        ),
        ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\nw\r\n--b--", "has no name"),
    ],
)
def test_body_that_is_no_form_is_refused(simulator: RunningSimulator, type: str, body: bytes, words: str) -> None:
    url = f"{simulator.openai_url('east')}/audio/transcriptions"
    reply = httpx.post(url, headers={"authorization": "Bearer k", "content-type": type}, content=body, timeout=10)

    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


def test_azure_names_the_deployment_in_the_path(azure: Callable[..., AzureOpenAI]) -> None:
    assert azure().audio.transcriptions.create(model="my-whisper", file=SOUND).text


def test_cut_strikes_a_sound_on_its_way(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "cut", "after_chunks": 2}])

    with pytest.raises(Exception, match=r"(?i)reset|connection|read|closed"):
        openai().audio.speech.create(model="tts-1", voice="alloy", input="hello " * 40, response_format="wav").read()


def test_sounds_in_a_prompt_count_ten_tokens_a_second(openai: Clients) -> None:
    sound = {"data": base64.b64encode(SOUND[1]).decode(), "format": "wav"}
    content: Any = [{"type": "text", "text": "hi"}, {"type": "input_audio", "input_audio": sound}]

    usage = (
        openai().chat.completions.create(model="gpt-4o-audio", messages=[{"role": "user", "content": content}]).usage
    )

    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.audio_tokens == 120
    assert usage.prompt_tokens == 120 + 1 + 6


def test_pdf_in_a_prompt_is_counted(openai: Clients) -> None:
    pdf = "data:application/pdf;base64," + "A" * 100_000
    content: Any = [{"type": "text", "text": "hi"}, {"type": "file", "file": {"filename": "a.pdf", "file_data": pdf}}]

    usage = openai().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": content}]).usage

    assert usage is not None
    assert usage.prompt_tokens == 100 + 1 + 6


def test_length_of_other_files_is_guessed_from_their_size() -> None:
    assert seconds_of(speak("mp3", 3.0)) == pytest.approx(3.0, abs=0.1)
