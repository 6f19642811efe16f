"""Whatever is sent to Anthropic's paths is answered in Anthropic's shape, and never by a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.gateway.every_vendor import model_of
from tests.studio.world import Answer
from tests.support.running_platform import Platform

pytestmark = pytest.mark.xdist_group("platform")

HELLO: Any = [{"role": "user", "content": "Hello"}]


def problem(answer: Answer) -> tuple[int, str]:
    """Status and type of an error, which has Anthropic's shape."""
    body = answer.json
    assert set(body) == {"type", "error", "request_id"}
    assert body["type"] == "error"
    assert set(body["error"]) == {"type", "message"}
    assert body["error"]["message"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-should-retry"] == "false"
    return answer.status, body["error"]["type"]


RAW = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b"\xff\xfe",
    b'{"model": NaN}',
    b'{"messages":' + b"[" * 100_000,
    b'{"model": 3}',
    b'{"model": "any", "messages": "Hello"}',
]


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
def test_a_body_that_is_none_is_refused(platform: Platform, path: str, raw: bytes) -> None:
    status, kind = problem(platform.send("POST", path, raw=raw))
    assert (status, kind) in {(400, "invalid_request_error"), (404, "not_found_error")}


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": []},
        {"messages": ["Hello"]},
        {"messages": [{"role": "user", "content": 3}]},
        {"messages": [{"role": "user", "content": [{"type": "image", "source": None}]}]},
        {"messages": [{"content": "Hello"}]},
        {"stream": "yes"},
        {"tools": {"name": "f"}},
        {"tools": [{"type": ["custom"], "name": "f"}]},
        {"tools": [{"name": "f"}], "tool_choice": {"type": {}}},
    ],
    ids=str,
)
@pytest.mark.parametrize("vendor", ["openai", "gemini"])
def test_what_is_wrong_is_refused(platform: Platform, vendor: str, wrong: dict[str, Any]) -> None:
    alias = model_of(platform, vendor)
    answer = platform.send("POST", "/v1/messages", {"model": alias, "max_tokens": 9, "messages": HELLO, **wrong})
    assert problem(answer) == (400, "invalid_request_error")


def test_a_body_that_is_too_large_is_refused(platform: Platform) -> None:
    answer = platform.send("POST", "/v1/messages", raw=b" " * (33 << 20))
    assert problem(answer) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v1/messages", (405, "invalid_request_error")),
        ("POST", "/v1/messages/batches", (404, "not_found_error")),
        ("DELETE", "/v1/messages/count_tokens", (405, "invalid_request_error")),
    ],
)
def test_paths_that_are_not_there_are_told(
    platform: Platform, method: str, path: str, expected: tuple[int, str]
) -> None:
    assert problem(platform.send(method, path)) == expected


@pytest.mark.parametrize("headers", [{"x-api-key": "sk-md-nobodys"}, {"x-api-key": "pk-md-public"}, {}])
def test_a_key_that_is_none_is_refused(platform: Platform, headers: dict[str, str]) -> None:
    answer = platform.send("POST", "/v1/messages", {"messages": HELLO}, key=None, headers=headers)
    assert problem(answer) == (401, "authentication_error")
    assert "nobodys" not in answer.body.decode()


def test_a_model_that_is_none_is_told_to_anthropics_clients(platform: Platform) -> None:
    answer = platform.send("GET", "/v1/models/nobodys", headers={"anthropic-version": "2023-06-01"})
    assert problem(answer) == (404, "not_found_error")


def test_a_client_that_knows_no_chunks_gets_a_stream_in_one_piece(platform: Platform) -> None:
    alias = model_of(platform, "gemini")
    body = json.dumps({"model": alias, "max_tokens": 50, "messages": HELLO, "stream": True}).encode()
    head = f"POST /v1/messages HTTP/1.0\r\nx-api-key: {platform.key}\r\ncontent-length: {len(body)}\r\n\r\n"
    answer = platform.raw(head.encode() + body)
    assert b"content-length:" in answer.lower()
    assert b"event: message_start" in answer
    assert answer.endswith(b'data: {"type":"message_stop"}\n\n')
