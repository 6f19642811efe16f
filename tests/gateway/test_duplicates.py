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

from madang_server.gateway.flights import GRACE_S

HELLO: Any = [{"role": "user", "content": "Hello"}]


def new_key() -> dict[str, str]:
    return {"idempotency-key": secrets.token_hex(8)}


def hits(platform: Platform, deployment: Mapping[str, Any]) -> int:
    """How many requests the vendor has had."""
    counts = platform.simulator.requests(deployment["name"])["deployments"].get(deployment["name"])
    return counts["requests"] if counts else 0


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


def test_fifty_simultaneous_calls_with_one_key_are_one_request_to_the_vendor(platform: Platform) -> None:
    deployment = platform.deployment(output_tokens=20, per_token_ms=20, first_token_ms=300)
    alias = platform.model(deployment)
    key = new_key()
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(retry(platform, alias, key))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {answer.status for answer in answers} == {200} and len(answers) == 50
    assert len({answer.body for answer in answers}) == 1
    assert hits(platform, deployment) == 1
    assert [answer.headers.get("x-madang-joined") for answer in answers].count(None) == 1
    assert len({answer.headers["x-madang-trace-id"] for answer in answers}) == 50


def test_a_client_that_hangs_up_before_the_answer_and_retries_gets_it(platform: Platform) -> None:
    deployment = platform.deployment(first_token_ms=1_000)
    alias = platform.model(deployment)
    key = new_key()
    start_and_hang_up(platform, alias, key, stream=False)
    answer = retry(platform, alias, key, stream=False)
    assert answer.json["choices"][0]["message"]["content"]
    assert (answer.headers["x-madang-cost-usd"], answer.headers["x-madang-attempts"]) == ("0", "0")
    assert hits(platform, deployment) == 1


def test_the_official_client_that_gives_up_too_early_gets_the_answer_by_its_own_retries(platform: Platform) -> None:
    deployment = platform.deployment(first_token_ms=1_500)
    alias = platform.model(deployment)
    client = platform.openai(timeout=0.7, max_retries=8)
    answer = client.chat.completions.with_raw_response.create(model=alias, messages=HELLO, extra_headers=new_key())
    assert answer.parse().choices[0].message.content and answer.headers["x-madang-joined"]
    assert hits(platform, deployment) == 1


def test_a_call_that_nobody_comes_back_for_is_stopped_after_the_grace_time(platform: Platform) -> None:
    deployment = platform.deployment(output_tokens=2_000, per_token_ms=30)
    alias = platform.model(deployment)
    start_and_hang_up(platform, alias, {**new_key(), "x-madang-session-id": alias})

    def left() -> bool:
        counts = platform.simulator.requests(deployment["name"])["deployments"][deployment["name"]]
        return bool(counts["client_left"] == 1 and counts["in_flight"] == 0)

    assert not left()
    until(left, "the vendor sees its client leave", within_s=GRACE_S + 30)
    path = f"/api/projects/{platform.project_id()}/traces?session={alias}"
    trace = until(lambda: next(iter(platform.browser().get(path).json["items"]), None), "the trace is there")
    assert (trace["status"], trace["error_type"], trace["attempts"]) == ("error", "cancelled", 1)


def test_a_finished_answer_is_given_again_byte_for_byte(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    key = new_key()
    first, second = retry(platform, alias, key), retry(platform, alias, key)
    assert first.body == second.body and hits(platform, deployment) == 1
    assert "x-madang-joined" not in first.headers
    assert second.headers["x-madang-joined"] == first.headers["x-madang-trace-id"]


def test_a_joined_call_keeps_its_own_user_tags_and_session(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    key = new_key()
    retry(platform, alias, key, stream=False)
    own = {**key, "x-madang-user-id": "kim", "x-madang-tags": "retry", "x-madang-session-id": "s-1"}
    joined = root_of(platform, retry(platform, alias, own, stream=False))
    assert (joined["user_id"], joined["tags"], joined["session_id"]) == ("kim", ["retry"], "s-1")
    assert joined["deployment"].startswith("at-") and json.loads(joined["input"])["model"] == alias


def test_an_idempotency_key_with_another_body_is_refused(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    key = new_key()
    assert platform.chat(alias, headers=key).status == 200
    answer = platform.chat(alias, headers=key, temperature=0.5)
    assert (answer.status, answer.error["code"]) == (409, "idempotency_key_reused")


def test_the_idempotency_key_of_another_key_is_another_call(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    other = platform.new_key(platform.project_id())["secret_key"]
    key = new_key()
    for secret in (platform.key, other):
        assert "x-madang-joined" not in platform.chat(alias, key=secret, headers=key).headers
    assert hits(platform, deployment) == 2


def test_a_failure_is_kept_for_nobody_who_comes_later(platform: Platform) -> None:
    deployment = platform.deployment({"kind": "server_error", "count": 1})
    alias = platform.model(deployment, retries=0)
    key = new_key()
    assert platform.chat(alias, headers=key).status == 500
    assert platform.chat(alias, headers=key).status == 200


def test_a_stream_that_broke_is_kept_for_nobody_who_comes_later(platform: Platform) -> None:
    deployment = platform.deployment({"kind": "cut"}, output_tokens=50)
    alias = platform.model(deployment, retries=0)
    key = new_key()
    for _ in range(2):
        answer = retry(platform, alias, key)
        assert b"stream_cut" in answer.body and "x-madang-joined" not in answer.headers


def test_who_joined_a_call_that_fails_gets_its_failure(platform: Platform) -> None:
    deployment = platform.deployment(first_token_ms=60_000)
    alias = platform.model(deployment, retries=0, timeout_s=2.0)
    key = new_key()
    answers: list[Answer] = []
    first = threading.Thread(target=lambda: answers.append(platform.chat(alias, headers=key)))
    first.start()
    until(lambda: hits(platform, deployment) == 1, "the vendor is asked")
    joined = platform.chat(alias, headers=key)
    first.join(30)
    assert joined.headers["x-madang-joined"] == answers[0].headers["x-madang-trace-id"]
    assert joined.status == answers[0].status == 504
    root = root_of(platform, joined)
    assert (root["status"], root["error_type"], float(root["cost_usd"])) == ("error", "timeout", 0)


def test_the_client_of_a_joined_call_that_speaks_http_1_0_gets_the_stream_in_one_piece(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    key = secrets.token_hex(8)
    body = json.dumps({"model": alias, "messages": HELLO, "stream": True}).encode()
    answers = []
    for version in ("1.1", "1.0"):
        head = (
            f"POST /v1/chat/completions HTTP/{version}\r\nhost: x\r\nauthorization: Bearer {platform.key}\r\n"
            f"idempotency-key: {key}\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        answers.append(platform.raw(head.encode(), body))
    assert b"transfer-encoding" in answers[0] and b"transfer-encoding" not in answers[1]
    assert b"x-madang-joined" in answers[1] and answers[1].endswith(b"data: [DONE]\n\n")


def test_a_form_that_is_sent_again_is_the_same_call(platform: Platform) -> None:
    deployment = platform.deployment(vendor_model="whisper-1")
    alias = platform.model(deployment)
    key = new_key()
    texts = []
    for _ in range(2):  # the client makes new boundaries each time
        answer = platform.openai().audio.transcriptions.create(
            model=alias, file=("hello.wav", wav(), "audio/wav"), extra_headers=key
        )
        texts.append(answer.text)
    assert texts[0] == texts[1] and hits(platform, deployment) == 1


def test_calls_without_a_key_are_not_joined_unless_the_project_says_so(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    assert "x-madang-joined" not in retry(platform, alias, {}).headers
    assert "x-madang-joined" not in retry(platform, alias, {}).headers
    assert hits(platform, deployment) == 2


def test_a_project_may_join_equal_calls_without_a_key(platform: Platform) -> None:
    project_id, secret = platform.new_project()
    set_rules(platform, project_id, joins_duplicates=True, window_s=30)
    deployment = platform.deployment()
    alias = platform.model(deployment, key=secret)
    first, second = platform.chat(alias, key=secret), platform.chat(alias, key=secret)
    other_user = platform.chat(alias, key=secret, headers={"x-madang-user-id": "another"})
    other_body = platform.chat(alias, key=secret, temperature=0)
    assert second.headers["x-madang-joined"] == first.headers["x-madang-trace-id"]
    assert "x-madang-joined" not in other_user.headers and "x-madang-joined" not in other_body.headers
    assert hits(platform, deployment) == 3


def test_a_window_of_zero_joins_only_calls_under_way(platform: Platform) -> None:
    _, secret = platform.new_project()
    rules = {"duplicates": {"joins_duplicates": True, "window_s": 0}}
    assert platform.apply(rules, key=secret)["changed"] == ["setting duplicates"]
    assert platform.apply(rules, key=secret)["unchanged"] == ["setting duplicates"]
    alias = platform.model(platform.deployment(), key=secret)
    assert platform.chat(alias, key=secret).status == 200
    assert "x-madang-joined" not in platform.chat(alias, key=secret).headers


def test_rules_are_shown_and_impossible_ones_refused(platform: Platform) -> None:
    project_id, _ = platform.new_project()
    path = f"/api/projects/{project_id}/duplicates/rules"
    assert platform.browser().get(path).json == {"joins_duplicates": False, "window_s": 60.0}
    refused = platform.browser().put(path, {"joins_duplicates": True, "window_s": 3601})
    assert (refused.status, refused.error["param"]) == (400, "window_s")


def test_the_report_tells_who_repeats_calls_and_what_that_would_have_cost(platform: Platform) -> None:
    project_id, secret = platform.new_project()
    alias = platform.model(platform.deployment(output_tokens=100), key=secret, cache_ttl_s=60)
    key = new_key()
    paid = platform.chat(alias, key=secret, headers={**key, "x-madang-user-id": "kim"})
    for _ in range(2):
        platform.chat(alias, key=secret, headers={**key, "x-madang-user-id": "kim"})
    platform.chat(alias, key=secret)  # from the cache
    repeated = {"x-stainless-retry-count": "1", "x-madang-no-cache": "1", "x-madang-user-id": "lee"}
    again = platform.chat(alias, key=secret, headers=repeated)

    def report() -> Mapping[str, Any] | None:
        found: Mapping[str, Any] = platform.browser().get(f"/api/projects/{project_id}/duplicates?hours=1").json
        counts = (found["joined"], found["cache_hits"], found["paid_again"])
        return found if counts == (2, 1, 1) else None

    found = until(report, "the report has everything")
    assert float(found["saved_usd"]) == pytest.approx(3 * float(paid.headers["x-madang-cost-usd"]))
    assert float(found["paid_again_usd"]) == pytest.approx(float(again.headers["x-madang-cost-usd"]))
    rows = {row["user_id"]: (row["joined"], row["cache_hits"], row["paid_again"]) for row in found["rows"]}
    assert rows == {"kim": (2, 0, 0), "": (0, 1, 0), "lee": (0, 0, 1)} and found["rows"][0]["user_id"] == "kim"
    assert {row["key_name"] for row in found["rows"]} == {"made by a test"} and found["unknown_cost"] == 0


def test_a_stranger_sees_neither_report_nor_rules(platform: Platform) -> None:
    _, secret = platform.new_project()
    for path in ("duplicates", "duplicates/rules"):
        answer = platform.send("GET", f"/api/projects/{platform.project_id()}/{path}", key=secret)
        assert answer.status in (401, 403, 404)


def set_rules(platform: Platform, project_id: str, **rules: object) -> None:
    before = platform.config_version()
    answer = platform.browser().put(f"/api/projects/{project_id}/duplicates/rules", rules)
    assert answer.status == 200, answer.body
    until(lambda: platform.config_version() > before, "the rules are in force")


def wav() -> bytes:
    """A second of silence."""
    size = 16_000
    head = b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = (1).to_bytes(2, "little") * 2 + (8_000).to_bytes(4, "little") + (16_000).to_bytes(4, "little")
    return head + form + b"\x02\x00\x10\x00data" + size.to_bytes(4, "little") + bytes(size)
