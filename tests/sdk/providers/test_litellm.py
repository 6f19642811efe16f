"""Calls through LiteLLM, over real connections: one attempt, the vendor's own words in errors, nothing global, no way in."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.sdk.layers.fake_vendor import read
from tests.sdk.request_builder import request, route, target
from tests.support.scripted_vendor import ScriptedVendor, answer_head, scripted_vendor

from madang.calls.event import Consumed, Event, Finished, Media, Reasoning, Text
from madang.calls.operation import Operation
from madang.calls.reply import Reply
from madang.calls.request import Upload
from madang.calls.target import Target
from madang.calls.usage import Usage
from madang.errors import CallFailed
from madang.providers.aiohttp_transport import AiohttpTransport
from madang.providers.litellm.door import door_of
from madang.providers.litellm.session import socket_to
from madang.providers.registry import vendor_call
from madang_simulator import RunningSimulator, simulator_in_thread

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
# One for each of LiteLLM's ways: OpenAI's client, its own for OpenAI's wire, and those for other wires.
each_way = pytest.mark.parametrize("model", ["openai/m-1", "mistral/m-1", "groq/m-1", "anthropic/m-1", "gemini/m-1"])
JSON = "application/json"
KEY = "sk-vendor-Zx9Qw7planted"
REFUSED = b'{"error":{"message":"No such field","type":"invalid_request_error"}}'
BROKEN = b'{"error":{"message":"We broke down","type":"server_error","code":"server_error"}}'


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    running.reset()
    return running


def at(url: str, model: str = "mistral/mistral-large", **fields: str) -> Target:
    return target("east", **{"vendor": "litellm", "vendor_model": model, "base_url": url, "api_key": KEY, **fields})


@contextlib.asynccontextmanager
async def answered(
    to: Target, *, stream: bool = False, operation: Operation = "chat", wants_usage: bool = False, **body: Any
) -> AsyncIterator[Reply]:
    transport = AiohttpTransport()
    asked = request(
        route(to),
        stream=stream,
        operation=operation,
        body=body,
        deadline=time.monotonic() + 30,
        wants_usage=wants_usage,
    )
    try:
        call = vendor_call(transport)
        reply = await call(asked.to(to, "the only one", has_alternative=False))
        async with contextlib.aclosing(reply.events):
            yield reply
    finally:
        await transport.close()


async def events_of(to: Target, **asked: Any) -> list[Event]:
    async with answered(to, **asked) as reply:
        return [event async for event in reply.events]


async def failure_of(to: Target, **asked: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        await events_of(to, **asked)
    return caught.value


def sent(vendor: ScriptedVendor) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(vendor.received[0].partition(b"\r\n\r\n")[2])
    return body


def hits(simulator: RunningSimulator) -> int:
    return len(simulator.requests("east")["requests"])


def parts_of(events: list[Event]) -> list[Any]:
    return [part for event in events for part in event.parts]


def error_answer(status: str, body: bytes = BROKEN, more: str = "") -> tuple[bytes, bytes]:
    return answer_head(JSON, status=status, more=more), body


@both_ways
@pytest.mark.parametrize("model", ["groq/llama-3.3-70b", "deepseek/deepseek-chat", "mistral/mistral-large-latest"])
async def test_an_answer_comes_in_openai_s_shape(simulator: RunningSimulator, stream: bool, model: str) -> None:
    async with answered(at(simulator.openai_url("east"), model), stream=stream) as reply:
        raw = b""
        parts: list[Any] = []
        async for event in reply.events:
            parts += event.parts
            raw += event.raw
        assert reply.headers["x-request-id"]
    assert any(isinstance(part, Text) for part in parts)
    assert Finished("stop") in parts
    assert any(isinstance(part, Consumed) and part.usage.output_tokens for part in parts)
    assert raw.endswith(b"data: [DONE]\n\n") if stream else json.loads(raw)["object"] == "chat.completion"
    assert b"null" not in raw
    assert hits(simulator) == 1


@both_ways
@pytest.mark.parametrize(
    ("model", "base"), [("anthropic/claude-sonnet-4-5", ""), ("gemini/gemini-2.5-flash", "/v1beta")]
)
async def test_vendors_with_other_wires_are_translated(
    simulator: RunningSimulator, stream: bool, model: str, base: str
) -> None:
    to = at(simulator.vendor_url("east") + base, model)
    parts = parts_of(await events_of(to, stream=stream, max_tokens=200))
    assert "".join(part.text for part in parts if isinstance(part, Text)).startswith("Simulated answer")
    assert any(isinstance(part, Finished) for part in parts)
    assert hits(simulator) == 1


@both_ways
async def test_a_prompt_that_gemini_blocks_is_a_failure(simulator: RunningSimulator, stream: bool) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    to = at(simulator.vendor_url("east") + "/v1beta", "gemini/gemini-2.5-flash")
    failed = await failure_of(to, stream=stream)
    assert (failed.reason, failed.status) == ("content_filter", 400)


async def test_the_usage_frame_is_shown_to_who_asks_for_it(simulator: RunningSimulator) -> None:
    to = at(simulator.openai_url("east"), "deepseek/deepseek-chat")
    for wanted in (False, True):
        async with answered(to, stream=True, wants_usage=wanted) as reply:
            assert (b'"usage":{' in await read(reply)) is wanted


@pytest.mark.parametrize(
    ("model", "is_estimated"), [("deepseek/deepseek-chat", False), ("mistral/mistral-large", True)]
)
async def test_usage_that_only_litellm_counted_is_marked(
    simulator: RunningSimulator, model: str, is_estimated: bool
) -> None:
    parts = parts_of(await events_of(at(simulator.openai_url("east"), model), stream=True))
    assert [part.usage.is_estimated for part in parts if isinstance(part, Consumed)][-1] is is_estimated


async def test_tools_and_their_results_go_there_and_back(simulator: RunningSimulator) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": parameters}}]
    to = at(simulator.openai_url("east"), "deepseek/deepseek-chat")
    (event,) = await events_of(to, tools=tools, tool_choice="required")
    message = json.loads(event.raw)["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "sunny"}
    question = {"role": "user", "content": "What is the weather?"}
    assert Finished("stop") in parts_of(await events_of(to, tools=tools, messages=[question, message, result]))
    assert simulator.requests("east")["requests"][-1]["body"]["messages"][2]["content"] == "sunny"


@both_ways
@pytest.mark.parametrize(
    ("fault", "reason", "status"),
    [
        ("server_error", "server_error", 500),
        ("rate_limited", "rate_limited", 429),
        ("unauthorized", "authentication", 401),
        ("permission_denied", "permission", 403),
        ("model_unavailable", "not_found", 404),
        ("context_overflow", "context_overflow", 400),
        ("content_filter", "content_filter", 400),
        ("reset", "connection", 502),
        ("bad_json", "bad_reply", 502),
    ],
)
async def test_each_failure_has_its_reason_and_is_one_request(
    simulator: RunningSimulator, stream: bool, fault: str, reason: str, status: int
) -> None:
    simulator.configure("east", faults=[{"kind": fault}])
    failed = await failure_of(at(simulator.openai_url("east")), stream=stream)
    assert (failed.reason, failed.status) == (reason, status)
    assert hits(simulator) == 1


@both_ways
@each_way
async def test_the_vendor_s_own_words_status_and_wait_are_kept(model: str, stream: bool) -> None:
    body = b'{"error":{"message":"Slow down, and send no sk-abcdefgh1234","type":"rate_limit_error"}}'
    with scripted_vendor(*error_answer("429 Busy", body, "retry-after: 7\r\nx-request-id: req_7\r\n")) as vendor:
        failed = await failure_of(at(vendor.url, model), stream=stream)
        assert len(vendor.received) == 1
    assert (failed.reason, failed.status, failed.code) == ("rate_limited", 429, "rate_limit_error")
    assert failed.message == "Slow down, and send no (key)"
    assert (failed.retry_after_s, failed.request_id, failed.body) == (7.0, "req_7", b"")


@both_ways
async def test_an_overload_that_litellm_calls_500_is_one(stream: bool) -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    with scripted_vendor(*error_answer("529 Overloaded", body)) as vendor:
        failed = await failure_of(at(vendor.url, "anthropic/claude-sonnet-4-5"), stream=stream)
    assert (failed.reason, failed.status, failed.message) == ("overloaded", 503, "Overloaded")


@both_ways
@pytest.mark.parametrize("model", ["nvidia_nim/m-1", "perplexity/m-1", "xai/m-1", "together_ai/m-1", "huggingface/m-1"])
async def test_a_failing_vendor_gets_one_request_whoever_it_is(model: str, stream: bool) -> None:
    with scripted_vendor(*error_answer("500 Oops")) as vendor:
        failed = await failure_of(at(vendor.url, model), stream=stream)
        assert (failed.reason, failed.message) == ("server_error", "We broke down")
        assert len(vendor.received) == 1
        assert "max_retries" not in sent(vendor)


@both_ways
@each_way
async def test_a_redirect_is_not_followed(model: str, stream: bool) -> None:
    with scripted_vendor(answer_head(JSON)) as elsewhere:
        moved = answer_head(JSON, status="307 Moved", more=f"location: {elsewhere.url}\r\n")
        with scripted_vendor(moved) as vendor:
            failed = await failure_of(at(vendor.url, model), stream=stream)
            assert len(vendor.received) == 1
        assert elsewhere.received == []
    assert (failed.reason, failed.status) == ("not_found", 502)
    assert "redirects elsewhere" in failed.message


@both_ways
@each_way
async def test_half_an_answer_is_never_an_empty_one(model: str, stream: bool) -> None:
    with scripted_vendor(answer_head(JSON), b'{"id":"c1","choices":[{"mess') as vendor:
        assert (await failure_of(at(vendor.url, model), stream=stream)).reason == "bad_reply"


@each_way
async def test_html_is_not_repeated(model: str) -> None:
    with scripted_vendor(answer_head("text/html"), b"<html>internal address</html>") as vendor:
        failed = await failure_of(at(vendor.url, model))
    assert failed.reason == "bad_reply"
    assert "html" not in failed.message


def chunk(text: str) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


@pytest.mark.parametrize("model", ["mistral/m-1", "openai/m-1", "groq/m-1"])
@pytest.mark.parametrize(
    ("rest", "reason"), [(b"", "stream_cut"), (b"data: " + BROKEN + b"\n\n", "server_error")], ids=["cut", "error"]
)
async def test_a_stream_that_breaks_gives_what_came_and_then_the_failure(model: str, rest: bytes, reason: str) -> None:
    with scripted_vendor(answer_head("text/event-stream"), chunk("A courtyard"), rest) as vendor:
        said = ""
        with pytest.raises(CallFailed) as caught:
            async with answered(at(vendor.url, model), stream=True) as reply:
                async for event in reply.events:
                    said += "".join(part.text for part in event.parts if isinstance(part, Text))
    assert (said, caught.value.reason) == ("A courtyard", reason)


async def test_a_stream_of_gemini_fails_in_the_call_itself() -> None:
    busy = error_answer("503 Busy", b'{"error":{"message":"Busy","status":"UNAVAILABLE"}}')
    with scripted_vendor(*busy) as vendor, pytest.raises(CallFailed) as caught:
        async with answered(at(vendor.url, "gemini/gemini-2.5-flash"), stream=True):
            pytest.fail("the request was not sent yet")
    assert (caught.value.reason, caught.value.code) == ("overloaded", "UNAVAILABLE")


async def test_closing_a_stream_closes_the_vendor_s_connection(simulator: RunningSimulator) -> None:
    simulator.configure("east", per_token_ms=300)
    async with answered(at(simulator.openai_url("east")), stream=True) as reply:
        await anext(reply.events)
    for _ in range(100):
        if simulator.requests("east")["requests"][-1]["client_left"]:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the vendor went on answering")


async def test_what_we_do_not_know_goes_to_the_vendor() -> None:
    with scripted_vendor(*error_answer("400 No", REFUSED)) as vendor:
        await failure_of(at(vendor.url), brand_new=1, metadata={"a": "b"}, temperature=0.3)
        body = sent(vendor)
    assert (body["brand_new"], body["metadata"], body["temperature"]) == (1, {"a": "b"}, 0.3)
    with scripted_vendor(*error_answer("400 No", REFUSED)) as vendor:
        await failure_of(
            at(vendor.url, "anthropic/claude-sonnet-4-5"), brand_new=1, metadata={"a": "b"}, seed=7, store=True
        )
        body = sent(vendor)
    assert body["brand_new"] == 1
    assert not body.keys() & {"metadata", "seed", "store", "extra_body"}


@pytest.mark.parametrize(
    "name", ["api_base", "base_url", "mock_response", "aws_role_name", "input_cost_per_token", "fallbacks"]
)
@pytest.mark.parametrize("model", ["anthropic/claude-sonnet-4-5", "mistral/m-1"])
async def test_a_caller_cannot_steer_litellm(name: str, model: str) -> None:
    with scripted_vendor(*error_answer("400 No", REFUSED)) as vendor:
        failed = await failure_of(at(vendor.url, model), **{name: "http://127.0.0.1:9"})
        assert failed.reason == "invalid_request"
        if model.startswith("mistral"):  # goes into the vendor's body, as any field that OpenAI does not have
            assert sent(vendor)[name] == "http://127.0.0.1:9"
        else:
            assert (failed.param, vendor.received) == (name, [])


async def test_what_would_change_the_answer_s_meaning_is_refused_where_the_vendor_lacks_it() -> None:
    with scripted_vendor(*error_answer("400 No", REFUSED)) as vendor:
        failed = await failure_of(at(vendor.url, "anthropic/claude-sonnet-4-5"), n=2)
        assert vendor.received == []
    assert failed.reason == "invalid_request"
    assert "n" in failed.message


@pytest.mark.parametrize("model", ["anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash", "groq/m-1"])
async def test_a_request_that_litellm_cannot_translate_is_the_callers_mistake(model: str) -> None:
    with scripted_vendor(*error_answer("400 No", REFUSED)) as vendor:
        failed = await failure_of(at(vendor.url, model), messages=[{"role": "user", "content": [1]}])
        assert vendor.received == []
    assert (failed.reason, failed.status) == ("invalid_request", 400)


@pytest.mark.parametrize("host", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1%lo"])
def test_no_connection_is_made_to_where_clouds_keep_their_metadata(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with pytest.raises(PermissionError):
        socket_to((family, socket.SOCK_STREAM, 6, "", (host, 80)))


async def test_a_file_inside_the_network_is_not_fetched() -> None:
    with (
        scripted_vendor(answer_head("image/png"), b"x") as inside,
        scripted_vendor(*error_answer("400 No", REFUSED)) as vendor,
    ):
        picture = {"type": "image_url", "image_url": {"url": f"{inside.url}/a.png"}}
        asked = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]}]
        failed = await failure_of(at(vendor.url, "gemini/gemini-2.5-flash"), messages=asked)
        assert inside.received == []
    assert (failed.reason, failed.code) == ("invalid_request", "file_not_fetched")
    assert "127.0.0.1" not in failed.message


async def test_no_key_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "sk-of-the-environment")
    with scripted_vendor(*error_answer("400 No", REFUSED)) as vendor:
        await failure_of(at(vendor.url, api_key=""))
        assert b"sk-of-the-environment" not in vendor.received[0]


async def test_a_key_does_not_come_back_in_an_error() -> None:
    body = json.dumps({"error": {"message": f"Bad: {KEY} and {KEY[3:]}"}}).encode()
    with scripted_vendor(*error_answer("401 No", body)) as vendor:
        failed = await failure_of(at(vendor.url))
    assert KEY not in failed.message


def test_a_secret_of_several_parts_is_json() -> None:
    secret = '{"aws_access_key_id": "AKIA", "aws_secret_access_key": "s3cret", "aws_region_name": "eu-west-1"}'
    door = door_of(at("", api_key=secret))
    assert door.arguments["aws_secret_access_key"] == "s3cret"
    assert set(door.secrets) == {"AKIA", "s3cret"}


OF_AWS = {
    "AWS_ACCESS_KEY_ID": "AKIAMACHINE",
    "AWS_SECRET_ACCESS_KEY": "machine-secret",
    "AWS_SESSION_TOKEN": "machine-session",
    "AWS_BEARER_TOKEN_BEDROCK": "machine-bearer",
}


async def test_a_key_pair_is_sent_without_what_the_machine_has_for_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OF_AWS.items():
        monkeypatch.setenv(name, value)
    secret = json.dumps(
        {"aws_access_key_id": "AKIAOWN", "aws_secret_access_key": "own", "aws_region_name": "us-east-1"}
    )
    with scripted_vendor(*error_answer("400 No", REFUSED)) as vendor:
        await failure_of(at(vendor.url, "bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0", api_key=secret))
        head = vendor.received[0].partition(b"\r\n\r\n")[0]
    assert b"Credential=AKIAOWN/" in head
    assert not any(value.encode() in head for value in OF_AWS.values())


@pytest.mark.parametrize(
    ("model", "secret"),
    [
        ("vertex_ai/gemini-2.5-flash", ""),
        ("vertex_ai/gemini-2.5-flash", "a-key"),
        ("vertex_ai/gemini-2.5-flash", '{"vertex_project": "p"}'),
        ("vertex_ai/gemini-2.5-flash", '{"vertex_credentials": "/etc/hostname"}'),
        ("vertex_ai/gemini-2.5-flash", '{"vertex_credentials": {"type": "external_account", "token_url": "http://x"}}'),
        ("bedrock/amazon.nova-pro-v1:0", ""),
        ("bedrock/amazon.nova-pro-v1:0", '{"aws_access_key_id": "AKIA"}'),
        ("sagemaker/endpoint", "a-key"),
        ("oci/model", '{"oci_user": "u"}'),
        ("github_copilot/gpt-4o", "a-key"),
    ],
)
def test_litellm_is_not_left_to_look_for_secrets_on_the_machine(model: str, secret: str) -> None:
    with pytest.raises(CallFailed) as caught:
        door_of(at("http://127.0.0.1:9", model, api_key=secret))
    assert (caught.value.reason, caught.value.code) == ("authentication", "bad_credential")


@pytest.mark.parametrize(
    "secret", ['{"mock_response": "x"}', '{"api_base": "http://x"}', '{"half', '{"aws_session_token": 7}']
)
def test_a_secret_of_another_form_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(CallFailed) as caught:
        door_of(at("", api_key=secret))
    assert caught.value.reason == "authentication"
    assert secret not in caught.value.message


@pytest.mark.parametrize("model", ["mistral-large", "/m", "mistral/"])
async def test_a_model_s_name_needs_its_provider(model: str) -> None:
    failed = await failure_of(at("http://127.0.0.1:9", model))
    assert failed.code == "model_not_found"
    assert "provider/model" in failed.message


async def test_an_operation_that_litellm_is_not_asked_for_is_told() -> None:
    failed = await failure_of(at("http://127.0.0.1:9"), operation="translation")
    assert failed.code == "operation_not_served"


async def test_embeddings_come_through(simulator: RunningSimulator) -> None:
    to = at(simulator.openai_url("east"), "openai/text-embedding-3-small")
    (event,) = await events_of(to, operation="embeddings", input=["one", "two"], messages=None)
    answer = json.loads(event.raw)
    assert [len(vector["embedding"]) for vector in answer["data"]] == [1536, 1536]
    assert parts_of([event])[-1].usage.input_tokens > 0


async def test_images_come_through() -> None:
    usage = {
        "input_tokens": 5,
        "output_tokens": 9,
        "total_tokens": 14,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 5},
    }
    answer = {"created": 1, "data": [{"b64_json": "AAAA"}], "usage": usage}
    with scripted_vendor(answer_head(JSON), json.dumps(answer).encode()) as vendor:
        (event,) = await events_of(
            at(vendor.url, "openai/gpt-image-1"), operation="images", prompt="a yard", messages=None
        )
    assert json.loads(event.raw)["data"][0]["b64_json"] == "AAAA"
    assert event.parts[0] == Media("image/png", 3)


async def test_transcriptions_come_through() -> None:
    with scripted_vendor(answer_head(JSON), b'{"text":"Hi there.","duration":3.5}') as vendor:
        sound = Upload("a.wav", "audio/wav", b"RIFF")
        (event,) = await events_of(
            at(vendor.url, "groq/whisper-1"), operation="transcription", file=sound, messages=None
        )
        assert b'filename="a.wav"' in vendor.received[0]
    assert Text("Hi there.") in event.parts


async def test_speech_comes_through() -> None:
    with scripted_vendor(answer_head("audio/mpeg"), b"ID3sound") as vendor:
        asked = {"input": "Hello.", "voice": "alloy", "messages": None}
        (event,) = await events_of(at(vendor.url, "openai/tts-1"), operation="speech", **asked)
    assert event.raw == b"ID3sound"
    assert Consumed(Usage(characters=6)) in event.parts


async def test_thinking_is_kept_apart_from_the_answer() -> None:
    message = {"role": "assistant", "reasoning_content": "A yard.", "content": "A courtyard."}
    answer = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m-1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    with scripted_vendor(answer_head(JSON), json.dumps(answer).encode()) as vendor:
        parts = parts_of(await events_of(at(vendor.url, "deepseek/deepseek-reasoner")))
    assert parts[1:3] == [Reasoning("A yard."), Text("A courtyard.")]


async def test_nothing_global_is_left_behind(simulator: RunningSimulator) -> None:
    import litellm

    prices = dict(litellm.model_cost["gpt-4o"])
    await events_of(at(simulator.openai_url("east"), "openai/gpt-4o"))
    await events_of(at(simulator.openai_url("east"), "openai/gpt-4o"), stream=True)
    assert litellm.model_cost["gpt-4o"] == prices
    for callbacks in (litellm.callbacks, litellm.success_callback, litellm.failure_callback, litellm.input_callback):
        assert set(callbacks) <= {"cache"}, "LiteLLM's own, which does nothing without a cache"


def test_importing_the_registry_does_not_load_litellm() -> None:
    code = "import madang.providers.registry, sys; sys.exit('litellm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=dict(os.environ), timeout=60, check=False).returncode == 0


def test_without_the_extra_the_error_says_what_to_install() -> None:
    code = """
import asyncio, sys
sys.modules["litellm"] = None
from madang.errors import CallFailed
from madang.providers.litellm.library import litellm_library
try:
    asyncio.run(litellm_library())
except CallFailed as failure:
    print(failure.message)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert 'pip install "madang[litellm]"' in told.stdout
