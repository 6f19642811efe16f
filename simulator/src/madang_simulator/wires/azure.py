"""Azure OpenAI's wire: /openai/deployments/{name}/… with api-version, and /openai/v1/…, with content filter results."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from madang_simulator.answers import Answer
from madang_simulator.asks import ChatAsk
from madang_simulator.behaviour import FaultKind
from madang_simulator.incoming import Incoming
from madang_simulator.keys import bearer, check_key
from madang_simulator.known_models import OPENAI_MODELS, answering_model
from madang_simulator.refusals import Refusal, RefusalKind
from madang_simulator.wires.openai import error_event, malformed_event, route_below_v1, task_of
from madang_simulator.wires.openai_fields import read_object
from madang_simulator.wires.openai_refusals import refusal_fields, refusal_status, retry_after
from madang_simulator.wires.openai_replies import chunks, completion
from madang_simulator.wires.openai_requests import model_in, read_chat
from madang_simulator.wires.openai_responses import (
    kept_response_reply,
    read_response,
    response_reply,
    response_stream,
)
from madang_simulator.wires.sse import DONE, SSE_TYPE, sse
from madang_simulator.wires.wire import Event, Facts, Order, Reply, Route, Streamed, Task

Json = dict[str, Any]

_CATEGORIES = ("hate", "self_harm", "sexual", "violence")
_DEFAULT_RETRY_S = 1.0
_OWN_WORDS: dict[RefusalKind, tuple[str, str]] = {
    "unauthorized": (
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource.",
    ),
    "model_not_found": (
        "DeploymentNotFound",
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, "
        "please wait a moment and try again.",
    ),
    "permission_denied": (
        "PermissionDenied",
        "The principal lacks the required data action for this operation.",
    ),
    "unknown_path": ("404", "Resource not found"),
    "rate_limited": (
        "429",
        "Requests to this operation have exceeded the call rate limit of your current pricing tier. "
        "Please retry after {seconds} seconds.",
    ),
    "quota": (
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "overloaded": (
        "ServiceUnavailable",
        "The service is temporarily unable to process your request. Please try again later.",
    ),
}


class AzureWire:
    """Speaks as {resource}.openai.azure.com does."""

    name = "azure"
    refuses_filtered_prompts = True
    unknown_faults: frozenset[FaultKind] = frozenset()
    listed_models = OPENAI_MODELS

    def owns(self, incoming: Incoming) -> bool:
        return incoming.path == "openai" or incoming.path.startswith("openai/")

    def route(self, incoming: Incoming) -> Route:
        rest = incoming.path.removeprefix("openai").lstrip("/")
        method, shown = incoming.method, incoming.shown
        if rest.startswith("v1/"):
            return route_below_v1(method, rest.removeprefix("v1/"), shown)
        if not incoming.query.get("api-version"):
            raise Refusal(kind="unknown_path", subject=shown)
        if rest.startswith("deployments/"):
            deployment, _, operation = rest.removeprefix("deployments/").partition("/")
            if operation.startswith("models"):
                raise Refusal(kind="unknown_path", subject=shown)
            return route_below_v1(method, operation, shown)._replace(model=deployment)
        return route_below_v1(method, rest, shown)

    def check_access(self, incoming: Incoming, now_s: float) -> None:
        check_key(incoming.headers.get("api-key") or bearer(incoming.headers))

    def answering_model(self, model: str) -> str:
        return answering_model(model)

    def read_chat(self, order: Order) -> ChatAsk:
        if order.route.form == "responses":
            return read_response(order)
        fields = read_object(order.incoming.body)
        return read_chat(fields, order.route.model or model_in(fields))

    def chat_reply(self, order: Order, ask: ChatAsk, answer: Answer) -> Reply:
        if order.route.form == "responses":
            return response_reply(order, ask, answer, _response_extras(answer))
        reply = completion(ask, answer)
        for choice in reply["choices"]:
            choice["content_filter_results"] = _filter_results(filtered=choice["finish_reason"] == "content_filter")
        reply["prompt_filter_results"] = _prompt_filter_results()
        return Reply(200, msgspec.json.encode(reply))

    def chat_stream(self, order: Order, ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Streamed:
        if order.route.form == "responses":
            return response_stream(order, ask, answer, tokens_per_chunk, _response_extras(answer))
        return Streamed(SSE_TYPE, _events(ask, answer, tokens_per_chunk))

    def read_task(self, order: Order) -> Task:
        return task_of(order, _picture_extras())

    def plain_reply(self, order: Order) -> Reply:
        return kept_response_reply(order)

    def models_reply(self, order: Order, names: Sequence[str]) -> Reply:
        return Reply(200, msgspec.json.encode({"object": "list", "data": [_model_card(name) for name in names]}))

    def model_reply(self, order: Order, name: str) -> Reply:
        return Reply(200, msgspec.json.encode(_model_card(name)))

    def refusal_reply(self, refusal: Refusal) -> Reply:
        headers = {}
        wait_s = refusal.retry_after_s
        if refusal.kind == "rate_limited" or wait_s is not None:
            wait_s = _DEFAULT_RETRY_S if wait_s is None else wait_s
            headers = {"Retry-After": retry_after(wait_s), "retry-after-ms": str(round(wait_s * 1000))}
        return Reply(refusal_status(refusal), msgspec.json.encode({"error": _error_fields(refusal, wait_s)}), headers)

    def error_event(self, route: Route, refusal: Refusal, events_sent: int) -> bytes:
        return error_event(route, refusal, events_sent)

    def malformed_event(self, route: Route) -> bytes:
        return malformed_event(route, b'data: {"choices":[{"content_filter_results":{"hate":{"filtered":fal\n\n')

    def headers(self, facts: Facts) -> dict[str, str]:
        id = str(UUID(facts.request_id))
        headers = {
            "x-request-id": id,
            "apim-request-id": id,
            "x-ms-region": facts.region or "Simulated",
            "x-ms-rai-invoked": "true",
            "x-ratelimit-limit-requests": str(facts.limits.requests),
            "x-ratelimit-limit-tokens": str(facts.limits.tokens),
            "x-ratelimit-remaining-requests": str(facts.limits.requests_left),
            "x-ratelimit-remaining-tokens": str(facts.limits.tokens_left),
            "azureml-model-time": str(round(facts.elapsed_ms)),
        }
        if facts.model is not None:
            headers["x-ms-deployment-name"] = facts.model
        return headers


def _events(ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Iterator[Event]:
    opening = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}
    yield Event(sse({**opening, "prompt_filter_results": _prompt_filter_results()}), "opening")
    for chunk in chunks(ask, answer, tokens_per_chunk):
        for choice in chunk.fields["choices"]:
            choice["content_filter_results"] = _chunk_filter_results(choice)
        yield Event(sse(chunk.fields), chunk.part, chunk.tokens)
    yield Event(DONE, "closing")


def _error_fields(refusal: Refusal, wait_s: float | None) -> Json:
    if refusal.kind == "content_filter":
        return _blocked_prompt()
    words = _OWN_WORDS.get(refusal.kind)
    if words is None:
        return refusal_fields(refusal)
    code, message = words
    fields: Json = {"code": code, "message": refusal.message or message.format(seconds=retry_after(wait_s or 0))}
    return {**fields, "type": "insufficient_quota", "param": None} if refusal.kind == "quota" else fields


def _blocked_prompt() -> Json:
    return {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
        "Please modify your prompt and retry.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {
                **_filter_results(filtered=True),
                "jailbreak": {"filtered": False, "detected": False},
            },
        },
    }


def _filter_results(*, filtered: bool) -> Json:
    results: Json = {category: {"filtered": False, "severity": "safe"} for category in _CATEGORIES}
    if filtered:
        results["violence"] = {"filtered": True, "severity": "medium"}
    return results


def _prompt_filter_results() -> list[Json]:
    results = {**_filter_results(filtered=False), "jailbreak": {"filtered": False, "detected": False}}
    return [{"prompt_index": 0, "content_filter_results": results}]


def _response_extras(answer: Answer) -> Json:
    """Foundry's own addition to Responses, which stands for both of chat's fields."""
    is_filtered = answer.choices[0].finish == "content_filter"
    length = sum(len(piece) for piece in answer.choices[0].pieces)
    return {
        "content_filters": [
            _filter_entry("prompt", _prompt_filter_results()[0]["content_filter_results"], 0, blocked=False),
            _filter_entry("completion", _filter_results(filtered=is_filtered), length, blocked=is_filtered),
        ]
    }


def _filter_entry(source: str, results: Json, length: int, *, blocked: bool) -> Json:
    offsets = {"start_offset": 0, "end_offset": length, "check_offset": 0}
    return {
        "blocked": blocked,
        "source_type": source,
        "content_filter_raw": [],
        "content_filter_results": results,
        "content_filter_offsets": offsets,
    }


def _picture_extras() -> Json:
    return {
        "content_filter_results": _filter_results(filtered=False),
        "prompt_filter_results": _prompt_filter_results()[0]["content_filter_results"],
    }


def _chunk_filter_results(choice: Json) -> Json:
    if choice["finish_reason"] == "content_filter":
        return _filter_results(filtered=True)
    return _filter_results(filtered=False) if choice["delta"].get("content") else {}


def _model_card(name: str) -> Json:
    is_embedding = "embedding" in name
    return {
        "id": name,
        "object": "model",
        "status": "succeeded",
        "lifecycle_status": "generally-available",
        "created_at": 1_735_689_600,
        "capabilities": {
            "fine_tune": False,
            "inference": True,
            "completion": False,
            "chat_completion": not is_embedding,
            "embeddings": is_embedding,
        },
    }
