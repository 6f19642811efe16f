"""Speaks as api.anthropic.com does.

Source: Anthropic's API reference, "Create a Message", "Count tokens in a Message", "List Models", "Rate limits".
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from madang_simulator.answers import Answer
from madang_simulator.asks import ChatAsk
from madang_simulator.behaviour import FaultKind
from madang_simulator.incoming import Incoming
from madang_simulator.keys import bearer, check_key
from madang_simulator.prompt_tokens import prompt_length
from madang_simulator.refusals import Refusal
from madang_simulator.wires.anthropic.ask import read_ask
from madang_simulator.wires.anthropic.fields import invalid
from madang_simulator.wires.anthropic.model_facts import LISTED, answering_model
from madang_simulator.wires.anthropic.refusals import refusal_fields, refusal_status
from madang_simulator.wires.anthropic.replies import events, message, model_card
from madang_simulator.wires.openai_fields import read_object
from madang_simulator.wires.sse import SSE_TYPE, named_sse
from madang_simulator.wires.wire import Facts, Making, Order, Reply, Route, Streamed, Task

_POSTS = {"v1/messages": Route("chat"), "v1/messages/count_tokens": Route("task", "count_tokens")}
_VERSION = "anthropic-version"
_PAGE = 20


class AnthropicWire:
    """Messages, and counting their tokens; models where a caller says which version of this API it speaks."""

    name = "anthropic"
    refuses_filtered_prompts = False
    unknown_faults: frozenset[FaultKind] = frozenset()
    listed_models = LISTED

    def owns(self, incoming: Incoming) -> bool:
        path = incoming.path
        if path == "v1/messages" or path.startswith("v1/messages/"):
            return True
        return _VERSION in incoming.headers and (path == "v1/models" or path.startswith("v1/models/"))

    def route(self, incoming: Incoming) -> Route:
        path = incoming.path
        is_model = path.startswith("v1/models")
        if not is_model and path not in _POSTS:
            raise Refusal(kind="unknown_path")
        if incoming.method != ("GET" if is_model else "POST"):
            raise Refusal(kind="method_not_allowed")
        if not is_model:
            return _POSTS[path]
        return Route("models") if path == "v1/models" else Route("model", model=path.removeprefix("v1/models/"))

    def check_access(self, incoming: Incoming, now_s: float) -> None:
        key = incoming.headers.get("x-api-key") or bearer(incoming.headers)
        if not key:
            raise Refusal(kind="unauthorized", message="x-api-key header is required")
        check_key("sk-wrong" if key.startswith("sk-ant-wrong") else key)
        if _VERSION not in incoming.headers:
            raise invalid(_VERSION, "header is required")

    def answering_model(self, model: str) -> str:
        return answering_model(model)

    def read_chat(self, order: Order) -> ChatAsk:
        return read_ask(read_object(order.incoming.body))

    def chat_reply(self, order: Order, ask: ChatAsk, answer: Answer) -> Reply:
        return Reply(200, msgspec.json.encode(message(ask, answer)))

    def chat_stream(self, order: Order, ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Streamed:
        return Streamed(SSE_TYPE, events(ask, answer, tokens_per_chunk))

    def read_task(self, order: Order) -> Task:
        ask = read_ask(read_object(order.incoming.body), counts_only=True)
        tokens = prompt_length(ask)

        def reply(making: Making) -> Reply:
            return Reply(200, msgspec.json.encode({"input_tokens": tokens}))

        return Task(ask.model, 0, reply)

    def plain_reply(self, order: Order) -> Reply:
        raise Refusal(kind="unknown_path")

    def models_reply(self, order: Order, names: Sequence[str]) -> Reply:
        shown = list(names[: _page_size(order.incoming)])
        cards = [model_card(name) for name in shown]
        page = {"first_id": shown[0] if shown else None, "last_id": shown[-1] if shown else None}
        return Reply(200, msgspec.json.encode({"data": cards, **page, "has_more": len(shown) < len(names)}))

    def model_reply(self, order: Order, name: str) -> Reply:
        return Reply(200, msgspec.json.encode(model_card(name)))

    def refusal_reply(self, refusal: Refusal) -> Reply:
        wait = refusal.retry_after_s
        headers = {} if wait is None else {"retry-after": str(math.ceil(wait))}
        return Reply(refusal_status(refusal), msgspec.json.encode(refusal_fields(refusal)), headers)

    def error_event(self, route: Route, refusal: Refusal, events_sent: int) -> bytes:
        return named_sse("error", refusal_fields(refusal))

    def malformed_event(self, route: Route) -> bytes:
        return b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n'

    def headers(self, facts: Facts) -> dict[str, str]:
        limits = facts.limits
        reset = datetime.fromtimestamp(facts.now_s + limits.reset_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        shown = {"request-id": f"req_{facts.request_id[:24]}", "anthropic-organization-id": "org-simulated"}
        for name, limit, left in (
            ("requests", limits.requests, limits.requests_left),
            ("tokens", limits.tokens, limits.tokens_left),
            ("input-tokens", limits.tokens, limits.tokens_left),
            ("output-tokens", limits.tokens, limits.tokens_left),
        ):
            shown[f"anthropic-ratelimit-{name}-limit"] = str(limit)
            shown[f"anthropic-ratelimit-{name}-remaining"] = str(left)
            shown[f"anthropic-ratelimit-{name}-reset"] = reset
        return shown


def _page_size(incoming: Incoming) -> int:
    limit = incoming.query.get("limit", "")
    return int(limit) if limit.isdigit() and 1 <= int(limit) <= 1000 else _PAGE
