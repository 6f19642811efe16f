"""Calls that come twice: one request to the vendor, one cost, and the whole answer for everybody."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from tests.studio.world import Answer
from tests.support.running_platform import Platform, until

HELLO: Any = [{"role": "user", "content": "Hello"}]


def new_key() -> dict[str, str]:
    return {"idempotency-key": secrets.token_hex(8)}


def hits(platform: Platform, deployment: Mapping[str, Any]) -> int:
    """How many requests the vendor has had."""
    count: int = platform.simulator.requests(deployment["name"])["deployments"][deployment["name"]]["requests"]
    return count


def root_of(platform: Platform, answer: Answer) -> Mapping[str, Any]:
    span: Mapping[str, Any] = platform.trace_of(answer)["spans"][0]
    return span


def text_in(stream: bytes) -> str:
    chunks = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith(b"data: {")]
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])


def start_and_hang_up(platform: Platform, alias: str, headers: Mapping[str, str], *, stream: bool = True) -> None:
    """Begins a call and closes the connection when the first text has come, or when the vendor was asked."""
    body = json.dumps({"model": alias, "messages": HELLO, "stream": stream}).encode()
    sent = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", platform.port), timeout=30) as connection:
        connection.sendall(
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {platform.key}\r\n{sent}"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        received = b""
        while stream and b'"content"' not in received:
            received += connection.recv(65_536)
        if not stream:
            until(lambda: platform.simulator.requests()["in_flight"] > 0, "the vendor is asked")


def retry(platform: Platform, alias: str, headers: Mapping[str, str], *, stream: bool = True) -> Answer:
    """The same call once more, byte for byte."""
    body = json.dumps({"model": alias, "messages": HELLO, "stream": stream}).encode()
    return platform.send("POST", "/v1/chat/completions", headers=headers, raw=body)


def test_a_client_that_hangs_up_in_mid_stream_and_retries_gets_the_whole_stream_of_the_first_call(
    platform: Platform,
) -> None:
    deployment = platform.deployment(output_tokens=60, per_token_ms=20)
    alias = platform.model(deployment)
    key = new_key()
    start_and_hang_up(platform, alias, key)
    answer = retry(platform, alias, key)
    assert answer.status == 200 and answer.body.endswith(b"data: [DONE]\n\n")
    assert hits(platform, deployment) == 1
    first = platform.trace(answer.headers["x-madang-joined"])["spans"][0]
    joined = root_of(platform, answer)
    assert text_in(answer.body) == json.loads(first["output"])["choices"][0]["message"]["content"]
    assert (first["status"], first["error_type"]) == ("ok", "")
    assert (joined["status"], joined["kind"], joined["attempts"]) == ("ok", "generation", 0)
    assert joined["attributes"]["madang.joined.trace_id"] == first["trace_id"]
    assert float(joined["cost_usd"]) == 0 and joined["output_tokens"] is None
    assert float(joined["attributes"]["madang.saved.cost_usd"]) == float(first["cost_usd"]) > 0
