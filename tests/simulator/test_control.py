"""The simulator's own paths: setting behaviour while running, and looking at what happened."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from openai import OpenAI

from madang_simulator import RunningSimulator

Clients = Callable[..., OpenAI]


def put(simulator: RunningSimulator, path: str, body: object) -> httpx.Response:
    return httpx.put(f"{simulator.url}/_control/{path}", json=body)


def ask(client: OpenAI) -> None:
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])


def test_what_is_set_is_shown_and_can_be_sent_again(simulator: RunningSimulator) -> None:
    body = {"first_token_ms": 120, "region": "eastus", "faults": [{"kind": "cut", "every": 4, "after_chunks": 9}]}

    shown = put(simulator, "east", body).json()

    assert shown["first_token_ms"] == 120
    assert shown["faults"] == body["faults"]
    assert put(simulator, "east", shown).json() == shown
    assert httpx.get(f"{simulator.url}/_control").json()["deployments"]["east"] == shown


def test_put_replaces_what_was_set_before(simulator: RunningSimulator) -> None:
    put(simulator, "east", {"first_token_ms": 120})

    assert put(simulator, "east", {"per_token_ms": 3}).json()["first_token_ms"] == 0


def test_delete_brings_back_the_default(simulator: RunningSimulator) -> None:
    put(simulator, "east", {"faults": [{"kind": "server_error"}]})

    assert httpx.delete(f"{simulator.url}/_control/east").status_code == 204
    assert httpx.get(f"{simulator.url}/_control/east").json()["faults"] == []


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ([], "", "JSON object"),
        ({"first_token": 3}, "first_token", "did you mean 'first_token_ms'?"),
        ({"first_token_ms": "3"}, "first_token_ms", "must be a number"),
        ({"jitter": 2}, "jitter", "from 0 to 1"),
        ({"output_tokens": [9, 3]}, "output_tokens", "above the most"),
        ({"faults": {"kind": "cut"}}, "faults", "must be a list"),
        ({"faults": [{"every": 2}]}, "faults[0].kind", "is missing"),
        ({"faults": [{"kind": "boom"}]}, "faults[0].kind", "rate_limited"),
        ({"faults": [{"kind": "cut", "every": 2, "probability": 0.1}]}, "faults[0]", "keep one"),
        ({"faults": ["cut"]}, "faults[0]", "JSON object"),
    ],
)
def test_wrong_body_is_refused_with_what_would_be_right(
    simulator: RunningSimulator, body: object, field: str, hint: str
) -> None:
    reply = put(simulator, "east", body)

    assert reply.status_code == 400
    problems = {problem["field"]: problem["problem"] for problem in reply.json()["error"]["problems"]}
    assert hint in problems[field]


def test_refused_body_changes_nothing(simulator: RunningSimulator) -> None:
    put(simulator, "east", {"first_token_ms": 7})
    put(simulator, "east", {"first_token_ms": -1})

    assert httpx.get(f"{simulator.url}/_control/east").json()["first_token_ms"] == 7


def test_region_is_set_by_http(simulator: RunningSimulator) -> None:
    assert put(simulator, "regions/eastus", {"down": True}).json() == {"down": True, "how": "reset"}
    assert httpx.get(f"{simulator.url}/_control").json()["regions"] == {"eastus": {"down": True, "how": "reset"}}
    assert httpx.delete(f"{simulator.url}/_control/regions/eastus").status_code == 204
    assert httpx.get(f"{simulator.url}/_control").json()["regions"] == {}


def test_journal_keeps_the_request_but_no_key(simulator: RunningSimulator, openai: Clients) -> None:
    ask(openai(api_key="sk-very-private"))

    reply = httpx.get(f"{simulator.url}/_requests")
    request = reply.json()["requests"][-1]

    assert request["path"] == "/d/east/v1/chat/completions"
    assert request["body"]["messages"][0]["content"] == "hi"
    assert (request["status"], request["operation"], request["fault"]) == (200, "chat", None)
    assert "very-private" not in reply.text


def test_counters_are_kept_for_each_deployment(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "server_error", "count": 1}])
    for client in (openai("east"), openai("east"), openai("west")):
        client.with_options(max_retries=0).models.with_raw_response.list()
    with pytest.raises(Exception, match="server had an error"):
        ask(openai("east"))

    counts = httpx.get(f"{simulator.url}/_requests?deployment=east&limit=1").json()

    assert counts["deployments"]["east"]["requests"] == 3
    assert counts["deployments"]["east"]["statuses"] == {"200": 2, "500": 1}
    assert counts["deployments"]["east"]["faults"] == {"server_error": 1}
    assert len(counts["requests"]) == 1


def test_journal_can_be_cleared(simulator: RunningSimulator, openai: Clients) -> None:
    ask(openai())
    httpx.delete(f"{simulator.url}/_requests")

    assert simulator.requests()["requests"] == []


def eventually(look: Callable[[], Any], wanted: object) -> None:
    deadline = time.monotonic() + 5
    while look() != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    assert look() == wanted


def test_client_that_hangs_up_is_noticed(simulator: RunningSimulator) -> None:
    simulator.configure("east", per_token_ms=200, output_tokens=[50, 50])
    url = f"{simulator.openai_url('east')}/chat/completions"
    body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "hi"}]}

    with httpx.stream("POST", url, headers={"authorization": "Bearer k"}, json=body) as reply:
        pieces = reply.iter_bytes()  # kept, for the client hangs up when its iterator is collected
        next(pieces)
        assert simulator.requests("east")["in_flight"] == 1

    eventually(lambda: simulator.requests("east")["in_flight"], 0)
    assert simulator.requests("east")["requests"][-1]["client_left"] is True


def test_broken_connection_of_ours_is_not_the_clients_doing(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "reset"}])
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{simulator.openai_url('east')}/embeddings", headers={"authorization": "Bearer k"}, json={})

    eventually(lambda: simulator.requests("east")["in_flight"], 0)
    assert simulator.requests("east")["requests"][-1]["client_left"] is False


def test_many_requests_at_once_all_end(simulator: RunningSimulator, openai: Clients) -> None:
    client = openai()
    threads = [threading.Thread(target=ask, args=(client,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert simulator.requests("east")["deployments"]["east"]["statuses"] == {"200": 20}
