"""Responses, images and audio by the SDK's clients, straight to the vendor and through the Gateway."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from madang import AsyncMadang, CallFailed, ConfigError, Madang
from madang.config import Mode
from madang_simulator import RunningSimulator

Clients = Callable[[Mode], Madang]
SOUND = b"RIFF" + bytes(4_000)


def test_a_response_says_what_it_said(on_server: Clients, mode: Mode) -> None:
    response = on_server(mode).responses.create(model="chat", input="What is a madang?")
    assert response.output_text == response.output[-1].content[0].text
    assert response.status == "completed"
    assert response.call.deployment == "east"
    assert response.call.cost_usd


def test_a_response_s_events_come_one_by_one(on_server: Clients, mode: Mode) -> None:
    with on_server(mode).responses.create(model="chat", input="What is a madang?", stream=True) as stream:
        events = list(stream)
    said = "".join(event.delta or "" for event in events if event.type == "response.output_text.delta")
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == said
    assert stream.call.deployment == "east"


def test_a_failing_deployment_is_replaced(on_server: Clients, mode: Mode, simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "server_error"}])
    assert on_server(mode).responses.create(model="chat", input="Hi.").call.attempts == 2


def test_images_are_made_and_edited(on_server: Clients, mode: Mode, tmp_path: Path) -> None:
    images = on_server(mode).images
    made = images.generate(model="chat", prompt="a courtyard")
    assert made.data[0].b64_json
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG")
    edited = images.edit(model="chat", image=[path, ("b.png", b"\x89PNG", "image/png")], prompt="with a tree")
    assert edited.data[0].b64_json


@pytest.mark.parametrize(
    "file",
    [SOUND, io.BytesIO(SOUND), ("question.wav", SOUND), ("question.wav", io.BytesIO(SOUND), "audio/wav")],
    ids=["bytes", "open", "named", "typed"],
)
def test_a_recording_in_any_form_becomes_text(on_server: Clients, file: Any) -> None:
    transcription: Any = on_server("direct").audio.transcriptions.create(model="chat", file=file)
    assert transcription.text


def test_a_recording_becomes_text_or_subtitles(on_server: Clients, mode: Mode) -> None:
    audio = on_server(mode).audio
    plain: Any = audio.transcriptions.create(model="chat", file=SOUND, response_format="vtt")
    assert plain.startswith("WEBVTT")
    assert plain.call.deployment == "east"
    translated: Any = audio.translations.create(model="chat", file=("a.wav", SOUND))
    assert translated.text


def test_text_becomes_sound(on_server: Clients, mode: Mode, tmp_path: Path) -> None:
    speech = on_server(mode).audio.speech.create(model="chat", input="Hello.", voice="alloy", response_format="wav")
    assert speech.content_type.startswith("audio/")
    speech.write_to_file(tmp_path / "hello.wav")
    assert (tmp_path / "hello.wav").read_bytes() == speech.content == speech.read()
    assert speech.content.startswith(b"RIFF")


def test_a_file_that_is_not_there_is_told_before_anything_is_sent(
    on_server: Clients, simulator: RunningSimulator, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"'missing.wav' cannot be read: No such file"):
        on_server("direct").audio.transcriptions.create(model="chat", file=tmp_path / "missing.wav")
    with pytest.raises(ConfigError, match="binary mode"):
        on_server("direct").audio.transcriptions.create(model="chat", file=io.StringIO("text"))  # type: ignore[arg-type]
    assert simulator.requests("east")["requests"] == []


@pytest.mark.anyio
async def test_event_loops_have_them_too(server: Any, simulator: RunningSimulator, mode: Mode) -> None:
    async with AsyncMadang(server.key, server.url, mode=mode) as client:
        async with await client.responses.create(model="chat", input="Hi.", stream=True) as stream:
            assert [event async for event in stream][-1].type == "response.completed"
        assert (await client.audio.transcriptions.create(model="chat", file=SOUND)).text  # type: ignore[union-attr]
        simulator.configure("east", faults=[{"kind": "context_overflow"}])
        simulator.configure("west", faults=[{"kind": "context_overflow"}])
        with pytest.raises(CallFailed) as caught:
            await client.images.generate(model="chat", prompt="a courtyard")
        assert caught.value.trace_id


def test_documents_are_ranked(on_server: Clients, mode: Mode) -> None:
    ranking = on_server(mode).rerank.create(
        model="chat", query="porters rest", documents=["Noodles.", "Porters rest."], top_n=1, return_documents=True
    )
    assert [(each.index, each["document"]["text"]) for each in ranking.results] == [(1, "Porters rest.")]
    assert ranking.call.cost_usd


def test_a_text_is_moderated(on_server: Clients, mode: Mode) -> None:
    moderation = on_server(mode).moderations.create(model="chat", input=["hello", "violence"])
    assert [each.flagged for each in moderation.results] == [False, True]
    assert moderation.results[1].categories.violence
