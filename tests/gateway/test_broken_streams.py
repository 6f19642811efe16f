"""Streams that end too early, by the vendor's doing or by the client's."""

import json
import socket
from typing import Any

import pytest
from openai import APIError
from tests.support.running_platform import Platform, until

HELLO: Any = [{"role": "user", "content": "Hello"}]
SLOW = {"output_tokens": 2000, "per_token_ms": 20}


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        ({"kind": "cut"}, "stream_cut"),
        ({"kind": "cut_clean"}, "stream_cut"),
        ({"kind": "malformed_event"}, "bad_reply"),
        ({"kind": "error_event"}, "server_error"),
        ({"kind": "stall"}, "timeout"),
    ],
)
def test_the_official_client_raises_when_a_stream_breaks(
    platform: Platform, fault: dict[str, Any], error_type: str
) -> None:
    alias = platform.model(platform.deployment(fault, output_tokens=50), idle_timeout_s=0.5)
    stream = platform.openai().chat.completions.with_raw_response.create(model=alias, messages=HELLO, stream=True)
    text = []
    with pytest.raises(APIError) as raised:
        for chunk in stream.parse():
            text.append(chunk.choices[0].delta.content or "")
    assert raised.value.message
    root = platform.trace(stream.headers["x-madang-trace-id"])["spans"][0]
    assert (root["status"], root["error_type"]) == ("error", error_type)
    assert json.loads(root["output"])["choices"][0]["message"]["content"] == "".join(text)


def test_a_broken_stream_has_no_done(platform: Platform) -> None:
    answer = platform.chat(platform.model(platform.deployment({"kind": "cut"}, output_tokens=50)), stream=True)
    last = answer.body.rstrip().splitlines()[-1]
    error = json.loads(last.removeprefix(b"data: "))["error"]
    assert (error["code"], error["trace_id"]) == ("stream_cut", answer.headers["x-madang-trace-id"])
    assert b"[DONE]" not in answer.body


def test_a_stream_that_breaks_before_its_first_word_is_answered_by_another_deployment(platform: Platform) -> None:
    broken = platform.deployment({"kind": "cut", "after_chunks": 0}, order=1)
    working = platform.deployment(order=2)
    answer = platform.chat(platform.model(broken, working), stream=True)
    assert answer.headers["x-madang-deployment"] == working["name"]
    assert b"error" not in answer.body and answer.body.endswith(b"data: [DONE]\n\n")


def hang_up(platform: Platform, alias: str, *, after: bytes | None, stream: bool = True) -> None:
    """Calls, and closes the connection once `after` has come; with None as soon as the vendor was asked."""
    body = json.dumps({"model": alias, "stream": stream, "messages": HELLO}).encode()
    with socket.create_connection(("127.0.0.1", platform.port), timeout=30) as connection:
        connection.sendall(
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {platform.key}\r\n"
            f"x-madang-session-id: {alias}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        received = b""
        while after is not None and after not in received:
            received += connection.recv(65_536)
        if after is None:
            until(lambda: platform.simulator.requests()["in_flight"] > 0, "the vendor is asked")


@pytest.mark.parametrize(
    ("after", "stream", "behaviour"),
    [
        (None, True, {"first_token_ms": 60_000}),
        (None, False, {"first_token_ms": 60_000}),
        (b'"content"', True, SLOW),
    ],
    ids=["before the stream", "before the answer", "in mid-stream"],
)
def test_the_vendor_s_call_stops_when_the_client_hangs_up(
    platform: Platform, after: bytes | None, stream: bool, behaviour: dict[str, Any]
) -> None:
    deployment = platform.deployment(**behaviour)
    alias = platform.model(deployment)
    hang_up(platform, alias, after=after, stream=stream)

    def left() -> bool:
        counts = platform.simulator.requests(deployment["name"])["deployments"][deployment["name"]]
        return bool(counts["client_left"] == 1 and counts["in_flight"] == 0)

    until(left, "the vendor sees its client leave")
    path = f"/api/projects/{platform.project_id()}/traces?session={alias}"
    trace = until(lambda: next(iter(platform.browser().get(path).json["items"]), None), "the trace is there")
    assert (trace["status"], trace["error_type"], trace["attempts"]) == ("error", "cancelled", 1)


def test_what_came_before_the_client_hung_up_is_in_the_trace(platform: Platform) -> None:
    alias = platform.model(platform.deployment(**SLOW))
    hang_up(platform, alias, after=b'"content"')
    path = f"/api/projects/{platform.project_id()}/traces?session={alias}"
    trace = until(lambda: next(iter(platform.browser().get(path).json["items"]), None), "the trace is there")
    root = platform.trace(trace["trace_id"])["spans"][0]
    assert json.loads(root["output"])["choices"][0]["message"]["content"]


def test_a_client_that_leaves_a_request_unfinished_does_no_harm(platform: Platform) -> None:
    with socket.create_connection(("127.0.0.1", platform.port), timeout=30) as connection:
        connection.sendall(
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {platform.key}\r\n"
            'content-length: 5000\r\n\r\n{"model":'.encode()
        )
    assert platform.chat(platform.model(platform.deployment())).status == 200


def test_a_client_that_stops_reading_keeps_nobody_else_waiting(platform: Platform) -> None:
    flood = platform.model(platform.deployment(output_tokens=100_000, tokens_per_chunk=10))
    quick = platform.model(platform.deployment())
    body = json.dumps({"model": flood, "stream": True, "messages": HELLO}).encode()
    with socket.create_connection(("127.0.0.1", platform.port), timeout=30) as lazy:
        lazy.sendall(
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {platform.key}\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        lazy.recv(1)
        assert platform.chat(quick).status == 200
