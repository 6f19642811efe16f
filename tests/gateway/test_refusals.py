"""Requests that cannot be served: each gets OpenAI's error shape with words that say what to do, never a traceback."""

import base64
import json
import re
from typing import Any

import pytest
from tests.studio.world import Answer
from tests.support.running_platform import PUBLIC_KEY, Platform

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]


def assert_refused(answer: Answer, status: int, words: str) -> None:
    assert answer.status == status, answer.body
    error = answer.error
    assert set(error) >= {"message", "type", "code", "param"}
    assert re.search(words, error["message"]), error["message"]
    assert "Traceback" not in answer.body.decode() and 'File "' not in answer.body.decode()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"model": "m", "messages": "\xff\xfe"}', b'{"a": 1}trailing', b"\x00", b'{"x":NaN}'],
)
def test_what_is_not_json_is_refused(platform: Platform, body: bytes) -> None:
    assert_refused(platform.send("POST", CHAT, raw=body), 400, "not valid JSON")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null"])
def test_json_that_is_no_object_is_refused(platform: Platform, body: bytes) -> None:
    assert_refused(platform.send("POST", CHAT, raw=body), 400, "must be a JSON object")


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 7}, "model"),
        ({"model": ["a"]}, "model"),
        ({"model": ""}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["Hello"]}, "messages"),
        ({"messages": {"role": "user"}}, "messages"),
        ({"stream": "yes"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream_options": []}, "stream_options"),
        ({"stream": True, "stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(platform: Platform, wrong: dict[str, Any], param: str) -> None:
    body = {"model": platform.model(platform.deployment(), alias="types"), "messages": HELLO, **wrong}
    answer = platform.send("POST", CHAT, body)
    assert_refused(answer, 400, param)
    assert answer.error["param"] == param


@pytest.mark.parametrize("wrong", [{"user": 7}, {"metadata": "x"}, {"user": None}, {"n": "2"}, {"temperature": {}}])
def test_what_only_the_vendor_reads_is_left_to_the_vendor(platform: Platform, wrong: dict[str, Any]) -> None:
    alias = platform.model(platform.deployment(), alias="types")
    answer = platform.chat(alias, **wrong)
    assert answer.status in (200, 400)
    assert "x-madang-trace-id" in answer.headers


@pytest.mark.parametrize("value", [None, 7, {}])
def test_an_embedding_s_input_must_be_text(platform: Platform, value: object) -> None:
    body = {"model": platform.model(platform.deployment(), alias="types"), "input": value}
    assert_refused(platform.send("POST", "/v1/embeddings", body), 400, "'input' must be")


@pytest.mark.parametrize("depth", [900, 960, 980, 990, 995, 1_500, 1_000_000])
def test_deeply_nested_json_is_answered(platform: Platform, depth: int) -> None:
    alias = platform.model(platform.deployment(), alias="types")
    raw = b'{"model":"%s","messages":[{"role":"user","content":"x"}],"x":' % alias.encode()
    answer = platform.send("POST", CHAT, raw=raw + b"[" * depth + b"]" * depth + b"}")
    assert answer.status in (200, 400), answer.body
    if answer.status == 400:
        assert answer.error["message"]
    if depth > 1_000:
        assert_refused(answer, 400, "nested too deeply")


def test_a_large_body_is_refused_before_it_is_read(platform: Platform) -> None:
    answer = platform.raw(
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {platform.key}\r\ncontent-length: {50 * 2**20}\r\n"
        "expect: 100-continue\r\n\r\n".encode(),
        until=b'"}}',
    )
    assert answer.startswith(b"HTTP/1.1 413") and b"larger than 32 MB" in answer


def test_a_large_body_in_chunks_is_refused(platform: Platform) -> None:
    piece = b"10000\r\n" + b" " * 2**16 + b"\r\n"
    answer = platform.raw(
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {platform.key}\r\n"
        "transfer-encoding: chunked\r\n\r\n".encode(),
        *[piece] * 800,
        b"0\r\n\r\n",
        until=b'"}}',
    )
    assert answer.startswith(b"HTTP/1.1 413") and b"larger than 32 MB" in answer


def test_a_large_body_that_is_sent_whole_is_refused(platform: Platform) -> None:
    assert_refused(platform.send("POST", CHAT, raw=b" " * (50 * 2**20)), 413, "larger than 32 MB")


def test_an_unknown_model_is_refused_with_the_known_ones(platform: Platform) -> None:
    alias = platform.model(platform.deployment(), alias="aaa-known")
    answer = platform.chat("gpt-nowhere")
    assert_refused(answer, 404, f"'gpt-nowhere' is not set up.*Known models: .*{alias}")
    assert answer.error["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "Authorization: Bearer sk-md"),
        ({"authorization": "Bearer"}, "Authorization: Bearer sk-md"),
        ({"authorization": "Bearer "}, "Authorization: Bearer sk-md"),
        ({"authorization": "Bearer sk-md-wrong"}, "unknown or was revoked"),
        ({"authorization": "Bearer \xff\xfe"}, "unknown or was revoked"),
        ({"authorization": f"Bearer {PUBLIC_KEY}"}, "public key; send the secret one"),
        ({"authorization": "Basic ???"}, "Authorization: Bearer sk-md"),
        ({"authorization": "Basic " + base64.b64encode(b"no colon").decode()}, "Authorization: Bearer sk-md"),
        ({"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, "unknown or was revoked"),
        ({"authorization": "Digest x"}, "Authorization: Bearer sk-md"),
        ({"api-key": "sk-md-wrong"}, "unknown or was revoked"),
    ],
)
def test_a_key_that_opens_nothing_is_refused(platform: Platform, headers: dict[str, str], words: str) -> None:
    answer = platform.send("POST", CHAT, {"model": "m", "messages": HELLO}, key=None, headers=headers)
    assert_refused(answer, 401, words)
    assert "wrong" not in answer.error["message"]


def test_the_key_pair_as_basic_must_belong_together(platform: Platform) -> None:
    pair = base64.b64encode(f"pk-md-another:{platform.key}".encode()).decode()
    answer = platform.send("GET", "/v1/models", key=None, headers={"authorization": f"Basic {pair}"})
    assert_refused(answer, 401, "unknown or was revoked")


@pytest.mark.parametrize("way", ["basic", "api-key", "lower"])
def test_the_key_is_taken_in_every_usual_place(platform: Platform, way: str) -> None:
    pair = base64.b64encode(f"{PUBLIC_KEY}:{platform.key}".encode()).decode()
    headers = {
        "basic": {"authorization": f"Basic {pair}"},
        "api-key": {"api-key": platform.key},
        "lower": {"authorization": f"bearer {platform.key}"},
    }[way]
    assert platform.send("GET", "/v1/models", key=None, headers=headers).status == 200


def test_a_revoked_key_is_refused_at_once(platform: Platform) -> None:
    project = platform.project_id()
    key = platform.new_key(project)
    assert platform.browser().delete(f"/api/projects/{project}/keys/{key['id']}").status == 200
    assert_refused(platform.send("GET", "/v1/models", key=key["secret_key"]), 401, "was revoked")


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", CHAT, 405, "use POST"),
        ("DELETE", "/v1/models", 405, "use GET"),
        ("PUT", "/v1/embeddings", 405, "use POST"),
        ("POST", "/v1/nothing", 404, "There is no POST /v1/nothing"),
        ("GET", "/v1/", 404, "There is no GET /v1/"),
        ("POST", "/v1/chat/completions/", 404, "There is no POST"),
    ],
)
def test_a_wrong_method_or_path_is_named(platform: Platform, method: str, path: str, status: int, words: str) -> None:
    assert_refused(platform.send(method, path), status, words)


def test_huge_headers_are_refused(platform: Platform) -> None:
    answer = platform.raw(
        b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx-long: ", *[b"a" * 65_536] * 40, b"\r\n\r\n", until=b"}}"
    )
    assert answer.startswith(b"HTTP/1.1 431") and b"headers" in answer


def test_what_is_not_http_is_refused(platform: Platform) -> None:
    answer = platform.raw(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400") and b'"error"' in answer


def test_an_http_1_0_request_is_answered(platform: Platform) -> None:
    answer = platform.raw(f"GET /v1/models HTTP/1.0\r\nauthorization: Bearer {platform.key}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200") and b'"object":"list"' in answer


def test_pipelined_requests_are_answered_in_order(platform: Platform) -> None:
    fast, slow = platform.deployment(), platform.deployment(first_token_ms=300)
    head = f"host: x\r\nauthorization: Bearer {platform.key}\r\n"
    requests = b""
    for model in (platform.model(slow), platform.model(fast)):
        body = json.dumps({"model": model, "messages": HELLO})
        requests += f"POST {CHAT} HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n{body}".encode()
    requests += f"GET /v1/models HTTP/1.1\r\n{head}connection: close\r\n\r\n".encode()
    answers = platform.raw(requests)
    places = [answers.find(name.encode()) for name in (slow["name"], fast["name"], '"object":"list"')]
    assert -1 not in places and places == sorted(places)
    assert answers.count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"credential_ids": "x"}',
        b'{"credential_ids": [7]}',
        b"\xff",
        b'{"credential_ids": ["\xff"]}',
        b"[" * 60_000,
    ],
)
def test_a_lease_that_cannot_be_understood_is_refused(platform: Platform, raw: bytes) -> None:
    assert_refused(platform.send("POST", "/api/sdk/lease", raw=raw), 400, "credential_ids")


def test_a_lease_asked_for_at_great_length_is_refused(platform: Platform) -> None:
    assert_refused(platform.send("POST", "/api/sdk/lease", raw=b" " * 2**17), 413, "larger than 64 KB")
