"""Anthropic's calls in the whole pipeline, with the simulator in memory: what it refuses goes on to somebody else."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from tests.sdk.layers.fake_vendor import Pipeline, Vendor, pipeline, read
from tests.sdk.request_builder import request, route, target

from madang.calls.policy import Policy
from madang.calls.target import Target
from madang.errors import CallFailed
from madang.providers.registry import vendor_call
from madang_simulator import InMemoryTransport

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
CLAUDE = target("east", vendor="anthropic", vendor_model="claude-opus-5", base_url="simulator://d/east", api_key="any")
GPT = target("west", vendor="openai", vendor_model="gpt-4o", base_url="simulator://d/west/v1", api_key="any", order=2)
OTHER_VENDORS = Policy(policy_block_vendors=("openai",))


def simulated(fault: Mapping[str, Any]) -> tuple[Pipeline, InMemoryTransport]:
    """The pipeline, with a simulated vendor whose deployment "east" plays the fault."""
    transport = InMemoryTransport(wall_s=time.time)
    transport.simulation.configure("east", faults=[dict(fault)])
    return pipeline(Vendor(), asks=vendor_call(transport)), transport


async def outcome(to: tuple[Target, ...], fault: Mapping[str, Any], *, stream: bool) -> tuple[bytes, list[str]]:
    """What the caller reads, and who was asked."""
    around, transport = simulated(fault)
    reply = await around.call(request(route(*to, policy=OTHER_VENDORS), stream=stream))
    raw = await read(reply)
    return raw, [name for name in ("east", "west") if transport.simulation.requests(name)["requests"]]


@both_ways
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "content_filter"},
        {"kind": "overloaded"},
        {"kind": "quota"},
        {"kind": "error_in_200"},
        {"kind": "bad_json"},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_what_anthropic_does_not_answer_another_vendor_does(stream: bool, fault: dict[str, Any]) -> None:
    raw, asked = await outcome((CLAUDE, GPT), fault, stream=stream)
    assert b'"finish_reason":"stop"' in raw
    assert b"gpt-4o" in raw
    assert asked == ["east", "west"]


@both_ways
async def test_a_refusal_is_final_where_no_other_vendor_is_allowed(stream: bool) -> None:
    around, _ = simulated({"kind": "content_filter"})
    with pytest.raises(CallFailed) as caught:
        await around.call(request(route(CLAUDE, GPT), stream=stream))
    assert (caught.value.reason, caught.value.status) == ("content_filter", 400)
    assert "Anthropic refused to answer (category: general_harms)" in caught.value.message


async def test_a_stream_that_was_refused_after_words_is_not_begun_again() -> None:
    raw, asked = await outcome((CLAUDE, GPT), {"kind": "content_filter_stream", "after_chunks": 2}, stream=True)
    assert b'"finish_reason":"content_filter"' in raw
    assert asked == ["east"]


@both_ways
async def test_the_other_way_round_anthropic_answers_for_another_vendor(stream: bool) -> None:
    first = target("east", vendor="openai", vendor_model="gpt-4o", base_url="simulator://d/east/v1", api_key="any")
    second = target(
        "west", vendor="anthropic", vendor_model="claude-opus-5", base_url="simulator://d/west", api_key="any", order=2
    )
    raw, asked = await outcome((first, second), {"kind": "server_error"}, stream=stream)
    assert b'"model":"claude-opus-5"' in raw
    assert b'"finish_reason":"stop"' in raw
    assert asked == ["east", "west"]
