"""Each class of failure has its own models to fall back to, for streams as for whole answers."""

from collections.abc import Mapping

import pytest
from tests.sdk.layers.fake_vendor import Step, Vendor, failed, opening, pipeline, read, streamed, whole
from tests.sdk.request_builder import request, route, target

from madang.calls.policy import CLASS_OF, FAILURE_CLASSES, FailureClass, Policy
from madang.calls.target import Route
from madang.errors import CallFailed, FailureReason

pytestmark = pytest.mark.anyio
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

EAST, WEST = target("east"), target("west", order=2)
REASONS = sorted(CLASS_OF)


def answer(stream: bool) -> list[Step]:
    return streamed() if stream else whole()


def failing(reason: FailureReason, stream: bool) -> list[Step]:
    """For a stream, as most vendors tell it: after the stream has begun, before its first word."""
    return [opening(), failed(reason, 503)] if stream else [failed(reason, 503)]


def model(name: str) -> Route:
    return Route(name, (target(name, alias=name),))


@both_ways
@pytest.mark.parametrize("reason", REASONS)
async def test_a_failure_goes_to_the_model_for_its_class(reason: FailureReason, stream: bool) -> None:
    after: Mapping[FailureClass, tuple[Route, ...]] = {kind: (model(kind),) for kind in FAILURE_CLASSES}
    around = pipeline(Vendor(east=[failing(reason, stream)], any=[answer(stream)]))
    reply = await around.call(request(route(EAST, fallbacks=(model("plain"),), after=after), stream=stream))
    assert b"courtyard" in await read(reply)
    assert around.vendor.asked == ["east", CLASS_OF[reason]]
    assert around.trace[2].attributes["madang.attempt.reason"] == (
        f"after east: {reason}; fallback model {CLASS_OF[reason]}: the only deployment"
    )


@both_ways
@pytest.mark.parametrize("reason", REASONS)
async def test_a_class_to_nobody_is_told_the_caller(reason: FailureReason, stream: bool) -> None:
    after: Mapping[FailureClass, tuple[Route, ...]] = {CLASS_OF[reason]: ()}
    around = pipeline(Vendor(east=[failing(reason, stream)]))
    to = route(EAST, retries=0, fallbacks=(model("plain"),), after=after)
    with pytest.raises(CallFailed) as caught:
        await around.call(request(to, stream=stream))
    assert (caught.value.reason, around.vendor.asked) == (reason, ["east"])


@both_ways
async def test_a_class_to_nobody_is_retried_where_that_helps(stream: bool) -> None:
    """For nobody else will be asked, though a fallback waits for other failures."""
    around = pipeline(Vendor(east=[failing("server_error", stream), answer(stream)]))
    to = route(EAST, retries=2, fallbacks=(model("plain"),), after={"outage": ()})
    assert b"courtyard" in await read(await around.call(request(to, stream=stream)))
    assert around.vendor.asked == ["east", "east"]


@both_ways
async def test_a_model_for_this_class_alone_is_asked_before_any_retry(stream: bool) -> None:
    around = pipeline(Vendor(east=[failing("overloaded", stream)], spare=[answer(stream)]))
    to = route(EAST, retries=2, after={"throttled": (model("spare"),)})
    await read(await around.call(request(to, stream=stream)))
    assert around.vendor.asked == ["east", "spare"]
    assert around.hands.slept == []


@both_ways
async def test_a_refusal_goes_to_an_allowed_vendor_only(stream: bool) -> None:
    gemini = target("gemini", vendor="gemini")
    azure, openai = target("azure", vendor="azure", order=2), target("openai", vendor="openai", order=3)
    around = pipeline(Vendor(gemini=[failing("content_filter", stream)], openai=[answer(stream)]))
    to = route(gemini, azure, openai, policy=Policy(policy_block_vendors=("openai",)))
    assert b"courtyard" in await read(await around.call(request(to, stream=stream)))
    assert around.vendor.asked == ["gemini", "openai"]


@both_ways
async def test_a_refusal_of_all_allowed_vendors_is_told_with_their_number(stream: bool) -> None:
    a, b = target("a", vendor="azure"), target("b", vendor="openai", order=2)
    around = pipeline(Vendor(any=[failing("content_filter", stream)] * 2))
    to = route(a, b, target("a2", vendor="azure", order=3), policy=Policy(policy_block_vendors=("azure", "openai")))
    with pytest.raises(CallFailed, match=r"the last of 2 attempts") as caught:
        await around.call(request(to, stream=stream))
    assert caught.value.reason == "content_filter"


@both_ways
async def test_a_long_prompt_goes_on_to_longer_contexts_until_one_takes_it(stream: bool) -> None:
    targets = [
        target("small", context_window=8_000),
        target("smaller", order=2, context_window=4_000),
        target("large", order=3, context_window=128_000),
        target("larger", order=4, context_window=1_000_000),
    ]
    overflow = failing("context_overflow", stream)
    around = pipeline(Vendor(small=[overflow], large=[overflow], larger=[answer(stream)]))
    await read(await around.call(request(route(*targets), stream=stream)))
    assert around.vendor.asked == ["small", "large", "larger"]


@both_ways
async def test_failures_of_several_classes_in_one_call_each_go_their_way(stream: bool) -> None:
    to = route(
        EAST,
        WEST,
        after={
            "throttled": (model("spare"),),
            "timeout": (model("quick"),),
            "outage": (model("elsewhere"),),
        },
    )
    around = pipeline(
        Vendor(
            east=[failing("rate_limited", stream)],
            west=[failing("timeout", stream)],
            quick=[failing("connection", stream)],
            elsewhere=[answer(stream)],
        )
    )
    await read(await around.call(request(to, stream=stream)))
    assert around.vendor.asked == ["east", "west", "quick", "elsewhere"]
    assert [span.error_type for span in around.trace[1:]] == ["rate_limited", "timeout", "connection", ""]


async def test_what_no_deployment_can_serve_is_told_before_anybody_is_asked() -> None:
    blind = {"supports": frozenset[str](), "vendor": "openai"}
    image = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
    around = pipeline(Vendor())
    body = {"messages": [{"role": "user", "content": [image]}]}
    with pytest.raises(CallFailed, match="can serve this request: east has no vision; west has no vision") as caught:
        await around.call(request(route(target("east", **blind), target("west", **blind)), body=body))
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, "no_fitting_deployment", "model")
    assert around.trace[0].error_type == "invalid_request"
