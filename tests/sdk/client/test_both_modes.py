"""The same calls against the real server and simulator, by both clients, straight to the vendor and through the Gateway."""

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.sdk.client.conftest import MESSAGES, Server
from tests.sdk.waiting import until

from madang import AsyncMadang, CallFailed, ConfigError, Madang
from madang.config import Mode
from madang_simulator import RunningSimulator

Clients = Callable[[Mode], Madang]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def test_an_answer_comes_with_its_cost_deployment_and_trace(on_server: Clients, mode: Mode) -> None:
    answer = on_server(mode).chat.completions.create(model="chat", messages=MESSAGES)
    assert answer.choices[0].message.content
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    exact = Decimal("2.5") * answer.usage.prompt_tokens + Decimal(10) * answer.usage.completion_tokens
    assert answer.call.cost_usd == exact / 1_000_000
    assert (answer.call.deployment, answer.call.attempts, len(answer.call.trace_id)) == ("east", 1, 32)


def test_a_stream_says_the_same_as_a_whole_answer_would(
    on_server: Clients, mode: Mode, simulator: RunningSimulator
) -> None:
    simulator.configure("east", seed=3)
    whole = on_server(mode).chat.completions.create(model="chat", messages=MESSAGES)
    simulator.configure("east", seed=3)
    stream = on_server(mode).chat.completions.create(model="chat", messages=MESSAGES, stream=True)
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == whole.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.choices for chunk in chunks), "usage that nobody asked for is not shown"
    assert stream.call.deployment == "east"


def test_a_stream_shows_usage_to_who_asks_for_it(on_server: Clients, mode: Mode) -> None:
    chunks = on_server(mode).chat.completions.create(
        model="chat", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    usage = list(chunks)[-1].usage
    assert usage is not None
    assert usage.total_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_failing_deployment_is_replaced_before_anything_was_said(
    on_server: Clients, mode: Mode, simulator: RunningSimulator, stream: bool
) -> None:
    simulator.configure("east", faults=[{"kind": "server_error"}])
    client = on_server(mode)
    if stream:
        answer = client.chat.completions.create(model="chat", messages=MESSAGES, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in answer)
        call = answer.call
    else:
        call = client.chat.completions.create(model="chat", messages=MESSAGES).call
    assert (call.deployment, call.attempts) == ("west", 2)


def test_tool_calls_come_through(on_server: Clients, mode: Mode) -> None:
    asked = {"model": "chat", "messages": MESSAGES, "tools": TOOLS, "tool_choice": "required"}
    answer = on_server(mode).chat.completions.create(**asked)  # type: ignore[call-overload]
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "weather"
    assert "city" in call.function.arguments


def test_embeddings_come_through(on_server: Clients, mode: Mode) -> None:
    answer = on_server(mode).embeddings.create(model="embed", input=["마당", "courtyard"])
    assert [each.index for each in answer.data] == [0, 1]
    assert len(answer.data[0].embedding) == len(answer.data[1].embedding) > 0


def test_arguments_that_we_do_not_know_reach_the_vendor(
    on_server: Clients, mode: Mode, simulator: RunningSimulator
) -> None:
    on_server(mode).chat.completions.create(
        model="chat", messages=MESSAGES, extra_body={"vendor_field": {"a": [1]}}, another_field=True
    )
    sent = simulator.requests("east")["requests"][-1]["body"]
    assert sent["vendor_field"] == {"a": [1]}
    assert sent["another_field"] is True
    assert sent["model"] == "gpt-4o"


def test_a_request_that_the_vendor_refuses_says_why(on_server: Clients, mode: Mode) -> None:
    with pytest.raises(CallFailed) as caught:
        on_server(mode).chat.completions.create(model="chat", messages=MESSAGES, temperature=99)
    assert (caught.value.reason, caught.value.status) == ("invalid_request", 400)
    assert "temperature" in caught.value.message
    assert len(caught.value.trace_id) == 32


def test_a_stream_that_breaks_says_so_after_what_was_said(
    on_server: Clients, mode: Mode, simulator: RunningSimulator
) -> None:
    simulator.configure("east", faults=[{"kind": "cut", "after_chunks": 2}])
    stream = on_server(mode).chat.completions.create(model="chat", messages=MESSAGES, stream=True)
    said = []
    with pytest.raises(CallFailed) as caught:
        for chunk in stream:
            said.append(chunk)
    assert said
    assert caught.value.reason == "stream_cut"
    assert caught.value.trace_id == stream.call.trace_id


def test_a_call_that_takes_too_long_ends_with_a_timeout(
    on_server: Clients, mode: Mode, simulator: RunningSimulator
) -> None:
    simulator.configure("east", first_token_ms=60_000)
    with pytest.raises(CallFailed) as caught:
        on_server(mode).chat.completions.create(model="chat", messages=MESSAGES, timeout=1.0)
    assert caught.value.reason == "timeout"
    until(lambda: simulator.requests("east")["deployments"]["east"]["client_left"] == 1, "the vendor's call is stopped")


@pytest.mark.parametrize("chunks_read", [0, 2])
def test_leaving_a_stream_early_stops_the_vendors_call(
    on_server: Clients, mode: Mode, simulator: RunningSimulator, chunks_read: int
) -> None:
    simulator.configure("east", per_token_ms=50, output_tokens=2000)
    with on_server(mode).chat.completions.create(model="chat", messages=MESSAGES, stream=True) as stream:
        for _ in range(chunks_read):
            next(stream)
    until(lambda: simulator.requests("east")["deployments"]["east"]["client_left"] == 1, "the vendor's call is stopped")


def test_an_unknown_model_is_named(on_server: Clients, mode: Mode) -> None:
    with pytest.raises((CallFailed, ConfigError), match=r"'no-such' is not set up in this project. Known models: chat"):
        on_server(mode).chat.completions.create(model="no-such", messages=MESSAGES)


def test_traces_of_direct_calls_are_taken_by_the_server(on_server: Clients) -> None:
    client = on_server("direct")
    client.chat.completions.create(model="chat", messages=MESSAGES)
    assert client.flush(20)
    assert client.dropped_spans == 0


def test_many_threads_share_a_client(on_server: Clients, mode: Mode) -> None:
    client = on_server(mode)
    answers: list[str] = []

    def work() -> None:
        for _ in range(3):
            with client.chat.completions.create(model="chat", messages=MESSAGES, stream=True) as stream:
                answers.append("".join(chunk.choices[0].delta.content or "" for chunk in stream))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 24
    assert all(answers)


@pytest.mark.anyio
async def test_the_asynchronous_client_does_the_same(server: Server, simulator: RunningSimulator, mode: Mode) -> None:
    async with AsyncMadang(server.key, server.url, mode=mode) as client:
        answer = await client.chat.completions.create(model="chat", messages=MESSAGES)
        assert answer.choices[0].message.content
        async with await client.chat.completions.create(model="chat", messages=MESSAGES, stream=True) as stream:
            assert [chunk async for chunk in stream]
        vectors = await client.embeddings.create(model="embed", input="마당")
        assert vectors.data[0].embedding
