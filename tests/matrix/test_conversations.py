"""A conversation that one vendor began goes on at another, with all that the first one's answers carry."""

from __future__ import annotations

from typing import Any

import pytest
from tests.matrix.callers import WAYS, Caller, Way
from tests.matrix.columns import BY_NAME
from tests.support.running_platform import Platform

from madang import Madang

pytestmark = pytest.mark.xdist_group("platform")

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
ASKED: list[dict[str, Any]] = [{"role": "user", "content": "What is the weather in Seoul?"}]
CARRIED = frozenset({"thinking_blocks", "anthropic_content", "bedrock_content", "google_parts"})


def model(platform: Platform, column: str, *, fails: bool = False, then: str = "") -> tuple[str, list[str]]:
    """A model with a deployment of the column, and where it fails one of another behind it; and the deployments' names."""
    places = []
    for order, name in enumerate((column, then) if then else (column,), start=1):
        deployment = BY_NAME[name].deployment(platform.simulator, order=order)
        faults = [{"kind": "server_error"}] if fails and order == 1 else []
        keyless = BY_NAME[name].secret is None
        platform.simulator.configure(deployment["name"], faults=faults, output_tokens=[8, 16], asks_for_key=not keyless)
        platform.apply({"credentials": list(BY_NAME[name].credentials(platform.simulator))})
        places.append(deployment)
    return platform.model(*places), [place["name"] for place in places]


_beginnings: dict[tuple[str, str], str] = {}


def beginning(platform: Platform, column: str) -> str:
    """The model that conversations of this column begin with, the same for all of them."""
    known = (platform.url, column)
    if known not in _beginnings:
        _beginnings[known] = model(platform, column)[0]
    return _beginnings[known]


def caller(platform: Platform, way: Way) -> Caller:
    if way == "gateway":
        return Caller(platform.openai(max_retries=0))
    return Caller(Madang(api_key=platform.key, base_url=platform.url, mode="direct"))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("second", ["openai", "azure", "azure v1", "own server", "anthropic", "gemini", "bedrock keys"])
@pytest.mark.parametrize("first", ["anthropic", "gemini", "bedrock keys", "own server"])
def test_a_conversation_goes_on_when_another_vendor_takes_over(
    platform: Platform, first: str, second: str, way: Way
) -> None:
    begun = beginning(platform, first)
    falls_over, places = model(platform, first, fails=True, then=second)
    with caller(platform, way) as ask:
        message = ask.chat(model=begun, messages=ASKED, tools=[TOOL], reasoning_effort="low")["choices"][0]["message"]
        results = [
            {"role": "tool", "tool_call_id": call["id"], "content": "rain"} for call in message.get("tool_calls", ())
        ]
        assert results, "the first vendor asked for the tool"
        told = ask.chat(model=falls_over, messages=[*ASKED, message, *results], tools=[TOOL])
    assert told["choices"][0]["message"]["content"]
    (arrived,) = platform.simulator.requests(places[1])["requests"]
    if BY_NAME[second].vendor in ("openai", "azure"):
        sent = arrived["body"]["messages"][1]
        assert not CARRIED & sent.keys()
        if BY_NAME[second].vendor == "azure":
            assert not {"reasoning_content", "extra_content"} & sent.keys()
            assert not any("extra_content" in call for call in sent["tool_calls"])
