"""OpenAI's wire: /v1/chat/completions, /v1/embeddings, /v1/models."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from madang_simulator.answers import Answer
from madang_simulator.asks import ChatAsk, EmbeddingAsk
from madang_simulator.refusals import Refusal
from madang_simulator.wires.openai_fields import read_object
from madang_simulator.wires.openai_refusals import refusal_fields, refusal_status, retry_after
from madang_simulator.wires.openai_replies import chunks, completion, embedding_list, model_card
from madang_simulator.wires.openai_requests import model_in, read_chat, read_embeddings
from madang_simulator.wires.wire import Event, Facts, Reply, Route

_DONE = b"data: [DONE]\n\n"


class OpenAIWire:
    """Speaks as api.openai.com does."""

    name = "openai"
    refuses_filtered_prompts = False

    def owns(self, path: str) -> bool:
        return path == "v1" or path.startswith("v1/")

    def route(self, method: str, path: str, query: Mapping[str, str]) -> Route:
        return route_below_v1(method, path.removeprefix("v1").lstrip("/"), f"{method} /{path}")

    def key(self, headers: Mapping[str, str]) -> str | None:
        return bearer(headers)

    def read_chat(self, route: Route, body: bytes) -> ChatAsk:
        fields = read_object(body)
        return read_chat(fields, model_in(fields))

    def read_embeddings(self, route: Route, body: bytes) -> EmbeddingAsk:
        fields = read_object(body)
        return read_embeddings(fields, model_in(fields))

    def chat_reply(self, ask: ChatAsk, answer: Answer) -> bytes:
        return msgspec.json.encode(completion(ask, answer))

    def chat_events(self, ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Iterator[Event]:
        for chunk in chunks(ask, answer, tokens_per_chunk):
            yield Event(sse(chunk.fields), chunk.part, chunk.tokens)
        yield Event(_DONE, "closing")

    def embeddings_reply(self, ask: EmbeddingAsk, model: str) -> bytes:
        return msgspec.json.encode(embedding_list(ask, model))

    def models_reply(self, names: Sequence[str]) -> bytes:
        return msgspec.json.encode({"object": "list", "data": [model_card(name) for name in names]})

    def model_reply(self, name: str) -> bytes:
        return msgspec.json.encode(model_card(name))

    def refusal_reply(self, refusal: Refusal) -> Reply:
        headers = {} if refusal.retry_after_s is None else {"Retry-After": retry_after(refusal.retry_after_s)}
        body = msgspec.json.encode({"error": refusal_fields(refusal)})
        return Reply(refusal_status(refusal), body, headers)

    def error_event(self) -> bytes:
        return sse({"error": refusal_fields(Refusal(kind="server_error"))})

    def malformed_event(self) -> bytes:
        return b'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"del\n\n'

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
    posts = {"chat/completions": Route("chat"), "embeddings": Route("embeddings")}
    if rest in posts:
        if method != "POST":
            raise Refusal(kind="method_not_allowed", subject=shown)
        return posts[rest]
    if rest == "models" or rest.startswith("models/"):
        if method != "GET":
            raise Refusal(kind="method_not_allowed", subject=shown)
        return Route("models") if rest == "models" else Route("model", rest.removeprefix("models/"))
    raise Refusal(kind="unknown_path", subject=shown)


def bearer(headers: Mapping[str, str]) -> str | None:
    """The Bearer token of a request, None when there is none."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def sse(fields: object) -> bytes:
    """A server-sent event."""
    return b"data: " + msgspec.json.encode(fields) + b"\n\n"


def _shown_wait(limit: int, left: int) -> str:
    return "0s" if limit == 0 else f"{round((limit - left) * 60_000 / limit)}ms"
