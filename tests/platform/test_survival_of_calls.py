"""What callers with the official client notice when vendors fail: an outage, a block, throttling, tokens that do not come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from tests.support.running_platform import Platform
from tests.support.simulated_vendors import CREDENTIALS, deployment_of

pytestmark = pytest.mark.xdist_group("platform")

ASKED: Any = [{"role": "user", "content": "What is a madang?"}]
QUICK = {"output_tokens": [8, 16]}


def model(platform: Platform, *deployments: Mapping[str, Any], **settings: Any) -> str:
    """The alias of a new model; the credentials of all vendors are there."""
    platform.apply({"credentials": list(CREDENTIALS)})
    return platform.model(*deployments, **settings)


def ask(platform: Platform, alias: str, stream: bool, **options: Any) -> tuple[str, Mapping[str, str]]:
    """The answer's text and its headers, by the official client without retries of its own."""
    client = platform.openai(max_retries=0)
    if not stream:
        raw = client.chat.completions.with_raw_response.create(model=alias, messages=ASKED, **options)
        return raw.parse().choices[0].message.content or "", raw.headers
    with client.chat.completions.with_streaming_response.create(
        model=alias, messages=ASKED, stream=True, **options
    ) as answer:
        chunks = list(answer.parse())
        return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices), answer.headers


def attempts(platform: Platform, trace_id: str) -> list[tuple[str, str]]:
    """Deployment and outcome of each attempt in the call's trace."""
    spans = [span for span in platform.trace(trace_id)["spans"] if span["kind"] == "attempt"]
    spans.sort(key=lambda span: int(span["attributes"]["madang.attempt.number"]))
    return [(span["deployment"], span["attributes"]["madang.attempt.outcome"]) for span in spans]


def requests_to(platform: Platform, deployment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What arrived at the vendor for this deployment."""
    found: list[Mapping[str, Any]] = platform.simulator.requests(deployment=deployment["name"])["requests"]
    return found


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("how", ["reset", "unavailable"])
def test_a_region_that_dies_under_load_costs_no_caller_an_answer(platform: Platform, how: str, stream: bool) -> None:
    east, west = f"east-{how}-{stream}", f"west-{how}-{stream}"
    places = [
        deployment_of(
            platform.simulator, "openai", region=region, behaviour={"region": region, "output_tokens": [4, 8]}
        )
        for region in (east, west)
    ]
    alias = model(platform, *places)
    with ThreadPoolExecutor(16) as callers:
        before = list(callers.map(lambda _: ask(platform, alias, stream), range(16)))
        platform.simulator.set_region(east, down=True, how=how)
        during = list(callers.map(lambda _: ask(platform, alias, stream), range(64)))
        platform.simulator.set_region(east, down=False)
    assert all(text for text, _ in [*before, *during])
    assert {headers["x-madang-deployment"] for _, headers in during} == {places[1]["name"]}
    late = [headers["x-madang-attempts"] for _, headers in during[-20:]]
    assert Counter(late)["1"] >= 18, "once the breaker is open, next to nobody is sent there any more"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("vendor", ["gemini", "openai"])
def test_a_block_that_comes_as_an_answer_is_answered_by_a_vendor_that_the_project_allows(
    platform: Platform, vendor: str, stream: bool
) -> None:
    blocked = deployment_of(platform.simulator, vendor, {"kind": "content_filter"}, order=1)
    same_vendor = deployment_of(platform.simulator, vendor, order=2, behaviour=QUICK)
    allowed = deployment_of(platform.simulator, "anthropic", order=3, behaviour=QUICK)
    alias = model(platform, blocked, same_vendor, allowed)
    _allow(platform, ["anthropic"])
    text, headers = ask(platform, alias, stream)
    assert text
    assert attempts(platform, headers["x-madang-trace-id"]) == [
        (blocked["name"], "content_filter"),
        (allowed["name"], "answered"),
    ]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("vendor", ["azure", "gemini", "openai"])
def test_without_permission_a_block_is_final_and_one_clear_error(platform: Platform, vendor: str, stream: bool) -> None:
    blocked = deployment_of(platform.simulator, vendor, {"kind": "content_filter"}, order=1)
    other = deployment_of(platform.simulator, "bedrock", order=2)
    alias = model(platform, blocked, other)
    _allow(platform, [])
    with pytest.raises(openai.BadRequestError) as refused:
        ask(platform, alias, stream)
    assert refused.value.code == "content_filter"
    assert requests_to(platform, other) == []


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_throttled_vendor_is_left_alone_for_as_long_as_it_asked(platform: Platform, stream: bool) -> None:
    throttled = deployment_of(platform.simulator, "anthropic", {"kind": "rate_limited", "retry_after_s": 30}, order=1)
    other = deployment_of(platform.simulator, "openai", order=2, behaviour=QUICK)
    alias = model(platform, throttled, other)
    answers = [ask(platform, alias, stream) for _ in range(5)]
    assert all(text for text, _ in answers)
    assert len(requests_to(platform, throttled)) == 1
    assert [headers["x-madang-attempts"] for _, headers in answers] == ["2", "1", "1", "1", "1"]


def test_a_first_token_that_does_not_come_is_waited_for_only_so_long(platform: Platform) -> None:
    slow = deployment_of(platform.simulator, "anthropic", {"kind": "slow_first_token", "duration_s": 20}, order=1)
    other = deployment_of(platform.simulator, "gemini", order=2, behaviour=QUICK)
    alias = model(platform, slow, other, first_token_timeout_s=0.4)
    text, headers = ask(platform, alias, stream=True)
    assert text
    assert attempts(platform, headers["x-madang-trace-id"]) == [(slow["name"], "timeout"), (other["name"], "answered")]


def test_a_slow_target_is_overtaken_by_a_hedge_and_both_are_in_the_trace(platform: Platform) -> None:
    slow = deployment_of(platform.simulator, "openai", {"kind": "slow_first_token", "duration_s": 20}, order=1)
    other = deployment_of(platform.simulator, "openai", order=2, behaviour=QUICK)
    alias = model(platform, slow, other, routing={"hedge_after_s": 0.2})
    text, headers = ask(platform, alias, stream=False)
    assert text
    trace = platform.trace(headers["x-madang-trace-id"])
    assert attempts(platform, headers["x-madang-trace-id"]) == [
        (slow["name"], "cancelled"),
        (other["name"], "answered"),
    ]
    assert trace["spans"][0]["attributes"]["madang.usage.estimated"] == "true"


def test_a_stream_that_breaks_goes_on_with_another_vendor_where_the_model_says_so(platform: Platform) -> None:
    breaking = deployment_of(platform.simulator, "openai", {"kind": "cut", "after_chunks": 5}, order=1)
    other = deployment_of(platform.simulator, "anthropic", order=2, behaviour=QUICK)
    alias = model(platform, breaking, other, routing={"on_cut": "continue"})
    client = platform.openai(max_retries=0)
    chunks = list(client.chat.completions.create(model=alias, messages=ASKED, stream=True))
    marks = [chunk.model_extra["madang"] for chunk in chunks if chunk.model_extra and "madang" in chunk.model_extra]
    assert marks == [{"continued_on": other["name"], "after": "stream_cut"}]
    assert chunks[-1].choices[0].finish_reason == "stop"
    (sent,) = requests_to(platform, other)
    assert sent["body"]["messages"][-2]["role"] == "assistant", "what was said so far went along"


def _allow(platform: Platform, vendors: list[str]) -> None:
    path = f"/api/projects/{platform.project_id()}/routing"
    answer = platform.browser().put(path, {"policy_block_vendors": vendors})
    assert answer.status == 200, answer.body
