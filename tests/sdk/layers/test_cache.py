"""The cache as a layer: what is kept, what is given again, and what is not. And answers that are written the other way."""

import asyncio
import json
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from tests.sdk.layers.fake_vendor import Hands, Step, Vendor, failed, read, streamed, whole
from tests.sdk.request_builder import request, route, target

from madang.calls.completion import completion_of
from madang.calls.event import Part, Text, ToolCall
from madang.calls.reply import Call
from madang.calls.request import Request
from madang.calls.span import Span
from madang.calls.target import Price
from madang.errors import CallFailed
from madang.layers.kept_answer import chunks_of, joined_parts
from madang.layers.stack import Surroundings, build_call
from madang.providers.openai_wire import StreamDecoder
from madang.routing.books import Books

CACHED = route(target(price=Price(input=Decimal(1), output=Decimal(2))), cache_ttl_s=60)


class Shelf:
    """Keeps everything for ever."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.ttls: list[float] = []

    async def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, answer: bytes, ttl_s: float) -> None:
        self.kept[key] = answer
        self.ttls.append(ttl_s)


class Cached:
    """The whole pipeline with a cache around a vendor."""

    def __init__(self, *scripts: list[Step], shelf: Shelf | None = None) -> None:
        self.vendor = Vendor(any=scripts)
        self.shelf = shelf or Shelf()
        self.hands = Hands()
        self.traces: list[tuple[Span, ...]] = []
        around = Surroundings(
            sink=lambda _project_id, spans: self.traces.append(tuple(spans)),
            books_of=lambda _: Books(),
            clock=self.hands.clock,
            rng=Random(1),
            sleep=self.hands.sleep,
            answers=self.shelf,
        )
        self.call: Call = build_call(self.vendor, around)

    def ask(self, **wish: Any) -> bytes:
        return asyncio.run(self._ask(request(wish.pop("to", CACHED), **wish)))

    async def _ask(self, asked: Request) -> bytes:
        return await read(await self.call(asked))

    @property
    def asked(self) -> int:
        return len(self.vendor.asked)


def test_a_kept_answer_is_given_again_and_the_trace_says_what_it_saved() -> None:
    cached = Cached(whole())
    assert cached.ask() == cached.ask()
    (paid, _attempt), (hit,) = cached.traces
    assert (hit.cost_usd, hit.input_tokens, hit.attempts, hit.status) == (Decimal(0), None, 0, "ok")
    assert hit.attributes["madang.saved.cost_usd"] == format(paid.cost_usd or Decimal(0), "f") == "0.000018"
    assert hit.output == paid.output and hit.deployment == "east"


def test_an_answer_is_too_old_after_its_time() -> None:
    cached = Cached(whole("old"), whole("new"))
    cached.ask()
    cached.hands.seconds += 60.5
    assert b"new" in cached.ask() and cached.shelf.ttls == [60, 60]


def test_an_unknown_cost_is_not_told_as_saved() -> None:
    cached = Cached(whole())
    for _ in range(2):
        cached.ask(to=route(cache_ttl_s=60))
    assert "madang.saved.cost_usd" not in cached.traces[1][0].attributes


def test_a_failure_is_not_kept() -> None:
    cached = Cached([failed("server_error")], whole())
    with pytest.raises(CallFailed):
        cached.ask(to=route(cache_ttl_s=60, retries=0))
    assert b"courtyard" in cached.ask(to=route(cache_ttl_s=60, retries=0)) and cached.asked == 2


def test_half_an_answer_is_not_kept() -> None:
    cached = Cached(streamed(), streamed())

    async def hang_up() -> None:
        reply = await cached.call(request(CACHED, stream=True))
        await anext(reply.events)
        await reply.events.aclose()

    asyncio.run(hang_up())
    cached.ask(stream=True)
    assert cached.asked == 2 and len(cached.shelf.kept) == 1


@pytest.mark.parametrize("body", [{"background": True}, {"conversation": "conv_1"}, {"container": "c_1"}])
def test_an_answer_that_changes_something_at_the_vendor_is_not_kept(body: dict[str, Any]) -> None:
    cached = Cached(whole(), whole())
    for _ in range(2):
        cached.ask(body=body)
    assert cached.asked == 2


def test_an_entry_that_cannot_be_read_is_passed_over() -> None:
    cached = Cached(whole(), whole())
    cached.ask()
    for key in cached.shelf.kept:
        cached.shelf.kept[key] = b"of another version"
    assert b"courtyard" in cached.ask() and cached.asked == 2


@pytest.mark.parametrize("body", [{"logprobs": True}, {"audio": {"voice": "alloy"}}, {"web_search_options": {"a": 1}}])
def test_what_cannot_be_written_the_other_way_is_asked_again(body: dict[str, Any]) -> None:
    cached = Cached(whole(), streamed())
    cached.ask(body=body)
    assert cached.ask(body=body, stream=True).endswith(b"data: [DONE]\n\n") and cached.asked == 2


def test_equal_calls_wait_for_the_first_and_go_on_by_themselves_when_it_fails() -> None:
    said = asyncio.Event()
    cached = Cached([said, failed("invalid_request", 400)], whole("second"), whole("third"))

    async def story() -> None:
        first = asyncio.ensure_future(cached._ask(request(CACHED)))
        await asyncio.sleep(0.01)
        others = [asyncio.ensure_future(cached._ask(request(CACHED))) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert cached.asked == 1
        said.set()
        with pytest.raises(CallFailed):
            await first
        assert all(b"choices" in each for each in await asyncio.gather(*others))

    asyncio.run(story())


def test_a_stream_does_not_wait_for_an_equal_call() -> None:
    said = asyncio.Event()
    cached = Cached([said, *whole()], streamed())

    async def story() -> None:
        first = asyncio.ensure_future(cached._ask(request(CACHED)))
        await asyncio.sleep(0.01)
        assert b"[DONE]" in await cached._ask(request(CACHED, stream=True))
        said.set()
        await first

    asyncio.run(story())


def test_pieces_that_continue_each_other_become_one() -> None:
    parts: list[Part] = [
        Text("a"),
        Text("b"),
        Text("c", choice=1),
        ToolCall(0, "id1", "f", "{"),
        ToolCall(0, arguments="}"),
        ToolCall(1, "id2", "g", ""),
        ToolCall(1, arguments="{}"),
        Text("d"),
    ]
    joined = (
        Text("ab"),
        Text("c", choice=1),
        ToolCall(0, "id1", "f", "{}"),
        ToolCall(1, "id2", "g", "{}"),
        Text("d"),
    )
    assert joined_parts(parts) == joined
    assert completion_of(parts) == completion_of(joined)


def test_a_whole_answer_as_chunks_means_the_same() -> None:
    tools = [
        {"id": f"call_{number}", "type": "function", "function": {"name": "f", "arguments": "{}"}} for number in (1, 2)
    ]
    message = {"role": "assistant", "content": "well", "refusal": None, "tool_calls": tools, "annotations": [{"a": 1}]}
    other = {"role": "assistant", "content": "another"}
    body = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "system_fingerprint": "fp",
        "choices": [
            {"index": 0, "message": message, "finish_reason": "tool_calls", "content_filter_results": {"hate": {}}},
            {"index": 1, "message": other, "finish_reason": "length"},
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    raw = chunks_of(json.dumps(body).encode(), wants_usage=True)
    decoder = StreamDecoder(hides_usage=False)
    event = decoder.feed(raw)
    assert event is not None and decoder.is_done
    again = json.loads(completion_of(event.parts, 1))
    assert [choice["finish_reason"] for choice in again["choices"]] == ["tool_calls", "length"]
    assert again["choices"][0]["message"]["tool_calls"] == tools
    assert again["choices"][1]["message"]["content"] == "another" and again["usage"]["total_tokens"] == 3
    assert b'"annotations":[{"a":1}]' in raw and b'"content_filter_results"' in raw and b'"system_fingerprint"' in raw
