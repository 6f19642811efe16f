"""Speaks as generativelanguage.googleapis.com and aiplatform.googleapis.com do.

Source: Google's Gemini API reference and Vertex AI's REST reference, "generateContent", "streamGenerateContent".
"""

from collections.abc import Sequence

import msgspec

from madang_simulator.answers import Answer
from madang_simulator.asks import ChatAsk
from madang_simulator.behaviour import FaultKind
from madang_simulator.incoming import Incoming
from madang_simulator.refusals import Refusal
from madang_simulator.wires.gemini import access, tasks
from madang_simulator.wires.gemini.ask import read_ask
from madang_simulator.wires.gemini.model_facts import LISTED, draws, speaks
from madang_simulator.wires.gemini.paths import OAUTH_PATH, is_googles, place_of
from madang_simulator.wires.gemini.refusals import refusal_fields, refusal_status
from madang_simulator.wires.gemini.replies import events, model_card, response, sse
from madang_simulator.wires.openai_fields import read_object
from madang_simulator.wires.sse import SSE_TYPE
from madang_simulator.wires.wire import Facts, Order, Reply, Route, Streamed, Task

_TASKS = {
    "batchEmbedContents": tasks.batch_task,
    "embedContent": tasks.embed_task,
    "predict": tasks.predict_task,
    "countTokens": tasks.count_task,
    "pictures": tasks.picture_task,
    "speech": tasks.speech_task,
}


class GeminiWire:
    """Chats, embeddings, pictures, speech, counting and models; and the token endpoint of service accounts."""

    name = "gemini"
    refuses_filtered_prompts = False
    unknown_faults: frozenset[FaultKind] = frozenset()
    listed_models = LISTED

    def owns(self, incoming: Incoming) -> bool:
        return is_googles(incoming)

    def route(self, incoming: Incoming) -> Route:
        if incoming.path == OAUTH_PATH:
            return Route("plain", "token")
        place = place_of(incoming)
        if not place.method:
            if incoming.method != "GET":
                raise Refusal(kind="unknown_path")
            return Route("models") if place.is_list else Route("model", model=place.model)
        if incoming.method != "POST":
            raise Refusal(kind="unknown_path")
        if place.method in ("generateContent", "streamGenerateContent"):
            stream = place.method == "streamGenerateContent"
            if stream and incoming.query.get("alt") != "sse":
                raise Refusal(
                    kind="invalid_request", message="The simulator streams server-sent events only: add ?alt=sse."
                )
            if draws(place.model) or speaks(place.model):
                return Route("task", "pictures" if draws(place.model) else "speech", place.model, stream)
            return Route("chat", place.method, place.model, stream)
        if place.method in _TASKS:
            return Route("task", place.method, place.model)
        raise Refusal(kind="unknown_path")

    def check_access(self, incoming: Incoming, now_s: float) -> None:
        if incoming.path != OAUTH_PATH:
            access.check_access(incoming, now_s, is_vertex=place_of(incoming).is_vertex)

    def answering_model(self, model: str) -> str:
        return model

    def read_chat(self, order: Order) -> ChatAsk:
        return read_ask(read_object(order.incoming.body), order.route.model or "", stream=bool(order.route.stream))

    def chat_reply(self, order: Order, ask: ChatAsk, answer: Answer) -> Reply:
        return Reply(200, msgspec.json.encode(response(ask, answer)))

    def chat_stream(self, order: Order, ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Streamed:
        return Streamed(SSE_TYPE, events(ask, answer, tokens_per_chunk))

    def read_task(self, order: Order) -> Task:
        return _TASKS[order.route.form](order, order.route.model or "")

    def plain_reply(self, order: Order) -> Reply:
        return access.token_reply(order.incoming)

    def models_reply(self, order: Order, names: Sequence[str]) -> Reply:
        is_vertex = place_of(order.incoming).is_vertex
        cards = [model_card(name, is_vertex=is_vertex) for name in names]
        return Reply(200, msgspec.json.encode({"publisherModels" if is_vertex else "models": cards}))

    def model_reply(self, order: Order, name: str) -> Reply:
        return Reply(200, msgspec.json.encode(model_card(name, is_vertex=place_of(order.incoming).is_vertex)))

    def refusal_reply(self, refusal: Refusal) -> Reply:
        return Reply(refusal_status(refusal), msgspec.json.encode(refusal_fields(refusal)))

    def error_event(self, route: Route, refusal: Refusal, events_sent: int) -> bytes:
        return sse(refusal_fields(refusal))

    def malformed_event(self, route: Route) -> bytes:
        return b'data: {"candidates":[{"content":{"parts":[{"te\r\n\r\n'

    def headers(self, facts: Facts) -> dict[str, str]:
        return {
            "server-timing": f"gfet4t7; dur={round(facts.elapsed_ms)}",
            "x-gemini-service-tier": "standard",
            "vary": "Origin, X-Origin, Referer",
        }
