"""OpenAI's and Azure's calls over a real connection to the simulator: addresses, headers, and every way to break."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from tests.sdk.layers.fake_vendor import read
from tests.sdk.request_builder import request, route, target
from tests.support.scripted_vendor import answer_head, scripted_vendor

from madang.calls.reply import Reply
from madang.calls.target import Target
from madang.errors import CallFailed, FailureReason
from madang.providers.aiohttp_transport import AiohttpTransport
from madang.providers.registry import VENDORS, vendor_call
from madang_server.cli.up import free_port
from madang_simulator import RunningSimulator, simulator_in_thread

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    running.reset()
    return running


def openai_target(simulator: RunningSimulator, **fields: str) -> Target:
    url = simulator.openai_url("east")
    return target(
        "east", **{"vendor": "openai", "vendor_model": "gpt-4o", "base_url": url, "api_key": "sk-any", **fields}
    )


@asynccontextmanager
async def answered(to: Target, *, stream: bool = False) -> AsyncIterator[Reply]:
    transport = AiohttpTransport()
    try:
        asked = request(route(to), stream=stream).to(to, "the only one", has_alternative=False)
        yield await vendor_call(transport)(asked)
    finally:
        await transport.close()


async def failure_of(to: Target, *, stream: bool = False) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        async with answered(to, stream=stream) as reply:
            await read(reply)
    return caught.value


@both_ways
async def test_an_openai_deployment_answers(simulator: RunningSimulator, stream: bool) -> None:
    async with answered(openai_target(simulator), stream=stream) as reply:
        assert b'"finish_reason":"stop"' in await read(reply)
        assert reply.headers["x-request-id"]
        assert not [name for name in reply.headers if name.startswith("x-ratelimit")]


@pytest.mark.parametrize(
    ("api_version", "path"),
    [
        ("2024-10-21", "/openai/deployments/gpt-4o/chat/completions"),
        ("", "/openai/v1/chat/completions"),
    ],
)
@both_ways
async def test_an_azure_deployment_answers_in_both_of_its_apis(
    simulator: RunningSimulator, stream: bool, api_version: str, path: str
) -> None:
    to = openai_target(simulator, vendor="azure", base_url=simulator.azure_url("east"), api_version=api_version)
    async with answered(to, stream=stream) as reply:
        assert b'"finish_reason":"stop"' in await read(reply)
    sent = simulator.requests("east")["requests"][0]
    assert sent["path"].endswith(path)
    assert sent["query"] == (f"api-version={api_version}" if api_version else "")
    assert "authorization" not in sent["headers"]


async def test_a_server_of_ones_own_is_sent_no_key_where_there_is_none(simulator: RunningSimulator) -> None:
    await failure_of(openai_target(simulator, api_key=""))
    assert "authorization" not in simulator.requests("east")["requests"][0]["headers"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("rate_limited", "rate_limited"),
        ("quota", "quota_exhausted"),
        ("server_error", "server_error"),
        ("overloaded", "overloaded"),
        ("unauthorized", "authentication"),
        ("context_overflow", "context_overflow"),
        ("html_502", "server_error"),
        ("bad_json", "bad_reply"),
        ("reset", "connection"),
    ],
)
async def test_a_vendors_fault_has_its_reason(simulator: RunningSimulator, fault: str, reason: FailureReason) -> None:
    simulator.configure("east", faults=[{"kind": fault}])
    assert (await failure_of(openai_target(simulator))).reason == reason


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("cut", "stream_cut"),
        ("cut_clean", "stream_cut"),
        ("malformed_event", "bad_reply"),
        ("error_event", "server_error"),
        ("rate_limited", "rate_limited"),
        ("reset", "connection"),
    ],
)
async def test_a_fault_of_a_stream_has_its_reason(
    simulator: RunningSimulator, fault: str, reason: FailureReason
) -> None:
    simulator.configure("east", faults=[{"kind": fault}])
    assert (await failure_of(openai_target(simulator), stream=True)).reason == reason


@both_ways
async def test_a_prompt_that_azure_blocks_is_a_content_filter(simulator: RunningSimulator, stream: bool) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    to = openai_target(simulator, vendor="azure", base_url=simulator.azure_url("east"), api_version="2024-10-21")
    failed = await failure_of(to, stream=stream)
    assert (failed.reason, failed.status, failed.param) == ("content_filter", 400, "prompt")
    assert b"content_filter_result" in failed.body, "what was blocked reaches the caller"


async def test_what_the_vendor_asks_to_wait_is_read(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "rate_limited", "retry_after_s": 7}])
    assert (await failure_of(openai_target(simulator))).retry_after_s == 7


async def test_nobody_listening_is_a_failed_connection_that_names_the_deployment() -> None:
    failed = await failure_of(target("east", vendor="openai", base_url=f"http://127.0.0.1:{free_port()}/v1"))
    assert (failed.reason, failed.status) == ("connection", 502)
    assert failed.message == "Deployment 'east' could not be reached at '127.0.0.1': nobody listens there."


@pytest.mark.parametrize("base_url", ["not an address", "http://", "ftp://example.org"])
async def test_an_address_that_is_none_is_a_failed_connection(base_url: str) -> None:
    assert (await failure_of(target("east", vendor="openai", base_url=base_url))).reason == "connection"


async def test_an_unknown_vendor_is_named_with_those_that_are_known() -> None:
    failed = await failure_of(target("east", vendor="oracle"))
    assert f"'oracle'; known: {sorted(VENDORS)}" in failed.message


async def test_a_stream_closed_early_hangs_up_on_the_vendor(simulator: RunningSimulator) -> None:
    simulator.configure("east", per_token_ms=50, output_tokens=2000)
    async with answered(openai_target(simulator), stream=True) as reply:
        await anext(reply.events)
        await reply.events.aclose()
        while not simulator.requests("east")["deployments"]["east"]["client_left"]:
            await asyncio.sleep(0.01)


@both_ways
async def test_a_key_that_the_vendor_repeats_in_an_answer_is_told_to_nobody(stream: bool) -> None:
    error = b'{"error":{"message":"0123-plain-key-4567 is no good","code":"x"}}'
    head = answer_head("text/event-stream" if stream else "application/json")
    with scripted_vendor(head + (b"data: " + error + b"\n\n" if stream else error)) as vendor:
        to = target("east", vendor="openai", base_url=vendor.url, api_key="0123-plain-key-4567")
        failed = await failure_of(to, stream=stream)
    assert "is no good" in failed.message
    assert "plain-key" not in f"{failed} {failed.message} {failed.body!r}"


async def test_a_stream_is_over_with_its_done_although_the_vendor_keeps_the_connection_open() -> None:
    left = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        chunk = b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n'
        writer.write(answer_head("text/event-stream") + chunk + b"data: [DONE]\n\n")
        await left.wait()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with asyncio.timeout(20), answered(target("east", vendor="openai", base_url=url), stream=True) as reply:
        assert (await read(reply)).endswith(b"data: [DONE]\n\n")
    left.set()
    server.close()
