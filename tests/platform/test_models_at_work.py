"""A model's deployments in a running platform: what they did, taking one out of service, a test call."""

from __future__ import annotations

from typing import Any

import pytest
from tests.studio.world import Answer
from tests.support.running_platform import Platform, until


def at(platform: Platform, alias: str, rest: str) -> str:
    return f"/api/projects/{platform.project_id()}/models/{alias}/{rest}"


def try_out(platform: Platform, alias: str, **body: Any) -> Answer:
    return platform.browser().post(at(platform, alias, "test"), body)


def set_enabled(platform: Platform, alias: str, name: str, *, enabled: bool) -> Answer:
    return platform.browser().put(at(platform, alias, f"deployments/{name}/enabled"), {"enabled": enabled})


def test_a_test_call_shows_answer_cost_and_its_trace(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    answer = try_out(platform, alias)
    assert answer.status == 200, answer.body
    came = answer.json
    assert came["text"]
    assert (came["failure"], came["message"]) == ("", "")
    assert came["latency_ms"] >= came["first_token_ms"] >= 0
    assert came["input_tokens"] > 0 and came["output_tokens"] > 0
    assert float(came["cost_usd"]) > 0
    assert [(one["outcome"], one["model"]) for one in came["attempts"]] == [("answered", alias)]
    trace = platform.trace(came["trace_id"])["trace"]
    assert (trace["tags"], trace["user_id"]) == (["test"], "owner@example.com")


def test_a_test_call_that_fails_says_why_attempt_by_attempt(platform: Platform) -> None:
    alias = platform.model(
        platform.deployment({"kind": "server_error", "probability": 1.0}, order=1),
        platform.deployment({"kind": "unauthorized", "probability": 1.0}, order=2),
        retries=0,
    )
    came = try_out(platform, alias).json
    assert came["failure"] == "authentication"
    assert "not set up correctly" in came["message"]
    assert [one["outcome"] for one in came["attempts"]] == ["server_error", "authentication"]
    assert all(one["message"] for one in came["attempts"])
    assert (came["text"], came["cost_usd"]) == ("", None)


def test_a_test_call_can_name_its_deployment(platform: Platform) -> None:
    first, second = platform.deployment(order=1), platform.deployment(order=2)
    alias = platform.model(first, second)
    came = try_out(platform, alias, deployment=second["name"]).json
    assert [one["deployment"] for one in came["attempts"]] == [second["name"]]
    assert try_out(platform, alias, deployment="nobody").status == 404
    assert try_out(platform, "no-such-model").status == 404


def test_a_test_call_ends_with_the_models_time(platform: Platform) -> None:
    alias = platform.model(platform.deployment(first_token_ms=20_000), timeout_s=0.5, retries=0)
    came = try_out(platform, alias).json
    assert came["failure"] == "timeout"


def test_a_test_call_can_ask_for_embeddings(platform: Platform) -> None:
    alias = platform.model(platform.deployment(vendor_model="text-embedding-3-small"))
    came = try_out(platform, alias, operation="embeddings", prompt="the sea").json
    assert (came["failure"], came["first_token_ms"], came["output_tokens"]) == ("", None, None)
    assert came["input_tokens"] > 0


def test_a_deployment_out_of_service_gets_no_new_calls(platform: Platform) -> None:
    first, second = platform.deployment(order=1), platform.deployment(order=2)
    alias = platform.model(first, second)
    assert set_enabled(platform, alias, first["name"], enabled=False).status == 200
    assert platform.chat(alias).headers["x-madang-deployment"] == second["name"]
    refused = try_out(platform, alias, deployment=first["name"])
    assert (refused.status, refused.error["param"]) == (409, "deployment")
    assert "enable it" in refused.error["message"]
    assert set_enabled(platform, alias, first["name"], enabled=True).json["deployments"][0]["enabled"] is True
    assert platform.chat(alias).headers["x-madang-deployment"] == first["name"]


def test_the_last_deployment_stays_in_service(platform: Platform) -> None:
    only = platform.deployment()
    alias = platform.model(only)
    refused = set_enabled(platform, alias, only["name"], enabled=False)
    assert (refused.status, refused.error["code"]) == (409, "last_deployment")
    assert "Enable another one" in refused.error["message"]
    assert set_enabled(platform, alias, "nobody", enabled=False).status == 404


def test_a_stream_under_way_finishes_when_its_deployment_is_taken_out(platform: Platform) -> None:
    first = platform.deployment(order=1, per_token_ms=20)
    alias = platform.model(first, platform.deployment(order=2))
    stream = platform.openai().chat.completions.create(
        model=alias, messages=[{"role": "user", "content": "Hello"}], stream=True
    )
    chunks = iter(stream)
    next(chunks)
    assert set_enabled(platform, alias, first["name"], enabled=False).status == 200
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


def test_activity_shows_each_deployments_calls_failures_and_state(platform: Platform) -> None:
    failing = platform.deployment({"kind": "server_error", "probability": 1.0}, order=1, region="koreacentral")
    standby = platform.deployment(order=2)
    alias = platform.model(failing, standby)
    for _ in range(4):
        assert platform.chat(alias).status == 200

    def counted() -> Any:
        shown = platform.browser().get(at(platform, alias, "activity?hours=2")).json
        return shown if shown["deployments"][1]["calls"] >= 4 else None

    activity = until(counted, "the attempts are in the store")
    down, up = activity["deployments"]
    assert (down["deployment"], down["region"]) == (failing["name"], "koreacentral")
    assert down["answered"] == 0
    assert down["errors"] == [{"error_type": "server_error", "count": down["failures"]}]
    assert down["health"]["state"] in ("cooling", "trial")
    assert (up["answered"], up["failures"]) == (4, 0)
    assert up["p50_ms"] > 0
    assert sum(hour["failures"] for hour in down["hours"]) == down["failures"]
    assert len(up["hours"]) in (2, 3)


def test_activity_of_a_fallback_is_told_with_the_model_it_stands_behind(platform: Platform) -> None:
    spare = platform.model(platform.deployment())
    failing = platform.deployment({"kind": "server_error", "probability": 1.0})
    alias = platform.model(failing, fallbacks=[spare], retries=0)
    assert platform.chat(alias).status == 200
    until(
        lambda: platform.browser().get(at(platform, spare, "activity")).json["deployments"][0]["answered"] == 1,
        "the fallback's attempt is counted with its own model",
    )


@pytest.mark.parametrize("alias", ["sandbox-chat", "sandbox-claude", "sandbox-gemini", "sandbox-bedrock"])
def test_the_sandboxs_models_answer_in_their_vendors_protocols(platform: Platform, alias: str) -> None:
    key = (platform.home / "run" / "sandbox.key").read_text(encoding="utf-8").strip()
    whole = platform.chat(alias, key=key)
    assert whole.status == 200, whole.body
    assert whole.headers["x-madang-simulated"] == "true"
    assert float(whole.headers["x-madang-cost-usd"]) > 0
    assert whole.json["choices"][0]["message"]["content"]
    streamed = platform.chat(alias, key=key, stream=True)
    assert streamed.body.rstrip().endswith(b"data: [DONE]"), streamed.body


def test_viewers_see_activity_and_strangers_see_nothing(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    assert platform.send("GET", at(platform, alias, "activity"), key=None).status == 401
    assert platform.browser().get(at(platform, alias, "activity?hours=0")).status == 400
    assert platform.browser().get(at(platform, "no-such-model", "activity")).status == 404
