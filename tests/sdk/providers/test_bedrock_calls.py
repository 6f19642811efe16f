"""Calls to a simulated Bedrock over a real connection: chat, embeddings and images, keys and signatures, faults."""

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from tests.sdk.layers.fake_vendor import read
from tests.sdk.providers.bedrock_requests import CLAUDE, NEWER, OLDEST, WEATHER
from tests.sdk.request_builder import request, route, target
from tests.support.scripted_vendor import answer_head, scripted_vendor

from madang.calls.event import Consumed, Media
from madang.calls.operation import Operation
from madang.calls.reply import Call, Reply
from madang.calls.request import Attempt
from madang.calls.target import Target
from madang.errors import CallFailed, FailureReason
from madang.providers.aiohttp_transport import AiohttpTransport
from madang.providers.bedrock.call import bedrock_call
from madang.providers.registry import vendor_call
from madang.providers.remote_file import FileFetcher
from madang_server.gateway.http_client import HttpClient
from madang_simulator import RunningSimulator, simulator_in_thread
from madang_simulator.wires.bedrock.signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
PAIR = json.dumps({"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY, "session_token": "tok"})
PROFILE = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{CLAUDE}"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x02\x00\x00\x00"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    running.reset()
    return running


def bedrock(simulator: RunningSimulator, **fields: Any) -> Target:
    given = {"vendor": "bedrock", "vendor_model": CLAUDE, "region": "us-east-1", "api_key": PAIR, **fields}
    return target("east", **{"base_url": simulator.vendor_url("east"), **given})


@asynccontextmanager
async def answered(
    to: Target, *, stream: bool = False, operation: Operation = "chat", call: Call | None = None, **body: Any
) -> AsyncIterator[Reply]:
    transport = AiohttpTransport()
    try:
        made = request(route(to), stream=stream, operation=operation, body=body, wants_usage=True)
        yield await (call or vendor_call(transport))(made.to(to, "the only one", has_alternative=False))
    finally:
        await transport.close()


async def completed(to: Target, **body: Any) -> Any:
    async with answered(to, **body) as reply:
        return json.loads(await read(reply))


async def chunks_of(to: Target, **body: Any) -> list[Any]:
    async with answered(to, stream=True, **body) as reply:
        frames = (await read(reply)).decode().split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    return [json.loads(frame.removeprefix("data: ")) for frame in frames[:-2]]


async def failure_of(to: Target, **how: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        async with answered(to, **how) as reply:
            await read(reply)
    return caught.value


# Chat


@pytest.mark.parametrize("model", [CLAUDE, PROFILE])
@pytest.mark.parametrize("key", [PAIR, "bedrock-api-key"], ids=["signed", "API key"])
@both_ways
async def test_a_bedrock_deployment_answers(simulator: RunningSimulator, stream: bool, key: str, model: str) -> None:
    async with answered(bedrock(simulator, api_key=key, vendor_model=model), stream=stream) as reply:
        assert b'"finish_reason":"stop"' in await read(reply)
        assert reply.headers["x-request-id"]
        assert reply.content_type.startswith("text/event-stream" if stream else "application/json")
    sent = simulator.requests("east")["requests"][0]
    assert sent["path"].endswith("/converse-stream" if stream else "/converse")


@both_ways
async def test_a_signature_survives_the_gateways_own_client(simulator: RunningSimulator, stream: bool) -> None:
    client = HttpClient()
    how: dict[str, Any] = {"stream": stream, "call": bedrock_call(client)}
    async with answered(bedrock(simulator, vendor_model=PROFILE), **how) as reply:
        assert b'"finish_reason":"stop"' in await read(reply)
    await client.close()


async def test_a_stream_says_what_a_whole_answer_says(simulator: RunningSimulator) -> None:
    simulator.configure("east", seed=1)
    whole = await completed(bedrock(simulator))
    simulator.configure("east", seed=1)
    chunks = await chunks_of(bedrock(simulator))
    texts = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"]]
    assert "".join(texts) == whole["choices"][0]["message"]["content"]
    assert chunks[-1]["usage"] == whole["usage"]


async def test_the_vendors_request_id_names_the_answer(simulator: RunningSimulator) -> None:
    to = bedrock(simulator)
    attempt = Attempt("s1", to, "first", 1_767_225_600_000_000)

    async def call(made: Any) -> Reply:
        return await bedrock_call(transport)(msgspec.structs.replace(made, attempt=attempt))

    transport = AiohttpTransport()
    # The simulator's clock is today's, so a signature of another day would be refused: an API key it is.
    async with answered(bedrock(simulator, api_key="bedrock-key"), call=call) as reply:
        body = json.loads(await read(reply))
    await transport.close()
    assert body["id"] == f"chatcmpl-{attempt.request_id}"
    assert body["created"] == 1_767_225_600


@both_ways
async def test_a_conversation_with_thinking_and_tools_goes_there_and_back(
    simulator: RunningSimulator, stream: bool
) -> None:
    to = bedrock(simulator, vendor_model=NEWER)
    asked = {"role": "user", "content": "weather in Jeju"}
    how = {"tools": [WEATHER], "reasoning_effort": "low"}
    if stream:
        message: dict[str, Any] = {"role": "assistant", "tool_calls": [], "thinking_blocks": [], "content": ""}
        for chunk in await chunks_of(to, messages=[asked], **how):
            delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
            message["thinking_blocks"] += delta.get("thinking_blocks", [])
            for call in delta.get("tool_calls", ()):
                if "id" in call:
                    message["tool_calls"].append(call)
                else:
                    message["tool_calls"][-1]["function"]["arguments"] += call["function"]["arguments"]
    else:
        message = (await completed(to, messages=[asked], **how))["choices"][0]["message"]
        assert message["reasoning_content"]
    assert message["thinking_blocks"][0]["signature"]
    assert json.loads(message["tool_calls"][0]["function"]["arguments"])["city"]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "sunny"} for call in message["tool_calls"]]
    answer = await completed(to, messages=[asked, message, *results], **how)
    assert answer["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("model", [CLAUDE, OLDEST])
@both_ways
async def test_an_answer_follows_its_schema(simulator: RunningSimulator, stream: bool, model: str) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
    to = bedrock(simulator, vendor_model=model)
    if stream:
        chunks = await chunks_of(to, response_format=form)
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"])
        finishes = [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk["choices"]]
        assert finishes[-1] == "stop"
    else:
        text = (await completed(to, response_format=form))["choices"][0]["message"]["content"]
    assert isinstance(json.loads(text)["city"], str)


async def test_cached_tokens_are_counted(simulator: RunningSimulator) -> None:
    part = {"type": "text", "text": "A yard. " * 900, "cache_control": {"type": "ephemeral"}}
    messages = [{"role": "system", "content": [part]}, {"role": "user", "content": "hi"}]
    first = (await completed(bedrock(simulator), messages=messages))["usage"]
    second = (await completed(bedrock(simulator), messages=messages))["usage"]
    assert first["prompt_tokens_details"]["cache_write_tokens"] > 1000
    assert second["prompt_tokens_details"]["cached_tokens"] == first["prompt_tokens_details"]["cache_write_tokens"]
    assert first["prompt_tokens"] == second["prompt_tokens"]


async def test_a_picture_named_by_url_is_fetched_and_sent(simulator: RunningSimulator) -> None:
    with scripted_vendor(answer_head("image/png") + PNG) as host:
        parts = [{"type": "image_url", "image_url": {"url": f"{host.url}/yard.png"}}, {"type": "text", "text": "What?"}]
        transport = AiohttpTransport()
        call = bedrock_call(transport, FileFetcher(allowed_hosts=frozenset({"127.0.0.1"})))
        async with answered(bedrock(simulator), call=call, messages=[{"role": "user", "content": parts}]) as reply:
            assert b"finish_reason" in await read(reply)
        await transport.close()
    sent = simulator.requests("east")["requests"][0]["body"]
    assert sent["messages"][0]["content"][0]["image"]["source"]["bytes"] == base64.b64encode(PNG).decode()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a.png", "http://[::1]/a.png", "http://169.254.169.254/latest"])
async def test_a_url_inside_the_network_is_not_fetched(simulator: RunningSimulator, url: str) -> None:
    parts = [{"type": "image_url", "image_url": {"url": url}}]
    failed = await failure_of(bedrock(simulator), messages=[{"role": "user", "content": parts}])
    assert (failed.reason, failed.code) == ("invalid_request", "file_not_fetched")
    assert simulator.requests("east")["requests"] == []


# Failures


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("rate_limited", "rate_limited"),
        ("quota", "quota_exhausted"),
        ("server_error", "server_error"),
        ("overloaded", "overloaded"),
        ("unauthorized", "authentication"),
        ("permission_denied", "permission"),
        ("context_overflow", "context_overflow"),
        ("content_filter", "content_filter"),
        ("model_unavailable", "not_found"),
        ("html_502", "server_error"),
        ("bad_json", "bad_reply"),
        ("error_in_200", "server_error"),
        ("reset", "connection"),
    ],
)
@both_ways
async def test_a_vendors_fault_has_its_reason(
    simulator: RunningSimulator, stream: bool, fault: str, reason: FailureReason
) -> None:
    simulator.configure("east", faults=[{"kind": fault}])
    assert (await failure_of(bedrock(simulator), stream=stream)).reason == reason


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "cut"}, "stream_cut"),
        ({"kind": "cut_clean"}, "stream_cut"),
        ({"kind": "malformed_event"}, "bad_reply"),
        ({"kind": "error_event", "error": "rate_limited"}, "rate_limited"),
        ({"kind": "error_event", "error": "overloaded"}, "overloaded"),
    ],
)
async def test_a_fault_of_a_stream_has_its_reason(
    simulator: RunningSimulator, fault: dict[str, str], reason: FailureReason
) -> None:
    simulator.configure("east", faults=[fault])
    assert (await failure_of(bedrock(simulator), stream=True)).reason == reason


async def test_a_filter_in_the_middle_of_an_answer_ends_it(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter_stream", "after_chunks": 2}])
    chunks = await chunks_of(bedrock(simulator))
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk["choices"]][-1] == "content_filter"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (
            json.dumps({"access_key_id": ACCESS_KEY_ID, "secret_access_key": "wrong-secret"}),
            "InvalidSignatureException",
        ),
        (json.dumps({"access_key_id": "AKIAX", "secret_access_key": "wrong-secret"}), "UnrecognizedClientException"),
        ("sk-wrong-key", "AccessDeniedException"),
    ],
)
async def test_a_refused_credential_is_told_with_the_vendors_words_and_request_id(
    simulator: RunningSimulator, key: str, code: str
) -> None:
    failed = await failure_of(bedrock(simulator, api_key=key))
    assert (failed.reason, failed.status, failed.code) == ("authentication", 403, code)
    assert failed.request_id
    assert "wrong-secret" not in str(failed)


async def test_a_secret_that_the_vendor_repeats_is_told_to_nobody() -> None:
    words = json.dumps({"message": f"The key {SECRET_ACCESS_KEY} of {ACCESS_KEY_ID} is wrong"})
    head = answer_head("application/json", status="403 Forbidden", more="x-amzn-errortype: AccessDeniedException\r\n")
    with scripted_vendor(head + words.encode()) as vendor:
        to = target(
            "east", vendor="bedrock", vendor_model=CLAUDE, region="us-east-1", api_key=PAIR, base_url=vendor.url
        )
        failed = await failure_of(to)
    assert failed.message == "The key (key) of (key) is wrong"


async def test_what_the_vendor_asks_to_wait_is_read(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "rate_limited", "retry_after_s": 7}])
    assert (await failure_of(bedrock(simulator))).retry_after_s == 7


async def test_a_stream_closed_early_hangs_up_on_the_vendor(simulator: RunningSimulator) -> None:
    simulator.configure("east", per_token_ms=50, output_tokens=2000)
    async with asyncio.timeout(30), answered(bedrock(simulator), stream=True) as reply:
        await anext(reply.events)
        await reply.events.aclose()
        while not simulator.requests("east")["deployments"]["east"]["client_left"]:
            await asyncio.sleep(0.01)


async def test_what_bedrock_does_not_do_is_refused(simulator: RunningSimulator) -> None:
    assert "'speech'" in (await failure_of(bedrock(simulator), operation="speech")).message


# Embeddings


@pytest.mark.parametrize("model", ["amazon.titan-embed-text-v2:0", "cohere.embed-english-v3"])
async def test_many_texts_become_vectors_in_their_order(simulator: RunningSimulator, model: str) -> None:
    to = bedrock(simulator, vendor_model=model)
    texts = [f"text number {number}" for number in range(100)]
    async with answered(to, operation="embeddings", input=texts) as reply:
        events = [event async for event in reply.events]
    body = json.loads(b"".join(event.raw for event in events))
    assert [one["index"] for one in body["data"]] == list(range(100))
    assert len(body["data"][0]["embedding"]) == 1024
    alone = await completed(to, operation="embeddings", input=texts[42])
    assert alone["data"][0]["embedding"] == body["data"][42]["embedding"]
    (used,) = [part.usage for event in events for part in event.parts if isinstance(part, Consumed)]
    assert used.input_tokens == body["usage"]["prompt_tokens"] > 100
    asked = len(simulator.requests("east")["requests"])
    assert asked == (101 if "titan" in model else 3), "Cohere takes 96 texts at a time, Titan one"


async def test_vectors_are_packed_as_openais_client_asks(simulator: RunningSimulator) -> None:
    to = bedrock(simulator, vendor_model="amazon.titan-embed-text-v2:0")
    plain = await completed(to, operation="embeddings", input="a", dimensions=256)
    packed = await completed(to, operation="embeddings", input="a", dimensions=256, encoding_format="base64")
    numbers = struct.unpack("<256f", base64.b64decode(packed["data"][0]["embedding"]))
    assert numbers == pytest.approx(plain["data"][0]["embedding"])


async def test_the_models_own_fields_of_embeddings_pass(simulator: RunningSimulator) -> None:
    to = bedrock(simulator, vendor_model="cohere.embed-v4:0")
    await completed(to, operation="embeddings", input="a", input_type="search_query", dimensions=512)
    sent = simulator.requests("east")["requests"][0]["body"]
    assert (sent["input_type"], sent["output_dimension"]) == ("search_query", 512)


@pytest.mark.parametrize(
    ("model", "given", "param"),
    [
        ("amazon.titan-embed-text-v2:0", [1, 2], "input"),
        ("amazon.titan-embed-text-v2:0", [], "input"),
        (CLAUDE, "a", "model"),
    ],
)
async def test_what_cannot_be_embedded_is_refused(
    simulator: RunningSimulator, model: str, given: Any, param: str
) -> None:
    failed = await failure_of(bedrock(simulator, vendor_model=model), operation="embeddings", input=given)
    assert (failed.reason, failed.param) == ("invalid_request", param)


async def test_one_text_that_fails_is_the_failure_of_all(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "rate_limited", "every": 5}])
    to = bedrock(simulator, vendor_model="amazon.titan-embed-text-v2:0")
    failed = await failure_of(to, operation="embeddings", input=["text"] * 40)
    assert failed.reason == "rate_limited"
    assert len(simulator.requests("east")["requests"]) < 40


# Images


async def test_amazons_models_draw_as_many_pictures_as_asked_for(simulator: RunningSimulator) -> None:
    to = bedrock(simulator, vendor_model="amazon.nova-canvas-v1:0")
    how: dict[str, Any] = {
        "prompt": "a courtyard",
        "n": 2,
        "size": "512x320",
        "quality": "hd",
        "response_format": "b64_json",
    }
    more: dict[str, Any] = {"imageGenerationConfig": {"seed": 3}, "textToImageParams": {"negativeText": "fog"}}
    async with answered(to, operation="images", **how, **more) as reply:
        (event,) = [event async for event in reply.events]
    pictures = [base64.b64decode(one["b64_json"]) for one in json.loads(event.raw)["data"]]
    assert [picture[16:24] for picture in pictures] == [(512).to_bytes(4, "big") + (320).to_bytes(4, "big")] * 2
    assert [part.size for part in event.parts if isinstance(part, Media)] == [len(picture) for picture in pictures]
    (used,) = [part.usage for part in event.parts if isinstance(part, Consumed)]
    assert used.images == 2
    sent = simulator.requests("east")["requests"][0]["body"]
    assert sent["imageGenerationConfig"] == {
        "numberOfImages": 2, "width": 512, "height": 320, "quality": "premium", "seed": 3,
    }  # fmt: skip
    assert sent["textToImageParams"] == {"text": "a courtyard", "negativeText": "fog"}


@pytest.mark.parametrize(("size", "ratio"), [("1024x1024", "1:1"), ("1792x1024", "16:9"), ("1024x1536", "2:3")])
async def test_stability_draws_in_the_nearest_shape(simulator: RunningSimulator, size: str, ratio: str) -> None:
    to = bedrock(simulator, vendor_model="stability.stable-image-core-v1:1")
    body = await completed(to, operation="images", prompt="a courtyard", size=size, output_format="webp", seed=5)
    assert base64.b64decode(body["data"][0]["b64_json"])[8:12] == b"WEBP"
    sent = simulator.requests("east")["requests"][0]["body"]
    assert (sent["aspect_ratio"], sent["seed"]) == (ratio, 5)


@pytest.mark.parametrize("model", ["amazon.nova-canvas-v1:0", "stability.stable-image-core-v1:1"])
async def test_a_prompt_that_is_filtered_is_a_content_filter(simulator: RunningSimulator, model: str) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])
    failed = await failure_of(bedrock(simulator, vendor_model=model), operation="images", prompt="a courtyard")
    assert (failed.reason, failed.status) == ("content_filter", 400)


@pytest.mark.parametrize(
    ("how", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "a", "response_format": "url"}, "response_format"),
        ({"prompt": "a", "size": "large"}, "size"),
        ({"prompt": "a", "n": 2}, "n"),
        ({"prompt": "a", "stream": True}, "stream"),
    ],
)
async def test_what_cannot_be_drawn_is_refused(simulator: RunningSimulator, how: Any, param: str) -> None:
    to = bedrock(simulator, vendor_model="stability.stable-image-core-v1:1")
    failed = await failure_of(to, **{"operation": "images", **how})
    assert (failed.reason, failed.param) == ("invalid_request", param)
