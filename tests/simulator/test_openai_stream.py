"""Streamed chat completions: the official client and the bytes on the wire."""

from collections.abc import Callable

import httpx2 as httpx
import msgspec
from openai import OpenAI

from madang_simulator import RunningSimulator

Clients = Callable[..., OpenAI]
ASK = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def events(simulator: RunningSimulator, **fields: object) -> list[dict[str, object] | str]:
    url = f"{simulator.openai_url('east')}/chat/completions"
    reply = httpx.post(url, headers={"authorization": "Bearer sk-any"}, json={**ASK, **fields}, timeout=10)
    assert reply.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in reply.text.split("\n\n") if line]
    return [line if line == "[DONE]" else msgspec.json.decode(line) for line in lines]


def test_stream_carries_the_same_text_as_the_whole_answer(openai: Clients) -> None:
    client = openai()
    whole = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}], seed=7)
    stream = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "hi"}], seed=7, stream=True
    )

    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in stream)

    assert streamed == whole.choices[0].message.content


def test_stream_has_role_then_pieces_then_finish_then_done(simulator: RunningSimulator) -> None:
    *chunks, done = events(simulator)

    assert done == "[DONE]"
    choices = [chunk["choices"][0] for chunk in chunks]  # type: ignore[index]  # decoded JSON
    assert choices[0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert all(choice["delta"]["content"] and choice["finish_reason"] is None for choice in choices[1:-1])
    assert choices[-1]["delta"] == {}
    assert choices[-1]["finish_reason"] == "stop"


def test_usage_comes_only_when_asked_for(simulator: RunningSimulator) -> None:
    assert not any("usage" in event for event in events(simulator))


def test_usage_chunk_is_last_and_null_before(simulator: RunningSimulator) -> None:
    *chunks, last, _ = events(simulator, stream_options={"include_usage": True})

    assert all(isinstance(chunk, dict) and chunk["usage"] is None for chunk in chunks)
    assert isinstance(last, dict)
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == len(chunks) - 2  # type: ignore[index]  # decoded JSON


def test_chunk_size_groups_tokens(simulator: RunningSimulator) -> None:
    simulator.configure("east", output_tokens=[40, 40], tokens_per_chunk=10)

    assert len(events(simulator)) == 1 + 4 + 1 + 1


def test_choices_come_in_turn(simulator: RunningSimulator) -> None:
    seen = [event["choices"][0]["index"] for event in events(simulator, n=2) if isinstance(event, dict)]  # type: ignore[index]  # decoded JSON

    assert seen[:6] == [0, 1, 0, 1, 0, 1]
