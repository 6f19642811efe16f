"""AWS Bedrock's wire: /model/{id}/converse, /converse-stream and /invoke, signed or with a Bedrock API key."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from madang_simulator.answers import Answer
from madang_simulator.asks import ChatAsk
from madang_simulator.behaviour import FaultKind
from madang_simulator.incoming import Incoming
from madang_simulator.keys import bearer, check_key
from madang_simulator.refusals import Refusal
from madang_simulator.wires.bedrock.frames import EVENT_STREAM, event_frame
from madang_simulator.wires.bedrock.refusals import refusal_frame, refusal_reply
from madang_simulator.wires.bedrock.replies import converse_events, converse_reply
from madang_simulator.wires.bedrock.requests import read_converse
from madang_simulator.wires.bedrock.signature import check_signature
from madang_simulator.wires.bedrock.tasks import invoke_task
from madang_simulator.wires.wire import Facts, Order, Reply, Route, Streamed, Task

_VERBS = ("converse", "converse-stream", "invoke")


class BedrockWire:
    """Speaks as bedrock-runtime.{region}.amazonaws.com does."""

    name = "bedrock"
    refuses_filtered_prompts = False
    unknown_faults: frozenset[FaultKind] = frozenset()
    listed_models: tuple[str, ...] = ()  # the runtime lists none; that is another service of AWS

    def owns(self, incoming: Incoming) -> bool:
        return incoming.path.startswith("model/")

    def route(self, incoming: Incoming) -> Route:
        _, model, verb = [*incoming.path.split("/", 2), "", ""][:3]
        if verb not in _VERBS or not model or incoming.method != "POST":
            raise Refusal(kind="unknown_path", subject=incoming.shown)
        name = model.replace("%2F", "/")
        if verb == "invoke":
            return Route("task", "invoke", model=name)
        return Route("chat", verb, model=name, stream=verb == "converse-stream")

    def check_access(self, incoming: Incoming, now_s: float) -> None:
        key = bearer(incoming.headers)
        if key is None:
            check_signature(incoming, now_s)
            return
        try:
            check_key(key)
        except Refusal:
            message = "Authentication failed: Please make sure your API Key is valid."
            raise Refusal(kind="unauthorized", code="AccessDeniedException", message=message) from None

    def answering_model(self, model: str) -> str:
        return model

    def read_chat(self, order: Order) -> ChatAsk:
        route = order.route
        return read_converse(order.incoming.body, route.model or "", stream=bool(route.stream))

    def chat_reply(self, order: Order, ask: ChatAsk, answer: Answer) -> Reply:
        return Reply(200, msgspec.json.encode(converse_reply(ask, answer)))

    def chat_stream(self, order: Order, ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Streamed:
        return Streamed(EVENT_STREAM, converse_events(ask, answer, tokens_per_chunk))

    def read_task(self, order: Order) -> Task:
        return invoke_task(order)

    def plain_reply(self, order: Order) -> Reply:
        raise Refusal(kind="unknown_path", subject=order.incoming.shown)

    def models_reply(self, order: Order, names: Sequence[str]) -> Reply:
        raise Refusal(kind="unknown_path", subject=order.incoming.shown)

    def model_reply(self, order: Order, name: str) -> Reply:
        raise Refusal(kind="unknown_path", subject=order.incoming.shown)

    def refusal_reply(self, refusal: Refusal) -> Reply:
        return refusal_reply(refusal)

    def error_event(self, route: Route, refusal: Refusal, events_sent: int) -> bytes:
        return refusal_frame(refusal)

    def malformed_event(self, route: Route) -> bytes:
        return event_frame("contentBlockDelta", b'{"contentBlockIndex":0,"delta":{"te')

    def headers(self, facts: Facts) -> dict[str, str]:
        return {"x-amzn-requestid": str(UUID(facts.request_id))}
