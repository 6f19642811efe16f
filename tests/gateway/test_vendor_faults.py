"""Every way in which a vendor fails: what the caller is told, streamed or not, and what the trace says."""

import json
from typing import Any

import pytest
from tests.support.running_platform import VENDOR, Platform

# Fault; time limits of the model; status and code for the caller; error type of the trace.
FAULTS: list[tuple[dict[str, Any], dict[str, Any], int, str, str]] = [
    ({"kind": "rate_limited", "retry_after_s": 7}, {}, 429, "rate_limit_exceeded", "rate_limited"),
    ({"kind": "quota"}, {}, 429, "insufficient_quota", "quota_exhausted"),
    ({"kind": "server_error"}, {}, 500, "", "server_error"),
    ({"kind": "overloaded"}, {}, 503, "", "overloaded"),
    ({"kind": "unauthorized"}, {}, 502, "deployment_misconfigured", "authentication"),
    ({"kind": "context_overflow"}, {}, 400, "context_length_exceeded", "context_overflow"),
    ({"kind": "content_filter"}, {}, 400, "content_filter", "content_filter"),
    ({"kind": "html_502"}, {}, 502, "server_error", "server_error"),
    ({"kind": "bad_json"}, {}, 502, "bad_reply", "bad_reply"),
    ({"kind": "reset"}, {}, 502, "connection_failed", "connection"),
    ({"kind": "hang"}, {"timeout_s": 0.5}, 504, "deadline_exceeded", "timeout"),
    (
        {"kind": "slow_first_token"},
        {"timeout_s": 5.0, "first_token_timeout_s": 0.3, "answer_timeout_s": 0.3},
        504,
        "timeout",
        "timeout",
    ),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("fault", "limits", "status", "code", "error_type"), FAULTS, ids=[f[0]["kind"] for f in FAULTS]
)
def test_a_failure_is_told_to_the_caller_and_traced(
    platform: Platform,
    fault: dict[str, Any],
    limits: dict[str, Any],
    status: int,
    code: str,
    error_type: str,
    stream: bool,
) -> None:
    answer = platform.chat(platform.model(platform.deployment(fault), retries=0, **limits), stream=stream)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.error["message"] and (answer.error["code"] or "") == code
    assert answer.headers["x-should-retry"] == "false"
    assert "Traceback" not in answer.body.decode() and "<html" not in answer.body.decode()
    root, attempt = platform.trace_of(answer)["spans"]
    assert (root["status"], root["error_type"], attempt["error_type"]) == ("error", error_type, error_type)
    assert root["status_message"]


def test_the_vendor_s_wait_is_passed_on(platform: Platform) -> None:
    deployment = platform.deployment({"kind": "rate_limited", "retry_after_s": 7})
    assert platform.chat(platform.model(deployment, retries=0)).headers["retry-after"] == "7"


def test_a_vendor_s_explanation_reaches_the_caller(platform: Platform) -> None:
    answer = platform.chat(platform.model(platform.deployment(context_window=5)))
    assert "maximum context length is 5 tokens" in answer.error["message"]


def test_a_wrong_vendor_key_shows_in_no_answer_trace_or_log(platform: Platform) -> None:
    wrong = {"name": "wrong", "vendor": "openai", "api_key": "sk-wrong-key-that-nobody-may-see"}
    platform.apply({"credentials": [wrong]})
    answer = platform.chat(platform.model(platform.deployment(credential="wrong"), retries=0))
    assert (answer.status, answer.error["code"]) == (502, "deployment_misconfigured")
    trace = json.dumps(platform.trace_of(answer))
    logs = "".join(path.read_text() for path in (platform.home / "logs").iterdir())
    for key in ("sk-w", VENDOR["api_key"], platform.key):
        assert key not in answer.body.decode() + trace + logs


def test_azure_s_content_filter_is_a_refusal(platform: Platform) -> None:
    deployment = platform.deployment({"kind": "content_filter"})
    azure = {
        "name": "azure",
        "vendor": "azure",
        "base_url": platform.simulator.azure_url(deployment["name"]),
        "api_key": "k",
    }
    platform.apply({"credentials": [azure]})
    deployment |= {"vendor": "azure", "credential": "azure", "base_url": None, "api_version": "2024-10-21"}
    answer = platform.chat(platform.model(deployment))
    assert (answer.status, answer.error["code"]) == (400, "content_filter")
    assert answer.error["innererror"]["content_filter_result"]
    assert platform.trace_of(answer)["trace"]["error_type"] == "content_filter"


def test_a_fault_that_passes_is_retried_and_told_in_the_trace(platform: Platform) -> None:
    answer = platform.chat(platform.model(platform.deployment({"kind": "reset", "count": 1}), retries=2))
    assert (answer.status, answer.headers["x-madang-attempts"]) == (200, "2")
    attempts = platform.trace_of(answer)["spans"][1:]
    assert [span["attributes"]["madang.attempt.outcome"] for span in attempts] == ["connection", "answered"]
    assert attempts[1]["attributes"]["madang.attempt.reason"] == "retry 1 of 2 after connection"


@pytest.mark.parametrize("kind", ["cut", "malformed_event", "bad_json"])
def test_a_whole_reply_that_breaks_off_is_asked_for_again(platform: Platform, kind: str) -> None:
    answer = platform.chat(platform.model(platform.deployment({"kind": kind, "count": 1}), retries=1))
    assert (answer.status, answer.headers["x-madang-attempts"]) == (200, "2")


def test_a_request_that_is_wrong_is_not_sent_twice(platform: Platform) -> None:
    first, second = platform.deployment(order=1), platform.deployment(order=2)
    answer = platform.chat(platform.model(first, second, retries=2), temperature=9)
    assert (answer.status, answer.error["param"]) == (400, "temperature")
    assert platform.trace_of(answer)["trace"]["attempts"] == 1


def test_a_deployment_that_fails_again_and_again_rests(platform: Platform) -> None:
    failing, working = platform.deployment({"kind": "server_error"}, order=1), platform.deployment(order=2)
    alias = platform.model(failing, working)
    attempts = [platform.chat(alias).headers["x-madang-attempts"] for _ in range(5)]
    assert attempts == ["2", "2", "2", "1", "1"]
    shown = platform.browser().get(f"/api/projects/{platform.project_id()}/models?limit=200").json["items"]
    health = next(model for model in shown if model["alias"] == alias)["deployments"][0]["health"]
    assert (health["state"], health["reason"]) == ("cooling", "server_error")
