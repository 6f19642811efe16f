"""Faults on the connection and inside streams, and when they strike."""

import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx2 as httpx
import msgspec
import openai as sdk
import pytest
from openai import OpenAI

from madang_simulator import RunningSimulator

Clients = Callable[..., OpenAI]
BODY = msgspec.json.encode({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]})
STREAM_BODY = msgspec.json.encode({**msgspec.json.decode(BODY), "stream": True})


def ask(client: OpenAI) -> str:
    reply = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])
    return reply.choices[0].message.content or ""


def stream(client: OpenAI, seen: list[str]) -> str | None:
    """Collects the pieces of a streamed answer in `seen`; gives the finish reason."""
    finish = None
    for chunk in client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "hi"}], stream=True
    ):
        if chunk.choices:
            finish = chunk.choices[0].finish_reason or finish
            if chunk.choices[0].delta.content:
                seen.append(chunk.choices[0].delta.content)
    return finish


def post(simulator: RunningSimulator, body: bytes = BODY, timeout: float = 10) -> httpx.Response:
    url = f"{simulator.openai_url('east')}/chat/completions"
    return httpx.post(url, headers={"authorization": "Bearer sk-any"}, content=body, timeout=timeout)


def test_reset_breaks_the_connection_before_any_reply(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "reset"}])

    url = urlsplit(simulator.url)
    with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
        head = [
            "POST /d/east/v1/chat/completions HTTP/1.1",
            "Host: simulator",
            "Authorization: Bearer sk-any",
            f"Content-Length: {len(BODY)}",
        ]
        connection.sendall("\r\n".join([*head, "", ""]).encode() + BODY)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_hang_keeps_the_caller_waiting(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "hang"}])

    with pytest.raises(sdk.APITimeoutError):
        ask(openai(timeout=0.2))


def test_slow_first_token_delays_the_answer(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "slow_first_token", "duration_s": 20}])

    with pytest.raises(sdk.APITimeoutError):
        stream(openai(timeout=0.2), [])


def test_cut_breaks_a_stream_after_the_set_number_of_chunks(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "cut", "after_chunks": 4}])
    seen: list[str] = []

    with pytest.raises((sdk.APIConnectionError, httpx.TransportError)):
        stream(openai(), seen)

    assert len(seen) == 4


def test_cut_breaks_a_whole_reply_half_way(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "cut"}])

    with pytest.raises(httpx.TransportError):
        post(simulator)


def test_clean_cut_ends_a_stream_without_finish_or_done(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "cut_clean", "after_chunks": 2}])

    text = post(simulator, STREAM_BODY).text

    assert text.count("data: ") == 3
    assert "[DONE]" not in text
    assert '"finish_reason":"stop"' not in text


def test_stall_stops_a_stream_in_its_middle(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "stall", "after_chunks": 2}])
    seen: list[str] = []

    with pytest.raises((sdk.APITimeoutError, httpx.TimeoutException)):
        stream(openai(timeout=0.3), seen)

    assert len(seen) == 2


def test_short_stall_goes_on_afterwards(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "stall", "duration_s": 0.05}])

    assert stream(openai(), []) == "stop"


def test_malformed_event_is_not_json(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "malformed_event", "after_chunks": 1}])

    events = [line.removeprefix("data: ") for line in post(simulator, STREAM_BODY).text.split("\n\n") if line]

    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(events[2])
    assert events[-1] == "[DONE]"


def test_error_event_is_raised_by_the_official_client(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "error_event"}])

    with pytest.raises(sdk.APIError, match="server had an error"):
        stream(openai(), [])


def test_content_filter_ends_the_answer_with_that_reason(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter_stream", "after_chunks": 5}])
    seen: list[str] = []

    assert stream(openai(), seen) == "content_filter"
    assert len(seen) == 5


def test_blocked_prompt_gets_no_text(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])

    assert ask(openai()) == ""


def test_bad_json_is_broken_off(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "bad_json"}])

    reply = post(simulator)

    assert reply.status_code == 200
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(reply.content)


def test_proxy_error_is_html(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "html_502"}])

    reply = post(simulator)

    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (502, "text/html")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "permission_denied"}, 403, "insufficient_permissions"),
        ({"kind": "model_unavailable"}, 404, "model_not_found"),
        ({"kind": "error_in_200"}, 200, None),
        ({"kind": "error_in_200", "error": "rate_limited"}, 200, "rate_limit_exceeded"),
    ],
)
def test_refusals_have_their_status_and_code(
    simulator: RunningSimulator, fault: dict[str, str], status: int, code: str | None
) -> None:
    simulator.configure("east", faults=[fault])

    reply = post(simulator)

    assert reply.status_code == status
    assert reply.json()["error"]["code"] == code


@pytest.mark.parametrize("body", [BODY, STREAM_BODY])
def test_wrong_length_ends_before_the_body_does(simulator: RunningSimulator, body: bytes) -> None:
    simulator.configure("east", faults=[{"kind": "wrong_length"}])

    with pytest.raises(httpx.RemoteProtocolError):
        post(simulator, body)


@pytest.mark.parametrize("body", [BODY, STREAM_BODY])
def test_endless_reply_goes_on_until_the_caller_leaves(simulator: RunningSimulator, body: bytes) -> None:
    simulator.configure("east", output_tokens=[10, 10], faults=[{"kind": "endless"}])
    url = f"{simulator.openai_url('east')}/chat/completions"
    headers = {"authorization": "Bearer sk-any"}

    with httpx.stream("POST", url, headers=headers, content=body, timeout=10) as reply:
        pieces = reply.iter_bytes()  # kept, for the client hangs up when its iterator is collected
        seen = [next(pieces) for _ in range(30)]
        assert len(seen) == 30
        assert simulator.requests("east")["in_flight"] == 1

    deadline = time.monotonic() + 5
    while simulator.requests("east")["in_flight"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert simulator.requests("east")["requests"][-1]["client_left"] is True


def statuses(simulator: RunningSimulator, number: int) -> list[int]:
    return [post(simulator).status_code for _ in range(number)]


def test_count_ends_a_fault(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "server_error", "count": 2}])

    assert statuses(simulator, 4) == [500, 500, 200, 200]


def test_every_third_request_is_struck(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "overloaded", "every": 3}])

    assert statuses(simulator, 6) == [200, 200, 503, 200, 200, 503]


def test_probability_repeats_with_the_same_seed(simulator: RunningSimulator) -> None:
    faults = [{"kind": "server_error", "probability": 0.5}]
    simulator.configure("east", seed=3, faults=faults)
    first = statuses(simulator, 12)
    simulator.configure("east", seed=3, faults=faults)

    assert statuses(simulator, 12) == first
    assert set(first) == {200, 500}


def test_first_fault_that_strikes_wins(simulator: RunningSimulator) -> None:
    simulator.configure("east", faults=[{"kind": "rate_limited", "count": 1}, {"kind": "server_error"}])

    assert statuses(simulator, 2) == [429, 500]


def test_faults_stay_with_their_deployment(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "server_error"}])

    assert ask(openai("west"))


def test_region_outage_hits_all_its_deployments(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", region="koreacentral")
    simulator.configure("west", region="japaneast")
    simulator.set_region("koreacentral", down=True)

    with pytest.raises(sdk.APIConnectionError):
        ask(openai("east"))
    assert ask(openai("west"))

    simulator.set_region("koreacentral", down=True, how="unavailable")
    assert post(simulator).status_code == 503

    simulator.set_region("koreacentral", down=False)
    assert ask(openai("east"))
