"""What a vendor sends comes back byte for byte, whatever it is, streamed or not."""

import json

from tests.support.running_platform import Platform
from tests.support.scripted_vendor import answer_head, scripted_vendor

ODD_REPLY = (
    b'{ "id":"c-1",\t"model" : "odd-1","choices":[{"index":0,"message":{"role":"assistant","content":"hi",'
    b'"x_mood":{"a":[1,2.50,1e3]}},"finish_reason":"stop"}],\n"usage":{"prompt_tokens":3,"completion_tokens":1},'
    b'"x_energy_j": 0.10, "x_big": 123456789012345678901234567890 }'
)
ODD_STREAM = (
    b": keep-alive\n\n",
    b'event: message\r\ndata: {"id":"c-2","model":"odd-1","choices":[{"index":0,"delta":{"content":"a","x_new":1}}]}\r\n\r\n',
    b'data:{"id":"c-2","choices":[{"index":0,"delta":{"content":"\xed\x95',
    b'\x9c"},"finish_reason":null}],"x_trace":"q"}\n\ndata: {"x_unknown_event":true}\n\n',
    b'data: {"id":"c-2","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    b"data: [DONE]\n\n",
)


def model_at(platform: Platform, url: str) -> str:
    return platform.model(platform.deployment(base_url=url), retries=0)


def test_an_unstreamed_reply_is_unchanged(platform: Platform) -> None:
    with scripted_vendor(answer_head("application/json") + ODD_REPLY) as vendor:
        answer = platform.chat(model_at(platform, vendor.url))
    assert answer.body == ODD_REPLY


def test_a_stream_is_unchanged(platform: Platform) -> None:
    with scripted_vendor(answer_head("text/event-stream; charset=utf-8"), *ODD_STREAM) as vendor:
        answer = platform.chat(model_at(platform, vendor.url), stream=True)
    assert answer.body == b"".join(ODD_STREAM)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_a_stream_to_an_http_1_0_client_comes_whole_and_without_chunks(platform: Platform) -> None:
    with scripted_vendor(answer_head("text/event-stream"), *ODD_STREAM) as vendor:
        alias = model_at(platform, vendor.url)
        body = json.dumps({"model": alias, "stream": True, "messages": [{"role": "user", "content": "Hello"}]})
        answer = platform.raw(
            b"POST /v1/chat/completions HTTP/1.0\r\n"
            + f"authorization: Bearer {platform.key}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
        )
    head, _, content = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert content == b"".join(ODD_STREAM)


def test_the_trace_of_an_odd_stream_has_its_text(platform: Platform) -> None:
    with scripted_vendor(answer_head("text/event-stream"), *ODD_STREAM) as vendor:
        answer = platform.chat(model_at(platform, vendor.url), stream=True)
    root = platform.trace_of(answer)["spans"][0]
    assert json.loads(root["output"])["choices"][0]["message"]["content"] == "a한"
    assert root["cost_usd"] is None  # the vendor told no usage: unknown, not nothing


def test_headers_that_are_not_ascii_do_not_break_a_reply(platform: Platform) -> None:
    head = answer_head("application/json", more="x-request-id: caf\xe9\r\n")
    with scripted_vendor(head + ODD_REPLY) as vendor:
        answer = platform.chat(model_at(platform, vendor.url))
    assert (answer.status, answer.body) == (200, ODD_REPLY)


def test_the_caller_s_key_never_reaches_the_vendor(platform: Platform) -> None:
    with scripted_vendor(answer_head("application/json") + ODD_REPLY) as vendor:
        platform.chat(model_at(platform, vendor.url))
    assert platform.key.encode() not in vendor.received[0]
    assert b"Bearer sk-vendor-key" in vendor.received[0]
