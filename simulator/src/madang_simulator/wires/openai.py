"""OpenAI's wire: /v1/chat/completions, /v1/responses, embeddings, images, audio, moderations, models; others' rerank."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from madang_simulator.answers import Answer
from madang_simulator.asks import ChatAsk
from madang_simulator.behaviour import FaultKind
from madang_simulator.incoming import Incoming
from madang_simulator.keys import bearer, check_key
from madang_simulator.known_models import OPENAI_MODELS, answering_model
from madang_simulator.refusals import Refusal
from madang_simulator.wires.openai_audio import listening_task, speech_task
from madang_simulator.wires.openai_fields import read_object
from madang_simulator.wires.openai_images import edit_task, generation_task
from madang_simulator.wires.openai_moderations import moderation_task
from madang_simulator.wires.openai_refusals import refusal_fields, refusal_status, retry_after
from madang_simulator.wires.openai_replies import chunks, completion, embedding_list, model_card
from madang_simulator.wires.openai_requests import model_in, read_chat, read_embeddings
from madang_simulator.wires.openai_responses import (
    kept_response_reply,
    read_response,
    response_error_event,
    response_reply,
    response_stream,
    response_tokens_task,
)
from madang_simulator.wires.rerank import rerank_task
from madang_simulator.wires.sse import DONE, SSE_TYPE, sse
from madang_simulator.wires.wire import Event, Facts, Making, Order, Reply, Route, Streamed, Task

_POSTS = {
    "chat/completions": Route("chat"),
    "responses": Route("chat", "responses"),
    "responses/input_tokens": Route("task", "response_tokens"),
    "embeddings": Route("task", "embeddings"),
    "images/generations": Route("task", "images"),
    "images/edits": Route("task", "image_edits"),
    "audio/transcriptions": Route("task", "transcriptions"),
    "audio/translations": Route("task", "translations"),
    "audio/speech": Route("task", "speech"),
    "moderations": Route("task", "moderations"),
    "rerank": Route("task", "rerank"),
}


class OpenAIWire:
    """Speaks as api.openai.com does."""

    name = "openai"
    refuses_filtered_prompts = False
    unknown_faults: frozenset[FaultKind] = frozenset()
    listed_models = OPENAI_MODELS

    def owns(self, incoming: Incoming) -> bool:
        return incoming.path == "v1" or incoming.path.startswith("v1/")

    def route(self, incoming: Incoming) -> Route:
        return route_below_v1(incoming.method, incoming.path.removeprefix("v1").lstrip("/"), incoming.shown)

    def check_access(self, incoming: Incoming, now_s: float) -> None:
        key = bearer(incoming.headers)
        if key is None:
            message = "You didn't provide an API key. Send it in an Authorization header using Bearer auth."
            raise Refusal(kind="unauthorized", message=message, code="missing_api_key")
        check_key(key)

    def answering_model(self, model: str) -> str:
        return answering_model(model)

    def read_chat(self, order: Order) -> ChatAsk:
        if order.route.form == "responses":
            return read_response(order)
        fields = read_object(order.incoming.body)
        return read_chat(fields, model_in(fields))

    def chat_reply(self, order: Order, ask: ChatAsk, answer: Answer) -> Reply:
        if order.route.form == "responses":
            return response_reply(order, ask, answer)
        return Reply(200, msgspec.json.encode(completion(ask, answer)))

    def chat_stream(self, order: Order, ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Streamed:
        if order.route.form == "responses":
            return response_stream(order, ask, answer, tokens_per_chunk)
        return Streamed(SSE_TYPE, _events(ask, answer, tokens_per_chunk))

    def read_task(self, order: Order) -> Task:
        return task_of(order)

    def plain_reply(self, order: Order) -> Reply:
        return kept_response_reply(order)

    def models_reply(self, order: Order, names: Sequence[str]) -> Reply:
        return Reply(200, msgspec.json.encode({"object": "list", "data": [model_card(name) for name in names]}))

    def model_reply(self, order: Order, name: str) -> Reply:
        return Reply(200, msgspec.json.encode(model_card(name)))

    def refusal_reply(self, refusal: Refusal) -> Reply:
        headers = {} if refusal.retry_after_s is None else {"Retry-After": retry_after(refusal.retry_after_s)}
        body = msgspec.json.encode({"error": refusal_fields(refusal)})
        return Reply(refusal_status(refusal), body, headers)

    def error_event(self, route: Route, refusal: Refusal, events_sent: int) -> bytes:
        return error_event(route, refusal, events_sent)

    def malformed_event(self, route: Route) -> bytes:
        return malformed_event(route, b'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choi\n\n')

    def headers(self, facts: Facts) -> dict[str, str]:
        return {
            "x-request-id": f"req_{facts.request_id}",
            "openai-organization": "org-simulated",
            "openai-version": "2020-10-01",
            "openai-processing-ms": str(round(facts.elapsed_ms)),
            "x-ratelimit-limit-requests": str(facts.limits.requests),
            "x-ratelimit-limit-tokens": str(facts.limits.tokens),
            "x-ratelimit-remaining-requests": str(facts.limits.requests_left),
            "x-ratelimit-remaining-tokens": str(facts.limits.tokens_left),
            "x-ratelimit-reset-requests": _shown_wait(facts.limits.requests, facts.limits.requests_left),
            "x-ratelimit-reset-tokens": _shown_wait(facts.limits.tokens, facts.limits.tokens_left),
        }


def route_below_v1(method: str, rest: str, shown: str) -> Route:
    """What the path behind /v1/ asks for; `shown` names it in the complaint about an unknown one."""
    if rest in _POSTS:
        if method != "POST":
            raise Refusal(kind="method_not_allowed", subject=shown)
        return _POSTS[rest]
    if rest.startswith("responses/"):
        return _kept_response_route(method, rest.removeprefix("responses/"), shown)
    if rest == "models" or rest.startswith("models/"):
        if method != "GET":
            raise Refusal(kind="method_not_allowed", subject=shown)
        return Route("models") if rest == "models" else Route("model", model=rest.removeprefix("models/"))
    raise Refusal(kind="unknown_path", subject=shown)


def task_of(order: Order, picture_extras: dict[str, Any] | None = None) -> Task:
    """What the model is asked to do; `picture_extras` stand beside every picture it paints."""
    match order.route.form:
        case "embeddings":
            return _embeddings_task(order)
        case "images":
            return generation_task(order, picture_extras)
        case "image_edits":
            return edit_task(order, picture_extras)
        case "speech":
            return speech_task(order)
        case "moderations":
            return moderation_task(order)
        case "rerank":
            return rerank_task(order)
        case "response_tokens":
            return response_tokens_task(order)
    return listening_task(order)


def error_event(route: Route, refusal: Refusal, events_sent: int) -> bytes:
    """An error inside a stream that has begun. A sound has no words for it and just ends."""
    if route.form == "responses":
        return response_error_event(refusal, events_sent)
    return b"" if route.form == "speech" else sse({"error": refusal_fields(refusal)})


def malformed_event(route: Route, in_chat: bytes) -> bytes:
    """An event whose content is broken off; `in_chat` is the one for chats."""
    if route.form == "responses":
        return b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","del\n\n'
    return in_chat if route.form == "" else b'data: {"type":"bro\n\n'


def _kept_response_route(method: str, rest: str, shown: str) -> Route:
    id, _, below = rest.partition("/")
    if below not in ("", "input_items"):
        raise Refusal(kind="unknown_path", subject=shown)
    if method not in (("GET",) if below else ("GET", "DELETE")):
        raise Refusal(kind="method_not_allowed", subject=shown)
    return Route("plain", "response_input" if below else "kept_response", id=id)


def _embeddings_task(order: Order) -> Task:
    fields = read_object(order.incoming.body)
    ask = read_embeddings(fields, order.route.model or model_in(fields))

    def reply(making: Making) -> Reply:
        return Reply(200, msgspec.json.encode(embedding_list(ask, making.model)))

    return Task(ask.model, ask.input_tokens, reply)


def _events(ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Iterator[Event]:
    for chunk in chunks(ask, answer, tokens_per_chunk):
        yield Event(sse(chunk.fields), chunk.part, chunk.tokens)
    yield Event(DONE, "closing")


def _shown_wait(limit: int, left: int) -> str:
    return "0s" if limit == 0 else f"{round((limit - left) * 60_000 / limit)}ms"
