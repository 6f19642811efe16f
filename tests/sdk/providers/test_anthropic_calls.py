"""Anthropic's calls over a real connection to the simulator: OpenAI's requests in, OpenAI's answers out."""

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk
from tests.sdk.layers.fake_vendor import read
from tests.sdk.providers.anthropic_requests import NEWER, NEWEST, OLDER, WEATHER
from tests.sdk.request_builder import request, route, target
from tests.support.scripted_vendor import answer_head, scripted_vendor

from madang.calls.event import Consumed
from madang.calls.reply import Reply
from madang.calls.target import Target
from madang.errors import CallFailed, FailureReason
from madang.providers.aiohttp_transport import AiohttpTransport
from madang.providers.registry import vendor_call
from madang_simulator import RunningSimulator, simulator_in_thread

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x03\xe8\x00\x00\x03\xe8\x08\x02\x00\x00\x00"
).decode()
PDF = base64.b64encode(b"%PDF-1.7 ...").decode()
REDACTING = (
    "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9A13E193C177646C7398A98432ECCCE4C1253D5E2D82641AC0E52CC2876CB"
)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    running.reset()
    return running


def deployment(simulator: RunningSimulator, model: str = NEWEST, **fields: str) -> Target:
    known = {
        "vendor": "anthropic",
        "vendor_model": model,
        "base_url": simulator.vendor_url("east"),
        "api_key": "sk-ant-any",
    }
    return target("east", **{**known, **fields})


@asynccontextmanager
async def answered(to: Target, *, stream: bool = False, **body: Any) -> AsyncIterator[Reply]:
    transport = AiohttpTransport()
    try:
        asked = request(route(to), stream=stream, body=body, wants_usage=True)
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


@both_ways
async def test_an_anthropic_deployment_answers(simulator: RunningSimulator, stream: bool) -> None:
    async with answered(deployment(simulator), stream=stream) as reply:
        assert reply.content_type == ("text/event-stream; charset=utf-8" if stream else "application/json")
        assert b'"finish_reason":"stop"' in await read(reply)
        assert reply.headers["x-request-id"].startswith("req_")
    sent = simulator.requests("east")["requests"][0]
    assert sent["path"].endswith("/v1/messages")
    assert sent["headers"]["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize("ending", ["/v1", "/v1/", "/"])
async def test_the_base_url_may_name_the_version(simulator: RunningSimulator, ending: str) -> None:
    to = deployment(simulator, base_url=simulator.vendor_url("east") + ending)
    assert (await answer(to))["choices"]


async def test_a_version_and_betas_go_as_headers(simulator: RunningSimulator) -> None:
    await answer(deployment(simulator, api_version="2024-01-01"), betas=["a-2026-01-01", "b-2026-01-01"])
    headers = simulator.requests("east")["requests"][0]["headers"]
    assert headers["anthropic-version"] == "2024-01-01"
    assert headers["anthropic-beta"] == "a-2026-01-01,b-2026-01-01"


@pytest.mark.parametrize("betas", ["a-2026-01-01", ["a\r\nx-evil: 1"], ["a,b"], [""], ["한글"], [7], ["a"] * 51])
async def test_betas_that_cannot_be_a_header_are_the_callers_mistake(simulator: RunningSimulator, betas: Any) -> None:
    failed = await failure_of(deployment(simulator), betas=betas)
    assert (failed.reason, failed.param) == ("invalid_request", "betas")
    assert simulator.requests("east")["requests"] == []


@both_ways
async def test_usage_is_counted_as_the_vendor_does(simulator: RunningSimulator, stream: bool) -> None:
    usage = (await answer(deployment(simulator), stream=stream))["usage"]
    assert usage["prompt_tokens"] > 0 < usage["completion_tokens"]


@both_ways
@pytest.mark.parametrize("model", [OLDER, NEWER, NEWEST])
async def test_an_agent_that_thinks_calls_tools_and_answers(
    simulator: RunningSimulator, stream: bool, model: str
) -> None:
    to = deployment(simulator, model)
    settings: dict[str, Any] = {"tools": [WEATHER], "reasoning_effort": "low", "temperature": 0.5, "max_tokens": 9000}
    question = {"role": "user", "content": "weather in Seoul"}
    calling = (await answer(to, stream=stream, messages=[question], **settings))["choices"][0]
    said = calling["message"]
    assert calling["finish_reason"] == "tool_calls"
    assert said["reasoning_content"].startswith("Simulated reasoning")
    assert said["thinking_blocks"][0]["signature"]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"} for call in said["tool_calls"]]
    answering = await answer(to, stream=stream, messages=[question, said, *results], **settings)
    assert answering["choices"][0]["finish_reason"] == "stop"
    assert answering["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


@pytest.mark.parametrize("model", [OLDER, NEWEST])
async def test_an_agent_of_openais_that_keeps_no_thoughts_goes_on_too(simulator: RunningSimulator, model: str) -> None:
    to = deployment(simulator, model)
    settings: dict[str, Any] = {"tools": [WEATHER], "reasoning_effort": "low"}
    question = {"role": "user", "content": "weather in Seoul"}
    said = (await answer(to, messages=[question], **settings))["choices"][0]["message"]
    bare = {"role": "assistant", "content": None, "tool_calls": said["tool_calls"]}
    result = {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "21"}
    assert (await answer(to, messages=[question, bare, result], **settings))["choices"][0]["finish_reason"] == "stop"


@both_ways
async def test_hidden_thoughts_go_back_as_they_came(simulator: RunningSimulator, stream: bool) -> None:
    to = deployment(simulator, OLDER)
    question = {"role": "user", "content": REDACTING}
    said = (await answer(to, stream=stream, messages=[question], reasoning_effort="low"))["choices"][0]["message"]
    assert said["thinking_blocks"][0]["type"] == "redacted_thinking"
    await answer(to, messages=[question, said, {"role": "user", "content": "And?"}], reasoning_effort="low")
    body = simulator.requests("east")["requests"][-1]["body"]
    assert body["messages"][1]["content"][0] == said["thinking_blocks"][0]


@both_ways
async def test_structured_output_has_the_form_that_was_asked_for(simulator: RunningSimulator, stream: bool) -> None:
    schema = {"type": "object", "properties": {"rooms": {"type": "integer", "minimum": 1}}, "required": ["rooms"]}
    form = {"type": "json_schema", "json_schema": {"name": "house", "schema": schema}}
    said = (await answer(deployment(simulator), stream=stream, response_format=form))["choices"][0]["message"]
    assert isinstance(msgspec.json.decode(said["content"])["rooms"], int)


@both_ways
async def test_pictures_and_documents_are_seen(simulator: RunningSimulator, stream: bool) -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}},
    ]
    usage = (await answer(deployment(simulator), stream=stream, messages=[{"role": "user", "content": parts}]))["usage"]
    assert usage["prompt_tokens"] > 2900, "1333 for the picture, 1600 for the one on the web"


async def test_a_cached_prompt_is_counted_when_it_is_written_and_when_it_is_read(simulator: RunningSimulator) -> None:
    text = {"type": "text", "text": "All about courtyards. " * 600, "cache_control": {"type": "ephemeral"}}
    messages = [{"role": "system", "content": [text]}, {"role": "user", "content": "hi"}]
    written, cached = [(await answer(deployment(simulator), messages=messages))["usage"] for _ in range(2)]
    assert written["prompt_tokens"] == cached["prompt_tokens"]
    assert (
        written["prompt_tokens_details"]["cache_write_tokens"]
        == cached["prompt_tokens_details"]["cached_tokens"]
        > 1024
    )


@both_ways
async def test_a_stop_text_that_was_met_is_named(simulator: RunningSimulator, stream: bool) -> None:
    async with answered(deployment(simulator), stream=stream, stop=["answer"]) as reply:
        raw = await read(reply)
    assert b'"stop_reason":"stop_sequence"' in raw
    assert b'"stop_sequence":"answer"' in raw


@both_ways
@pytest.mark.parametrize(
    ("fault", "reason", "status"),
    [
        ("rate_limited", "rate_limited", 429),
        ("quota", "quota_exhausted", 402),
        ("server_error", "server_error", 500),
        ("overloaded", "overloaded", 503),
        ("unauthorized", "authentication", 401),
        ("permission_denied", "permission", 403),
        ("model_unavailable", "not_found", 404),
        ("context_overflow", "context_overflow", 400),
        ("content_filter", "content_filter", 400),
        ("html_502", "server_error", 502),
        ("bad_json", "bad_reply", 502),
        ("error_in_200", "server_error", 502),
        ("reset", "connection", 502),
    ],
)
async def test_a_vendors_fault_has_its_reason(
    simulator: RunningSimulator, stream: bool, fault: str, reason: FailureReason, status: int
) -> None:
    simulator.configure("east", faults=[{"kind": fault}])
    failed = await failure_of(deployment(simulator), stream=stream)
    assert (failed.reason, failed.status) == (reason, status)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "cut"}, "stream_cut"),
        ({"kind": "cut_clean"}, "stream_cut"),
        ({"kind": "malformed_event"}, "bad_reply"),
        ({"kind": "error_event", "error": "overloaded"}, "overloaded"),
        ({"kind": "error_event", "error": "rate_limited"}, "rate_limited"),
    ],
)
async def test_a_fault_of_a_stream_has_its_reason(
    simulator: RunningSimulator, fault: dict[str, Any], reason: FailureReason
) -> None:
    simulator.configure("east", faults=[fault])
    assert (await failure_of(deployment(simulator), stream=True)).reason == reason


async def test_an_answer_that_stops_half_way_is_a_bad_reply_and_never_an_empty_answer(
    simulator: RunningSimulator,
) -> None:
    simulator.configure("east", faults=[{"kind": "cut_clean"}])
    assert (await failure_of(deployment(simulator))).reason == "bad_reply"


@both_ways
async def test_what_was_said_before_a_refusal_is_kept(simulator: RunningSimulator, stream: bool) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter_stream", "after_chunks": 2}])
    choice = (await answer(deployment(simulator), stream=stream))["choices"][0]
    assert choice["finish_reason"] == "content_filter"
    assert choice["message"]["content"]


async def test_anthropic_is_asked_for_chat_only(simulator: RunningSimulator) -> None:
    to = deployment(simulator)
    asked = request(route(to), operation="embeddings", body={"input": "hi"}).to(to, "first", has_alternative=False)
    transport = AiohttpTransport()
    with pytest.raises(CallFailed, match="Anthropic is not asked for 'embeddings'"):
        await vendor_call(transport)(asked)
    await transport.close()


async def test_a_refused_requests_id_and_wait_are_known(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "rate_limited", "retry_after_s": 7}])
    failed = await failure_of(deployment(simulator))
    assert failed.request_id.startswith("req_")
    assert failed.retry_after_s == 7


async def test_a_broken_streams_usage_is_known_as_far_as_it_went(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "cut"}])
    seen: list[int | None] = []
    async with answered(deployment(simulator), stream=True) as reply:
        with pytest.raises(CallFailed):
            async for event in reply.events:
                seen += [part.usage.input_tokens for part in event.parts if isinstance(part, Consumed)]
    assert len(seen) == 1
    assert (seen[0] or 0) > 0


@both_ways
async def test_a_key_that_the_vendor_repeats_is_told_to_nobody(stream: bool) -> None:
    error = b'{"type":"error","error":{"type":"api_error","message":"0123-plain-key-4567 is no good"}}'
    head = answer_head("text/event-stream" if stream else "application/json")
    with scripted_vendor(head + (b"event: error\ndata: " + error + b"\n\n" if stream else error)) as vendor:
        to = target("east", vendor="anthropic", base_url=vendor.url, api_key="0123-plain-key-4567")
        failed = await failure_of(to, stream=stream)
    assert "is no good" in failed.message
    assert "plain-key" not in f"{failed} {failed.message} {failed.body!r}"
