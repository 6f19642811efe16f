"""The Gemini API's and Vertex AI's calls over a real connection to the simulator: OpenAI's requests in, its answers out."""

import asyncio
import base64
import io
import time
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from aiohttp import web
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk
from tests.sdk.layers.fake_vendor import read
from tests.sdk.request_builder import request, route, target
from tests.support.scripted_vendor import answer_head, scripted_vendor
from tests.support.service_account import service_account_text

from madang.calls.clock import Clock
from madang.calls.event import Consumed
from madang.calls.operation import Operation
from madang.calls.policy import Policy
from madang.calls.reply import Reply
from madang.calls.target import Target
from madang.errors import CallFailed, FailureReason
from madang.layers.stack import Surroundings, build_call
from madang.providers.aiohttp_transport import AiohttpTransport
from madang.providers.gemini.call import gemini_call, vertex_call
from madang.providers.registry import vendor_call
from madang.providers.remote_file import FileFetcher
from madang.routing.books import Books
from madang_simulator import RunningSimulator, simulator_in_thread

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
both_vendors = pytest.mark.parametrize("vendor", ["gemini", "vertex"])
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x03\xe8\x00\x00\x03\xe8\x08\x02\x00\x00\x00"
).decode()


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    running.reset()
    return running


def deployment(
    simulator: RunningSimulator, vendor: str = "gemini", model: str = "gemini-2.5-flash", **fields: Any
) -> Target:
    base = simulator.vendor_url("east")
    key = "AIza-any" if vendor == "gemini" else service_account_text(f"{base}/token")
    known = {"vendor": vendor, "vendor_model": model, "base_url": base, "api_key": key, "region": "europe-west4"}
    return target("east", **{**known, **fields})


@asynccontextmanager
async def answered(
    to: Target, *, stream: bool = False, operation: Operation = "chat", **body: Any
) -> AsyncIterator[Reply]:
    transport = AiohttpTransport()
    try:
        asked = request(route(to), stream=stream, operation=operation, body=body, wants_usage=True)
        if operation != "chat":
            asked.body.pop("messages")
        yield await vendor_call(transport)(asked.to(to, "the only one", has_alternative=False))
    finally:
        await transport.close()


async def answer(to: Target, *, stream: bool = False, **body: Any) -> dict[str, Any]:
    """The answer as a caller of OpenAI's API has it; the pieces of a stream are joined by its own client."""
    async with answered(to, stream=stream, **body) as reply:
        raw = await read(reply)
    if not stream:
        whole: dict[str, Any] = msgspec.json.decode(raw)
        return whole
    assert raw.endswith(b"data: [DONE]\n\n")
    joined = ChatCompletionStreamState()
    for line in raw.splitlines():
        if line.startswith(b"data: {"):
            joined.handle_chunk(ChatCompletionChunk.model_validate_json(line[6:]))
    return joined.current_completion_snapshot.model_dump(exclude_none=True)


async def failure_of(to: Target, *, stream: bool = False, **body: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        async with answered(to, stream=stream, **body) as reply:
            await read(reply)
    return caught.value


def sent(simulator: RunningSimulator) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = simulator.requests("east")["requests"]
    return requests


# Chats


@both_vendors
@both_ways
async def test_a_deployment_answers(simulator: RunningSimulator, vendor: str, stream: bool) -> None:
    told = await answer(deployment(simulator, vendor), stream=stream)
    assert "madang" in told["choices"][0]["message"]["content"]
    assert told["choices"][0]["finish_reason"] == "stop"
    assert told["model"] == "gemini-2.5-flash"
    assert told["usage"]["completion_tokens_details"]["reasoning_tokens"] == 96


@both_ways
async def test_thoughts_are_shown_with_an_effort(simulator: RunningSimulator, stream: bool) -> None:
    told = await answer(deployment(simulator), stream=stream, reasoning_effort="low")
    assert told["choices"][0]["message"]["reasoning_content"]


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high", "xhigh"])
async def test_every_model_takes_every_effort(simulator: RunningSimulator, effort: str) -> None:
    models = (
        "gemini-2.0-flash",
        "gemini-2.5-pro",
        "gemini-3-pro-preview",
        "gemini-3.1-pro-preview",
        "gemini-3.5-flash",
    )
    for model in models:
        assert (await answer(deployment(simulator, model=model), reasoning_effort=effort))["choices"]


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3-pro-preview"])
@both_ways
async def test_tools_are_called_in_parallel_and_their_results_answered(
    simulator: RunningSimulator, model: str, stream: bool
) -> None:
    time = {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}
    asked = [{"role": "user", "content": "Weather and time in Seoul?"}]
    told = await answer(deployment(simulator, model=model), stream=stream, messages=asked, tools=[WEATHER, time])
    message = told["choices"][0]["message"]
    assert told["choices"][0]["finish_reason"] == "tool_calls"
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["weather", "time"]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "rain"} for call in message["tool_calls"]]
    told = await answer(deployment(simulator, model=model), messages=[*asked, message, *results], tools=[WEATHER, time])
    assert told["choices"][0]["message"]["content"]


async def test_a_conversation_that_another_vendor_began_goes_on(simulator: RunningSimulator) -> None:
    call = {"id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Seoul"}'}}
    messages = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "rain"},
    ]
    told = await answer(deployment(simulator, model="gemini-3-pro-preview"), messages=messages, tools=[WEATHER])
    assert told["choices"][0]["finish_reason"] == "stop"


@both_ways
async def test_a_schema_is_kept(simulator: RunningSimulator, stream: bool) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "place", "schema": schema}}
    told = await answer(deployment(simulator), stream=stream, response_format=wanted)
    assert list(msgspec.json.decode(told["choices"][0]["message"]["content"])) == ["city"]


async def test_a_picture_counts_as_image_tokens(simulator: RunningSimulator) -> None:
    content = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]
    told = await answer(deployment(simulator), messages=[{"role": "user", "content": content}])
    assert told["usage"]["prompt_tokens_details"]["image_tokens"] == 258


@both_ways
async def test_log_probabilities_come_with_the_answer(simulator: RunningSimulator, stream: bool) -> None:
    to = deployment(simulator, model="gemini-2.0-flash")
    told = await answer(to, stream=stream, logprobs=True, top_logprobs=2, max_tokens=5)
    tokens = told["choices"][0]["logprobs"]["content"]
    assert len(tokens) == 5 and len(tokens[0]["top_logprobs"]) == 2
    assert told["choices"][0]["finish_reason"] == "length"


@both_vendors
async def test_a_key_is_never_in_the_address(simulator: RunningSimulator, vendor: str) -> None:
    await answer(deployment(simulator, vendor))
    assert all("key" not in one["query"] for one in sent(simulator))


async def test_a_picture_by_url_is_fetched_where_that_is_allowed(simulator: RunningSimulator) -> None:
    async def picture(_: web.Request) -> web.Response:
        return web.Response(body=base64.b64decode(PNG), content_type="image/png")

    application = web.Application()
    application.router.add_get("/cat", picture)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/cat"
    content = [{"type": "image_url", "image_url": {"url": url}}]
    to = deployment(simulator)
    asked = request(route(to), body={"messages": [{"role": "user", "content": content}]})
    asked = asked.to(to, "the only one", has_alternative=False)
    transport = AiohttpTransport()
    try:
        reply = await gemini_call(transport, FileFetcher(frozenset({"127.0.0.1"})))(asked)
        assert b'"image_tokens":258' in await read(reply)
        with pytest.raises(CallFailed, match="not a public one"):
            await gemini_call(transport)(asked)
    finally:
        await transport.close()
        await runner.cleanup()


# Faults


@both_vendors
@both_ways
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("rate_limited", "rate_limited"),
        ("quota", "quota_exhausted"),
        ("server_error", "server_error"),
        ("overloaded", "overloaded"),
        ("unauthorized", "authentication"),
        ("permission_denied", "permission"),
        ("model_unavailable", "not_found"),
        ("context_overflow", "context_overflow"),
        ("content_filter", "content_filter"),
        ("html_502", "server_error"),
        ("reset", "connection"),
    ],
)
async def test_a_fault_has_its_reason_whole_and_streamed(
    simulator: RunningSimulator, vendor: str, stream: bool, fault: str, reason: FailureReason
) -> None:
    simulator.configure("east", faults=[{"kind": fault}])
    assert (await failure_of(deployment(simulator, vendor), stream=stream)).reason == reason


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("bad_json", "bad_reply"), ("error_in_200", "server_error"), ("content_filter_stream", "content_filter")],
)
async def test_a_fault_of_a_whole_answer_has_its_reason(
    simulator: RunningSimulator, fault: str, reason: FailureReason
) -> None:
    simulator.configure("east", faults=[{"kind": fault, "after_chunks": 0}])
    assert (await failure_of(deployment(simulator))).reason == reason


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("cut", "stream_cut"),
        ("cut_clean", "stream_cut"),
        ("malformed_event", "bad_reply"),
        ("error_event", "server_error"),
    ],
)
async def test_a_fault_of_a_stream_has_its_reason(
    simulator: RunningSimulator, fault: str, reason: FailureReason
) -> None:
    simulator.configure("east", faults=[{"kind": fault}])
    assert (await failure_of(deployment(simulator), stream=True)).reason == reason


@both_ways
async def test_a_stop_in_mid_answer_is_a_content_filter_with_what_was_said(
    simulator: RunningSimulator, stream: bool
) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter_stream", "after_chunks": 3}])
    told = await answer(deployment(simulator), stream=stream)
    assert told["choices"][0]["finish_reason"] == "content_filter"
    assert told["choices"][0]["message"]["content"]


async def test_what_google_asks_to_wait_is_read(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "rate_limited", "retry_after_s": 7.5}])
    assert (await failure_of(deployment(simulator))).retry_after_s == 7.5


async def test_a_key_that_google_repeats_in_an_error_is_told_to_nobody() -> None:
    error = b'{"error":{"code":400,"message":"0123-plain-key-4567 is no good","status":"INVALID_ARGUMENT"}}'
    with scripted_vendor(answer_head("application/json", status="400 Bad Request") + error) as vendor:
        to = target("east", vendor="gemini", vendor_model="m", base_url=vendor.url, api_key="0123-plain-key-4567")
        failed = await failure_of(to)
    assert failed.message == "(key) is no good"


async def test_a_stream_closed_early_hangs_up_on_the_vendor(simulator: RunningSimulator) -> None:
    simulator.configure("east", per_token_ms=50, output_tokens=2000)
    async with answered(deployment(simulator), stream=True) as reply:
        await anext(reply.events)
        await reply.events.aclose()
        async with asyncio.timeout(20):
            while not simulator.requests("east")["deployments"]["east"]["client_left"]:
                await asyncio.sleep(0.01)


# Other operations


@both_vendors
@pytest.mark.parametrize("model", ["gemini-embedding-001", "gemini-embedding-2"])
async def test_a_text_is_embedded(simulator: RunningSimulator, vendor: str, model: str) -> None:
    to = deployment(simulator, vendor, model)
    async with answered(to, operation="embeddings", input="a courtyard", dimensions=64) as reply:
        told = msgspec.json.decode(await read(reply))
    assert len(told["data"][0]["embedding"]) == 64
    assert told["usage"]["prompt_tokens"] == 2


@both_vendors
async def test_a_picture_is_drawn(simulator: RunningSimulator, vendor: str) -> None:
    to = deployment(simulator, vendor, "gemini-2.5-flash-image")
    async with answered(to, operation="images", prompt="a courtyard", size="1536x1024") as reply:
        told = msgspec.json.decode(await read(reply))
    assert base64.b64decode(told["data"][0]["b64_json"]).startswith(b"\x89PNG")
    assert told["usage"]["output_tokens"] == 1290


@both_vendors
async def test_a_blocked_picture_is_a_content_filter(simulator: RunningSimulator, vendor: str) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    to = deployment(simulator, vendor, "gemini-2.5-flash-image")
    with pytest.raises(CallFailed) as caught:
        async with answered(to, operation="images", prompt="a courtyard") as reply:
            await read(reply)
    assert caught.value.reason == "content_filter"


@both_vendors
async def test_a_text_is_spoken(simulator: RunningSimulator, vendor: str) -> None:
    to = deployment(simulator, vendor, "gemini-2.5-flash-preview-tts")
    async with answered(to, operation="speech", input="Hello, courtyard", voice="alloy") as reply:
        events = [event async for event in reply.events]
    assert reply.content_type == "audio/wav"
    with wave.open(io.BytesIO(events[0].raw)) as file:
        assert file.getframerate() == 24_000 and file.getnframes() > 1_000
    (consumed,) = [part.usage for part in events[0].parts if isinstance(part, Consumed)]
    assert consumed.characters == 16 and consumed.audio_output_tokens


async def test_what_google_does_not_do_is_refused(simulator: RunningSimulator) -> None:
    with pytest.raises(CallFailed) as caught:
        async with answered(deployment(simulator), operation="transcription") as reply:
            await read(reply)
    assert caught.value.reason == "invalid_request"


# Service accounts


async def test_vertex_ai_is_called_in_its_region_with_a_token(simulator: RunningSimulator) -> None:
    await answer(deployment(simulator, "vertex"))
    token, chat = sent(simulator)
    assert token["path"].endswith("/token")
    place = "/v1/projects/my-project/locations/europe-west4/publishers/google/models/gemini-2.5-flash"
    assert chat["path"].endswith(f"{place}:generateContent")
    assert "authorization" in chat["headers"] and "x-goog-api-key" not in chat["headers"]


async def test_calls_at_once_get_one_token_and_later_ones_another_shortly_before_its_end(
    simulator: RunningSimulator,
) -> None:
    now_s = time.time()
    to = deployment(simulator, "vertex")
    asked = request(route(to)).to(to, "the only one", has_alternative=False)
    transport = AiohttpTransport()
    call = vertex_call(transport, clock=Clock(now_us=lambda: int(now_s * 1_000_000)))

    async def ask() -> None:
        await read(await call(asked))

    def tokens() -> int:
        return sum(one["path"].endswith("/token") for one in sent(simulator))

    try:
        await asyncio.gather(*(ask() for _ in range(5)))
        assert tokens() == 1
        now_s += 3_200
        await ask()
        assert tokens() == 1
        now_s += 200
        await ask()
        assert tokens() == 2
    finally:
        await transport.close()


async def test_a_token_that_is_refused_is_not_used_again(simulator: RunningSimulator) -> None:
    to = deployment(simulator, "vertex")
    asked = request(route(to)).to(to, "the only one", has_alternative=False)
    transport = AiohttpTransport()
    # Whose clock is late asks for tokens that have expired already.
    call = vertex_call(transport, clock=Clock(now_us=lambda: int((time.time() - 7_200) * 1_000_000)))
    try:
        for _ in range(2):
            with pytest.raises(CallFailed) as caught:
                await call(asked)
            assert (caught.value.reason, caught.value.status) == ("authentication", 401)
    finally:
        await transport.close()
    assert sum(one["path"].endswith("/token") for one in sent(simulator)) == 2


@both_ways
async def test_what_gemini_blocks_another_vendor_may_answer(simulator: RunningSimulator, stream: bool) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    first = deployment(simulator, order=1)
    second = target("west", vendor="openai", vendor_model="gpt-4o", base_url=simulator.openai_url("west"), api_key="sk")
    line = route(first, replace(second, order=2), policy=Policy(policy_block_vendors=("openai",)))
    transport = AiohttpTransport()
    surroundings = Surroundings(sink=lambda *_: None, books_of=lambda _: Books(), clock=Clock())
    try:
        asked = request(line, stream=stream, deadline=time.monotonic() + 60)
        raw = await read(await build_call(vendor_call(transport), surroundings)(asked))
    finally:
        await transport.close()
    assert b"gpt-4o" in raw and b"content_filter" not in raw
    assert [attempt.failure.reason for attempt in asked.journal.attempts if attempt.failure] == ["content_filter"]


async def test_a_disabled_service_account_is_an_authentication_failure_in_googles_words(
    simulator: RunningSimulator,
) -> None:
    key = service_account_text(f"{simulator.vendor_url('east')}/token", name="wrong")
    failed = await failure_of(deployment(simulator, "vertex", api_key=key))
    assert (failed.reason, failed.code) == ("authentication", "invalid_grant")
    assert failed.message == "Google gives this service account no access: Invalid grant: account not found"


@pytest.mark.parametrize(
    "key",
    [
        '{"type":"service_account"}',
        '{"client_email":"a","private_key":"secret-words","token_uri":"http://example.org/token"}',
        '{"client_email":"a","private_key":"secret-words","token_uri":"https://example.org/token"}',
        "{not json",
    ],
)
async def test_a_key_that_is_none_is_told_without_repeating_it(simulator: RunningSimulator, key: str) -> None:
    failed = await failure_of(deployment(simulator, "vertex", api_key=key))
    assert (failed.reason, failed.code) == ("authentication", "invalid_service_account")
    assert "secret" not in failed.message


async def test_a_token_endpoint_that_is_away_is_a_failed_connection(simulator: RunningSimulator) -> None:
    with scripted_vendor(answer_head("text/html", status="502 Bad Gateway") + b"<html>") as vendor:
        key = service_account_text(vendor.url)
        assert (await failure_of(deployment(simulator, "vertex", api_key=key))).reason == "server_error"
    assert (await failure_of(deployment(simulator, "vertex", api_key=key))).reason == "connection"


async def test_vertex_ai_takes_an_api_key_in_express_mode(simulator: RunningSimulator) -> None:
    assert (await answer(deployment(simulator, "vertex", api_key="AQ.key")))["choices"]
    (chat,) = sent(simulator)
    assert chat["path"].endswith("/v1/publishers/google/models/gemini-2.5-flash:generateContent")


@both_vendors
async def test_a_simulated_deployment_needs_no_key(simulator: RunningSimulator, vendor: str) -> None:
    assert (await answer(deployment(simulator, vendor, api_key="", is_simulated=True)))["choices"]
