"""Two projects on one Gateway: nothing of one is seen, called or written by the key of the other."""

import pytest
from tests.support.running_platform import Platform


@pytest.fixture(scope="module")
def stranger(platform: Platform) -> tuple[str, str]:
    """Id and secret key of a project that has nothing."""
    return platform.new_project()


def spans_by(trace_id: str, name: str) -> object:
    span = {"traceId": trace_id, "spanId": "00f067aa0ba902b7", "name": name}
    times = {"startTimeUnixNano": "1795300000000000000", "endTimeUnixNano": "1795300001000000000"}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{**span, **times}]}]}]}


def test_a_stranger_sees_no_models(platform: Platform, stranger: tuple[str, str]) -> None:
    platform.model(platform.deployment())
    assert platform.send("GET", "/v1/models", key=stranger[1]).json["data"] == []


def test_a_stranger_cannot_call_a_model_nor_learns_that_it_exists(
    platform: Platform, stranger: tuple[str, str]
) -> None:
    alias = platform.model(platform.deployment())
    known = platform.chat(alias, key=stranger[1])
    unknown = platform.chat("model-unknown", key=stranger[1])
    assert known.status == unknown.status == 404
    assert known.error["message"].replace(alias, "X") == unknown.error["message"].replace("model-unknown", "X")
    assert platform.send("GET", f"/v1/models/{alias}", key=stranger[1]).status == 404


def test_two_projects_may_use_one_name_for_different_models(platform: Platform, stranger: tuple[str, str]) -> None:
    here, there = platform.deployment(), platform.deployment()
    platform.model(here, alias="shared")
    platform.model(there, alias="shared", key=stranger[1])
    assert platform.chat("shared").headers["x-madang-deployment"] == here["name"]
    assert platform.chat("shared", key=stranger[1]).headers["x-madang-deployment"] == there["name"]


def test_a_stranger_cannot_lease_a_credential(platform: Platform, stranger: tuple[str, str]) -> None:
    platform.model(platform.deployment())
    config = platform.send("GET", "/api/sdk/config").json
    wanted = {target["credential_id"] for model in config["models"] for target in model["targets"]} - {""}
    assert wanted
    own = platform.send("POST", "/api/sdk/lease", {"credential_ids": list(wanted)})
    others = platform.send("POST", "/api/sdk/lease", {"credential_ids": list(wanted)}, key=stranger[1])
    assert (own.status, others.status) == (200, 404)
    assert b"sk-vendor" not in others.body


def test_a_stranger_s_configuration_names_nothing_of_ours(platform: Platform, stranger: tuple[str, str]) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    config = platform.send("GET", "/api/sdk/config", key=stranger[1])
    assert config.json["project_id"] == stranger[0]
    assert alias.encode() not in config.body and deployment["name"].encode() not in config.body


def test_a_stranger_s_spans_do_not_get_into_our_trace(platform: Platform, stranger: tuple[str, str]) -> None:
    answer = platform.chat(platform.model(platform.deployment()))
    trace_id = answer.headers["x-madang-trace-id"]
    sent = platform.send("POST", "/v1/traces", spans_by(trace_id, "intruder"), key=stranger[1])
    assert sent.status == 200
    theirs = platform.trace(trace_id, stranger[0])
    assert [span["name"] for span in theirs["spans"]] == ["intruder"]
    assert "intruder" not in {span["name"] for span in platform.trace(trace_id)["spans"]}


def test_a_stranger_s_call_in_our_trace_id_stays_with_the_stranger(
    platform: Platform, stranger: tuple[str, str]
) -> None:
    trace_id = platform.chat(platform.model(platform.deployment())).headers["x-madang-trace-id"]
    theirs = platform.model(platform.deployment(), key=stranger[1])
    platform.chat(theirs, key=stranger[1], headers={"x-madang-trace-id": trace_id})
    assert platform.trace(trace_id, stranger[0])["trace"]["model"] == theirs
    assert platform.trace(trace_id)["trace"]["model"] != theirs
