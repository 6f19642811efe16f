"""Two gateways of one installation with one Redis: what one of them has answered, the other gives again; and restarts."""

from __future__ import annotations

import dataclasses
import subprocess
import threading
from collections.abc import Iterator

import pytest
from redis import Redis
from tests.gateway.test_duplicates import hits, new_key, retry
from tests.studio.world import Answer
from tests.support.redis_process import RedisProcess, redis_process
from tests.support.running_platform import COMMAND, Platform, environment, running_platform, until

from madang_server.cli.up import free_port


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisProcess]:
    with redis_process() as running:
        yield running


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, redis: RedisProcess) -> Iterator[Platform]:
    home = tmp_path_factory.mktemp("two") / "home"
    with running_platform(home, MADANG_REDIS_URL=redis.url) as running:
        yield running


@pytest.fixture(scope="module")
def second(first: Platform, redis: RedisProcess) -> Iterator[Platform]:
    """Another server process of the same installation, on a port of its own."""
    port = free_port()
    with first.output.with_suffix(".second").open("ab") as file:
        process = subprocess.Popen(
            [*COMMAND, "server"],
            env=environment(first.home, port, MADANG_REDIS_URL=redis.url),
            stdout=file,
            stderr=file,
            stdin=subprocess.DEVNULL,
        )
    other = dataclasses.replace(first, port=port, process=process, _browser=None, _clients=[])
    try:
        until(other.is_live, "the second gateway answers")
        yield other
    finally:
        other.stop()


def in_force(platform: Platform, alias: str) -> None:
    until(lambda: platform.send("GET", f"/v1/models/{alias}").status == 200, "the model is known there too")


def test_a_retry_that_reaches_another_gateway_joins_the_call_under_way(first: Platform, second: Platform) -> None:
    deployment = first.deployment(output_tokens=40, per_token_ms=20)
    alias = first.model(deployment)
    in_force(second, alias)
    key = new_key()
    answers: list[Answer] = []
    leading = threading.Thread(target=lambda: answers.append(retry(first, alias, key)))
    leading.start()
    until(lambda: hits(first, deployment) == 1, "the vendor is asked")
    joined = retry(second, alias, key)
    leading.join(30)
    assert joined.body == answers[0].body and hits(first, deployment) == 1
    assert joined.headers["x-madang-joined"] == answers[0].headers["x-madang-trace-id"]
    root = first.trace(joined.headers["x-madang-trace-id"])["spans"][0]
    paid = first.trace(answers[0].headers["x-madang-trace-id"])["spans"][0]
    assert (root["status"], float(root["cost_usd"])) == ("ok", 0)
    assert float(root["attributes"]["madang.saved.cost_usd"]) == float(paid["cost_usd"]) > 0


def test_an_idempotency_key_with_another_body_is_refused_by_the_other_gateway(
    first: Platform, second: Platform
) -> None:
    alias = first.model(first.deployment())
    in_force(second, alias)
    key = new_key()
    assert first.chat(alias, headers=key).status == 200
    refused = second.chat(alias, headers=key, temperature=0.5)
    assert (refused.status, refused.error["code"]) == (409, "idempotency_key_reused")


def test_an_answer_in_the_cache_is_there_for_the_other_gateway(
    first: Platform, second: Platform, redis: RedisProcess
) -> None:
    deployment = first.deployment()
    alias = first.model(deployment, cache_ttl_s=60)
    in_force(second, alias)
    kept = first.chat(alias)
    with Redis.from_url(redis.url) as client:
        until(lambda: bool(client.keys("madang:answer:*")), "the answer is in Redis")
    found = second.chat(alias)
    assert found.headers["x-madang-cache"] == "hit" and found.body == kept.body and hits(first, deployment) == 1


def test_a_finished_answer_outlives_a_restart_of_its_gateway(first: Platform) -> None:
    deployment = first.deployment()
    alias = first.model(deployment)
    key = new_key()
    answer = retry(first, alias, key)
    before = first.pid_of("server")
    first.kill("server")
    until(lambda: first.pid_of("server") not in (None, before) and first.is_live(), "the server is back")
    again = retry(first, alias, key)
    assert again.body == answer.body and hits(first, deployment) == 1
    assert again.headers["x-madang-joined"] == answer.headers["x-madang-trace-id"]


def test_calls_go_on_while_redis_is_gone(first: Platform, redis: RedisProcess) -> None:
    deployment = first.deployment()
    alias = first.model(deployment, cache_ttl_s=60)
    key = new_key()
    redis.stop()
    try:
        assert retry(first, alias, key).status == 200
        assert "x-madang-joined" in retry(first, alias, key).headers
        assert hits(first, deployment) == 1
    finally:
        redis.start()
