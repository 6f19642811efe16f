"""Limits on a running gateway: what many callers at once get, what each is told, and what is counted."""

from __future__ import annotations

import json
import socket
import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from openai import RateLimitError
from tests.limits.callers import LimitedProject
from tests.support.running_platform import Platform, until

HELLO: Any = [{"role": "user", "content": "Hello"}]
USD_PER_TOKEN = Decimal(2) / 10**6


@pytest.fixture
def project(platform: Platform) -> LimitedProject:
    return LimitedProject(platform)


def error(answer: Any) -> Any:
    return json.loads(answer.body)["error"]


@pytest.mark.parametrize("stream", [False, True])
def test_no_request_too_many_is_let_in_however_many_come_at_once(project: LimitedProject, stream: bool) -> None:
    model = project.model(output_tokens=5)
    project.limit("requests_per_minute", 30)
    rush = project.rush(model, stream=stream)
    assert set(rush.statuses) == {200, 429}
    assert 30 <= len(rush.answered) <= 30 + int(rush.seconds * 30 / 60) + 1


@pytest.mark.parametrize("stream", [False, True])
def test_never_more_calls_at_once_reach_the_vendor_than_allowed(project: LimitedProject, stream: bool) -> None:
    deployment = project.platform.deployment(first_token_ms=1_500, output_tokens=5)
    model = project.platform.model(deployment, key=project.key)
    limit = project.limit("concurrency", 5)
    seen: list[int] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.01):
            counts = project.platform.simulator.requests(deployment["name"])["deployments"].get(deployment["name"])
            seen.append(counts["in_flight"] if counts else 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        rush = project.rush(model, stream=stream)
    finally:
        is_over.set()
        watcher.join()
    assert max(seen) == 5
    assert len(rush.answered) >= 5 and rush.statuses[429] > 0
    project.until_used(limit, 0)


def test_tokens_stay_within_the_limit_when_callers_limit_their_answers(project: LimitedProject) -> None:
    model = project.model(output_tokens=40)
    project.limit("tokens_per_minute", 2_000)
    rush = project.rush(model, max_tokens=50)
    used = sum(json.loads(call.body)["usage"]["total_tokens"] for call in rush.answered)
    assert rush.statuses[429] > 0
    assert 1_000 < used <= 2_000 * (1 + rush.seconds / 60) + 1


def test_money_stays_within_the_budget_when_callers_limit_their_answers(project: LimitedProject) -> None:
    model = project.model(output_tokens=40)
    limit = project.limit("usd_per_day", "0.002")
    rush = project.rush(model, max_tokens=50)
    paid = sum(Decimal(call.headers["x-madang-cost-usd"]) for call in rush.answered)
    assert rush.statuses[429] > 0
    assert Decimal("0.001") < paid <= Decimal("0.002")
    project.until_used(limit, paid)


def test_answers_nobody_limited_overshoot_by_no_more_than_the_calls_that_were_in_hand_together(
    project: LimitedProject,
) -> None:
    model = project.model(output_tokens=3_000)
    limit = project.limit("usd_per_day", "0.1")
    rush = project.rush(model, 100)
    let_in = len(rush.answered)
    paid = sum(Decimal(call.headers["x-madang-cost-usd"]) for call in rush.answered)
    assert 0 < let_in < 100  # by an estimate of 1,000 tokens each, in hand together, or by what was paid
    assert paid <= Decimal("0.1") + let_in * 2_000 * USD_PER_TOKEN
    project.until_used(limit, paid)
    assert project.chat(model).status == 429


def test_answers_of_lately_are_what_the_next_one_is_expected_to_take(project: LimitedProject) -> None:
    model = project.model(output_tokens=3_000)
    project.limit("tokens_per_minute", 100_000)
    for _ in range(4):
        assert project.chat(model).status == 200
    answer = project.chat(model)
    before = 100_000 - 4 * 3_000
    assert before - 4_500 < int(answer.headers["x-ratelimit-remaining-tokens"]) < before - 2_500


def test_a_refused_caller_is_told_which_limit_how_much_when_and_who_can_help(project: LimitedProject) -> None:
    model = project.model()
    limit = project.limit("requests_per_minute", 2)
    for _ in range(2):
        assert project.chat(model).status == 200
    refused = project.chat(model)
    assert (refused.status, error(refused)["code"], error(refused)["type"]) == (
        429,
        "limit_exceeded",
        "rate_limit_error",
    )
    assert error(refused)["message"].startswith(
        "The project's limit of 2 requests per minute has no room: 2 in use. There is room in "
    )
    assert "Whoever may edit the project can raise it" in error(refused)["message"]
    assert limit in error(refused)["message"]
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"


def test_a_used_up_budget_says_when_the_day_ends_and_that_asking_again_is_of_no_use(project: LimitedProject) -> None:
    model = project.model(output_tokens=100)
    project.limit("usd_per_day", "0.00005")
    answers = [project.chat(model, max_tokens=1) for _ in range(20)]
    assert answers[0].status == 200
    refused = answers[-1]
    assert (error(refused)["code"], error(refused)["type"]) == ("budget_exceeded", "insufficient_quota")
    assert "00:00 UTC" in error(refused)["message"]
    assert refused.headers["x-should-retry"] == "false"
    assert 1 <= int(refused.headers["retry-after"]) <= 86_400


def test_the_official_client_raises_its_own_error(project: LimitedProject) -> None:
    model = project.model()
    project.limit("requests_per_minute", 1)
    client = project.platform.openai(key=project.key, max_retries=0)
    client.chat.completions.create(model=model, messages=HELLO)
    with pytest.raises(RateLimitError) as raised:
        client.chat.completions.create(model=model, messages=HELLO)
    assert raised.value.code == "limit_exceeded"


def test_the_official_client_comes_again_when_there_is_room(project: LimitedProject) -> None:
    model = project.model()
    project.limit("requests_per_minute", 60)
    project.rush(model, 70)
    client = project.platform.openai(key=project.key, max_retries=5)
    assert client.chat.completions.create(model=model, messages=HELLO).choices


@pytest.mark.parametrize("stream", [False, True])
def test_every_answer_tells_what_is_left_of_the_tightest_limits(project: LimitedProject, stream: bool) -> None:
    model = project.model(output_tokens=10)
    project.limit("requests_per_minute", 100)
    project.limit("requests_per_minute", 10, scope="key", subject=project.public_key)
    project.limit("tokens_per_minute", 60_000)
    headers = project.chat(model, stream=stream, max_tokens=1_000).headers
    assert headers["x-ratelimit-limit-requests"] == "10"
    assert headers["x-ratelimit-remaining-requests"] == "9"
    assert headers["x-ratelimit-reset-requests"] == "6s"
    assert headers["x-ratelimit-limit-tokens"] == "60000"
    assert 58_900 < int(headers["x-ratelimit-remaining-tokens"]) < 59_010


def test_a_failed_call_tells_what_is_left_too(project: LimitedProject) -> None:
    broken = project.platform.deployment({"kind": "server_error"})
    model = project.platform.model(broken, key=project.key, retries=0)
    project.limit("requests_per_minute", 10)
    answer = project.chat(model)
    assert (answer.status >= 500, answer.headers["x-ratelimit-remaining-requests"]) == (True, "9")


def test_a_call_without_limits_has_no_word_about_them(project: LimitedProject) -> None:
    headers = project.chat(project.model()).headers
    assert not [name for name in headers if "ratelimit" in name or "limit-warning" in name]


def test_a_nearly_used_up_limit_warns_in_header_and_trace(project: LimitedProject) -> None:
    model = project.model()
    limit = project.limit("requests_per_minute", 4, soft_share="0.7")
    answers = [project.chat(model) for _ in range(3)]
    assert "x-madang-limit-warning" not in answers[0].headers
    warning = answers[2].headers["x-madang-limit-warning"]
    assert warning.startswith("project requests_per_minute 7") and limit in warning
    root = project.platform.trace(answers[2].headers["x-madang-trace-id"], project.id)["spans"][0]
    assert root["attributes"]["madang.limit.warning"] == warning
    assert project.shown(limit)["use"][0]["is_warned"]


def test_a_failure_of_the_vendor_counts_as_a_request_but_takes_no_tokens(project: LimitedProject) -> None:
    broken = project.platform.deployment({"kind": "server_error"})
    model = project.platform.model(broken, key=project.key, retries=0)
    requests, tokens = project.limit("requests_per_minute", 10), project.limit("tokens_per_minute", 10_000)
    assert project.chat(model, max_tokens=5_000).status >= 500
    project.until_used(tokens, 0)
    assert project.used(requests) == 1


def test_a_call_for_which_no_vendor_could_be_asked_gives_everything_back(project: LimitedProject) -> None:
    blind = [{**project.platform.deployment(), "supports": ["tools"]} for _ in range(2)]
    model = project.platform.model(*blind, key=project.key)
    requests = project.limit("requests_per_minute", 10)
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    refused = project.chat(model, messages=[{"role": "user", "content": [picture]}])
    assert error(refused)["code"] == "no_fitting_deployment"
    project.until_used(requests, 0)


def test_a_client_that_hangs_up_holds_nothing_any_longer(project: LimitedProject) -> None:
    model = project.model(output_tokens=2_000, per_token_ms=20)
    limit = project.limit("concurrency", 1)
    body = json.dumps({"model": model, "stream": True, "messages": HELLO}).encode()
    with socket.create_connection(("127.0.0.1", project.platform.port), timeout=30) as connection:
        connection.sendall(
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {project.key}\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        received = b""
        while b'"content"' not in received:
            received += connection.recv(65_536)
        assert project.used(limit) == 1
        assert project.chat(model).status == 429
    project.until_used(limit, 0)


def test_a_budget_also_counts_what_a_broken_stream_is_estimated_to_have_cost(project: LimitedProject) -> None:
    broken = project.platform.deployment({"kind": "cut", "after_chunks": 20}, output_tokens=200)
    model = project.platform.model(broken, key=project.key, retries=0)
    limit = project.limit("usd_per_day", "1")
    trace_id = project.chat(model, stream=True).headers["x-madang-trace-id"]
    root = project.platform.trace(trace_id, project.id)["spans"][0]
    assert Decimal(root["cost_usd"]) > 0
    project.until_used(limit, Decimal(root["cost_usd"]))


def test_a_key_has_its_own_limit(project: LimitedProject) -> None:
    model = project.model()
    other, _ = project.new_key()
    project.limit("requests_per_minute", 1, scope="key", subject=project.public_key)
    assert [project.chat(model).status for _ in range(2)] == [200, 429]
    assert [project.chat(model, key=other).status for _ in range(2)] == [200, 200]


def test_each_user_has_the_same_limit_by_itself(project: LimitedProject) -> None:
    model = project.model()
    limit = project.limit("requests_per_minute", 2, scope="user", subject="*")
    ann = {"x-madang-user-id": "ann"}
    assert [project.chat(model, headers=ann).status for _ in range(3)] == [200, 200, 429]
    assert project.chat(model, user="ben").status == 200
    assert project.chat(model).status == 200
    assert (project.used(limit, "ann"), project.used(limit, "ben")) == (Decimal(2), Decimal(1))


def test_one_model_has_its_own_limit_also_when_a_deployment_of_it_is_asked(project: LimitedProject) -> None:
    deployment = project.platform.deployment()
    model = project.platform.model(deployment, key=project.key)
    other = project.model()
    project.limit("requests_per_minute", 2, scope="model", subject=model)
    assert project.chat(model).status == 200
    assert project.chat(f"{deployment['name']}/{model}").status == 200
    assert project.chat(model).status == 429
    assert project.chat(other).status == 200


def test_an_organisations_limit_holds_for_all_its_projects_together(platform: Platform) -> None:
    one, other = LimitedProject(platform), LimitedProject(platform)
    models = one.model(), other.model()
    session = platform.browser().get("/api/session").json
    organisation = session["organisations"][0]["id"]
    path = f"/api/organisations/{organisation}/limits"
    body = {"scope": "organisation", "kind": "requests_per_minute", "amount": "2"}
    made = platform.browser().send("PUT", path, body)
    assert made.status == 200, made.body
    try:
        assert [one.chat(models[0]).status, other.chat(models[1]).status] == [200, 200]
        refused = other.chat(models[1])
        assert refused.status == 429
        assert "Admins of the organisation can raise it" in error(refused)["message"]
        assert made.json["id"] in [each["id"] for each in platform.browser().get(path).json["items"]]
    finally:
        assert platform.browser().send("DELETE", f"{path}/{made.json['id']}").status == 204
    assert other.chat(models[1]).status == 200


def test_a_strangers_project_feels_nothing_of_a_limit(platform: Platform) -> None:
    limited, stranger = LimitedProject(platform), LimitedProject(platform)
    project_model, strangers_model = limited.model(), stranger.model()
    limited.limit("requests_per_minute", 1)
    limited.rush(project_model, 20)
    assert [stranger.chat(strangers_model).status for _ in range(3)] == [200, 200, 200]


def test_refused_calls_are_counted_exactly_and_traced_sparsely(project: LimitedProject) -> None:
    model = project.model()
    limit = project.limit("requests_per_minute", 1)
    rush = project.rush(model, 100)
    refused = rush.statuses[429]
    assert project.shown(limit)["refused_today"] == refused
    path = f"/api/projects/{project.id}/traces"

    def traced() -> list[Any]:
        return [one for one in project.platform.browser().get(path).json["items"] if one["error_type"]]

    found = until(lambda: traced() or None, "a refused call is traced")
    assert {(one["status"], one["error_type"], one["attempts"]) for one in found} == {("error", "limit_exceeded", 0)}
    assert len(found) <= 2 + 2 * (rush.seconds + 1)


def test_a_refused_calls_trace_id_finds_its_trace(project: LimitedProject) -> None:
    model = project.model()
    project.limit("requests_per_minute", 1)
    project.chat(model)
    trace_id = project.chat(model).headers["x-madang-trace-id"]
    (root,) = project.platform.trace(trace_id, project.id)["spans"]
    assert (root["error_type"], root["model"]) == ("limit_exceeded", model)
    assert "requests per minute" in root["status_message"]
    assert "Hello" in root["input"]


def test_a_raised_limit_has_room_at_once_and_a_lifted_one_holds_nobody(project: LimitedProject) -> None:
    model = project.model()
    limit = project.limit("concurrency", 1)
    slow = project.model(first_token_ms=3_000)
    thread = threading.Thread(target=lambda: project.chat(slow))
    thread.start()
    try:
        until(lambda: project.used(limit) == 1, "the slow call is in hand")
        assert project.chat(model).status == 429
        assert project.limit("concurrency", 2) == limit
        assert project.chat(model).status == 200
        project.limit("concurrency", 1)
        gone = project.platform.browser().send("DELETE", f"/api/projects/{project.id}/limits/{limit}")
        assert gone.status == 204
        assert project.chat(model).status == 200
    finally:
        thread.join()


def test_a_members_test_call_keeps_limits_too(project: LimitedProject) -> None:
    model = project.model()
    project.limit("requests_per_minute", 1)
    project.chat(model)
    path = f"/api/projects/{project.id}/models/{model}/test"
    tried = project.platform.browser().post(path, {})
    assert (tried.status, tried.json["error"]["type"]) == (429, "rate_limit_error"), tried.body


def test_an_embedding_takes_the_tokens_of_its_input(project: LimitedProject) -> None:
    model = project.model()
    limit = project.limit("tokens_per_minute", 1_000)
    body = {"model": model, "input": "Hello there"}
    answer = project.platform.send("POST", "/v1/embeddings", body, key=project.key)
    assert answer.status == 200, answer.body
    project.until_used(limit, answer.json["usage"]["total_tokens"])


def test_time_alone_makes_room(project: LimitedProject) -> None:
    model = project.model()
    project.limit("requests_per_minute", 60)
    project.rush(model, 80)
    deadline = time.monotonic() + 30
    while project.chat(model).status == 429:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_duplicate_that_joins_a_call_takes_nothing(project: LimitedProject) -> None:
    model = project.model()
    limit = project.limit("requests_per_minute", 1)
    same = {"idempotency-key": "once"}
    answers = [project.chat(model, headers=same) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert "x-madang-joined" in answers[2].headers
    assert project.used(limit) == 1


def test_an_answer_from_the_cache_gives_back_what_it_took(project: LimitedProject) -> None:
    model = project.model()
    tokens, budget = project.limit("tokens_per_minute", 100_000), project.limit("usd_per_day", "1")
    cached = {"x-madang-cache": "ttl=60"}
    paid = Decimal(project.chat(model, headers=cached).headers["x-madang-cost-usd"])
    used = project.used(tokens)
    again = project.chat(model, headers=cached)
    assert again.headers["x-madang-cache"] == "hit"
    assert (project.used(budget), project.used(tokens) <= used) == (paid, True)


def test_clients_of_another_language_are_refused_in_theirs(project: LimitedProject) -> None:
    model = project.model()
    project.limit("requests_per_minute", 1)
    body = {"model": model, "max_tokens": 10, "messages": HELLO}
    first, refused = (project.platform.send("POST", "/v1/messages", body, key=project.key) for _ in range(2))
    assert first.status == 200, first.body
    assert first.headers["x-ratelimit-remaining-requests"] == "0"
    assert (refused.status, refused.json["type"], error(refused)["type"]) == (429, "error", "rate_limit_error")
    assert "requests per minute" in error(refused)["message"]
    assert int(refused.headers["retry-after"]) >= 1
