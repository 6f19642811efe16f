"""One request from arrival to reply: who asks, what for, which fault strikes, then the answer.

Knows no vendor's words (those are in wires/) and sends nothing itself (that is in delivery.py).
"""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable

from aiohttp import web

from madang_simulator.answers import Writing, answer
from madang_simulator.asks import Ask, ChatAsk, EmbeddingAsk
from madang_simulator.behaviour import Fault
from madang_simulator.broken_connection import reset
from madang_simulator.chance import seeded
from madang_simulator.delivery import Delivery
from madang_simulator.fleet import Deployment, Fleet, Limits
from madang_simulator.journal import Entry, Journal, kept_body
from madang_simulator.known_models import LISTED_MODELS, answering_model, is_served
from madang_simulator.pace import Pace
from madang_simulator.prompt_tokens import PromptTokens, prompt_length
from madang_simulator.refusals import Refusal, RefusalKind
from madang_simulator.wires import Wire, all_wires
from madang_simulator.wires.wire import Facts, Reply, Route

WRONG_KEY = "sk-wrong"
_log = logging.getLogger("madang_simulator")
_REFUSING: dict[str, RefusalKind] = {
    "rate_limited": "rate_limited",
    "quota": "quota",
    "server_error": "server_error",
    "overloaded": "overloaded",
    "unauthorized": "unauthorized",
}
_HTML = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    b"<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)


def unknown_path(path: str) -> web.Response:
    """The reply to a path that is neither a vendor's nor one of the simulator's own."""
    message = (
        f"There is nothing at {path}. Vendors' paths are /d/DEPLOYMENT/v1/… (OpenAI) and /d/DEPLOYMENT/openai/… (Azure); "
        "the simulator's own are /_control, /_requests and /_health."
    )
    return web.json_response(
        {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}, status=404
    )


class Exchange:
    """Answers the vendors' paths. `wall_s` gives Unix seconds, `new_id` 32 hexadecimal digits."""

    def __init__(
        self, fleet: Fleet, journal: Journal, *, wall_s: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        self._fleet = fleet
        self._journal = journal
        self._wall_s = wall_s
        self._new_id = new_id
        self._wires = all_wires()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Reply to a request on /d/{deployment}/{path}, or on /v1/… and /openai/… of the deployment "default"."""
        name = request.match_info.get("deployment", "default")
        path = request.match_info["path"]
        wire = next((one for one in self._wires if one.owns(path)), None)
        entry = self._journal.start(
            now=self._wall_s(),
            method=request.method,
            path=request.path,
            query=request.query_string,
            deployment=name,
            headers=request.headers.items(),
        )
        try:
            if wire is None:
                entry.status = 404
                return unknown_path(request.path)
            return await _Turn(self, request, entry, wire, self._fleet.deployment(name), path).take()
        except (asyncio.CancelledError, ConnectionError):
            # The server cancels a handler whose connection has gone, also when a fault of ours broke it.
            entry.client_left = not entry.broken_by_us
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of ours: the caller gets a 500, the log says where
            entry.status, entry.fault = 500, "simulator_failed"
            _log.error("The simulator failed with %s at %s", type(error).__name__, _place_of(error))
            failure = {"message": "The simulator itself failed; see its log.", "type": "server_error"}
            return web.json_response({"error": {**failure, "param": None, "code": None}}, status=500)
        finally:
            self._journal.end(entry, self._wall_s())

    def now_s(self) -> float:
        """Unix seconds."""
        return self._wall_s()

    def new_id(self) -> str:
        """A fresh id of 32 hexadecimal digits."""
        return self._new_id()

    def outage_of(self, deployment: Deployment) -> str | None:
        """How the deployment's region is down, if it is."""
        return self._fleet.outage_of(deployment)


class _Turn:
    """One request being answered, with what belongs to it."""

    def __init__(
        self, exchange: Exchange, request: web.Request, entry: Entry, wire: Wire, deployment: Deployment, path: str
    ) -> None:
        self.exchange = exchange
        self.request = request
        self.entry = entry
        self.wire = wire
        self.deployment = deployment
        self.behaviour = deployment.behaviour
        self.path = path
        self.started = time.perf_counter()
        self.request_id = exchange.new_id()
        self.limits = deployment.limits(exchange.now_s())
        self.model: str | None = None
        self.chance = ""

    async def take(self) -> web.StreamResponse:
        delivery = Delivery(self.request, self.entry, self._headers)
        try:
            outage = self.exchange.outage_of(self.deployment)
            if outage is not None:
                self.entry.fault = f"region_{outage}"
                if outage == "reset":
                    return self._reset()
                raise Refusal(kind="overloaded")
            route = self.wire.route(self.request.method, self.path, self.request.query)
            self.entry.operation = route.operation
            self._check_key()
            if route.operation in ("models", "model"):
                return await delivery.whole(self._models(route))
            body = await self._body()
            return await self._infer(route, body, delivery)
        except Refusal as refusal:
            return await delivery.whole(self.wire.refusal_reply(refusal))

    def _check_key(self) -> None:
        key = self.wire.key(self.request.headers)
        if key is None and self.wire.name == "openai":
            message = "You didn't provide an API key. Send it in an Authorization header using Bearer auth."
            raise Refusal(kind="unauthorized", message=message, code="missing_api_key")
        if key is None or key.startswith(WRONG_KEY):
            raise Refusal(kind="unauthorized")

    async def _body(self) -> bytes:
        try:
            body = await self.request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise Refusal(kind="body_too_large") from error
        self.entry.body = kept_body(body)
        return body

    def _models(self, route: Route) -> Reply:
        served = self.behaviour.models
        if route.operation == "model":
            name = route.model or ""
            if not is_served(name, served):
                raise Refusal(kind="model_not_found", subject=name)
            return Reply(200, self.wire.model_reply(name), {})
        return Reply(200, self.wire.models_reply(LISTED_MODELS if served is None else served), {})

    async def _infer(self, route: Route, body: bytes, delivery: Delivery) -> web.StreamResponse:
        is_chat = route.operation == "chat"
        fault = self.deployment.plan.next_fault(is_chat=is_chat)
        if fault is not None:
            self.entry.fault = fault.kind
            early = await self._strike_early(fault, delivery)
            if early is not None:
                return early
        ask: Ask = self.wire.read_chat(route, body) if is_chat else self.wire.read_embeddings(route, body)
        self.model = ask.model
        if not is_served(ask.model, self.behaviour.models):
            raise Refusal(kind="model_not_found", subject=ask.model)
        self._admit(ask)
        self.chance = self.deployment.next_chance()
        pace = self._pace(fault)
        if isinstance(ask, EmbeddingAsk):
            await pace.before_first()
            vectors = self.wire.embeddings_reply(ask, self._answering(ask))
            return await delivery.whole(Reply(200, vectors, {}), fault)
        return await self._chat(ask, fault, pace, delivery)

    async def _strike_early(self, fault: Fault, delivery: Delivery) -> web.StreamResponse | None:
        """Plays a fault that comes before the request is read; None when it is one that comes later."""
        if fault.kind in _REFUSING:
            raise Refusal(kind=_REFUSING[fault.kind], retry_after_s=fault.retry_after_s)
        if fault.kind == "context_overflow":
            window = self.behaviour.context_window
            raise Refusal(kind="context_overflow", window_tokens=window, prompt_tokens=window + 1 + window // 8)
        if fault.kind == "content_filter" and self.wire.refuses_filtered_prompts:
            raise Refusal(kind="content_filter")
        if fault.kind == "html_502":
            return await delivery.whole(Reply(502, _HTML, {"Content-Type": "text/html"}))
        if fault.kind == "bad_json":
            return await delivery.whole(Reply(200, b'{"id":"chatcmpl-', {}))
        if fault.kind == "reset":
            return self._reset()
        if fault.kind == "hang":
            await asyncio.sleep(fault.duration_s)
            return self._reset()
        return None

    def _admit(self, ask: Ask) -> None:
        tokens = prompt_length(ask) if isinstance(ask, ChatAsk) else ask.input_tokens
        window = self.behaviour.context_window
        if isinstance(ask, ChatAsk) and tokens > window:
            raise Refusal(kind="context_overflow", window_tokens=window, prompt_tokens=tokens)
        self.limits = self.deployment.admit(tokens, self.exchange.now_s())
        if self.limits.exceeded:
            raise Refusal(kind="rate_limited", retry_after_s=round(self.limits.reset_s, 3))

    async def _chat(self, ask: ChatAsk, fault: Fault | None, pace: Pace, delivery: Delivery) -> web.StreamResponse:
        filtered_after = None
        if fault is not None and fault.kind in ("content_filter", "content_filter_stream"):
            chunks = 0 if fault.kind == "content_filter" else fault.after_chunks
            filtered_after = chunks * self.behaviour.tokens_per_chunk
        writing = Writing(
            output_tokens=self.behaviour.output_tokens,
            filtered_after=filtered_after,
            chance=self.chance,
        )
        prompt: PromptTokens = self.deployment.prefixes.count(ask)
        made = answer(
            ask,
            writing,
            prompt,
            id=f"chatcmpl-{self.exchange.new_id()[:29]}",
            created=int(self.exchange.now_s()),
            model=self._answering(ask),
        )
        self.entry.streamed = ask.stream
        await pace.before_first()
        if ask.stream:
            events = self.wire.chat_events(ask, made, self.behaviour.tokens_per_chunk)
            return await delivery.stream(events, pace, fault, self.wire)
        if fault is not None and fault.kind == "error_event":
            raise Refusal(kind="server_error")
        await pace.before(made.usage.completion)
        return await delivery.whole(Reply(200, self.wire.chat_reply(ask, made), {}), fault)

    def _pace(self, fault: Fault | None) -> Pace:
        extra_s = fault.duration_s if fault is not None and fault.kind == "slow_first_token" else 0.0
        loop = asyncio.get_running_loop()
        rng = seeded("pace", self.chance)
        return Pace(self.behaviour, rng, loop.time, extra_s)

    def _answering(self, ask: Ask) -> str:
        return self.behaviour.served_model or answering_model(ask.model)

    def _reset(self) -> web.StreamResponse:
        self.entry.broken_by_us = True
        reset(self.request)
        return web.Response()

    def _headers(self) -> dict[str, str]:
        elapsed_ms = (time.perf_counter() - self.started) * 1000
        limits: Limits = self.limits
        facts = Facts(self.request_id, elapsed_ms, limits, self.behaviour.region, self.model)
        return {**self.wire.headers(facts), "x-madang-simulated": "true"}


def _place_of(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
