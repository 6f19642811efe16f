"""One request from arrival to reply, as steps: who asks, what for, which fault strikes, then the answer.

Knows no vendor's words (those are in wires/), sends nothing and waits for nothing: whoever plays the steps does.
"""

import logging
import traceback
from collections.abc import Callable, Generator

import msgspec

from madang_simulator.answers import Writing, answer
from madang_simulator.behaviour import Fault
from madang_simulator.chance import seeded
from madang_simulator.delivery import Delivery
from madang_simulator.fleet import Deployment, Fleet
from madang_simulator.incoming import Incoming
from madang_simulator.journal import Entry, Journal, kept_body
from madang_simulator.known_models import is_served
from madang_simulator.outgoing import BREAK, Opening, Pause, Step, Steps, Whole
from madang_simulator.pace import Pace
from madang_simulator.prompt_tokens import PromptTokens, prompt_length
from madang_simulator.refusals import Refusal, RefusalKind
from madang_simulator.wires import Wire, all_wires
from madang_simulator.wires.wire import Facts, Making, Order, Reply

_log = logging.getLogger("madang_simulator")
_REFUSING: dict[str, RefusalKind] = {
    "rate_limited": "rate_limited",
    "quota": "quota",
    "server_error": "server_error",
    "overloaded": "overloaded",
    "unauthorized": "unauthorized",
    "permission_denied": "permission_denied",
}
_HTML = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    b"<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
_JSON = {"content-type": "application/json"}


class Exchange:
    """Answers the vendors' paths. `now_s` gives a steady clock's seconds, `wall_s` Unix seconds, `new_id` 32 hex digits."""

    def __init__(
        self,
        fleet: Fleet,
        journal: Journal,
        *,
        now_s: Callable[[], float],
        wall_s: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._fleet = fleet
        self._journal = journal
        self._wires = all_wires()
        self.now_s = now_s
        self.wall_s = wall_s
        self.new_id = new_id

    def play(self, incoming: Incoming) -> Steps:
        """The steps of the reply. Closing them before their end means that the caller has left."""
        entry = self._journal.start(incoming, self.wall_s())
        has_begun = has_ended = False
        try:
            for step in self._steps(incoming, entry):
                has_ended = isinstance(step, Whole)
                has_begun = has_begun or has_ended or isinstance(step, Opening)
                yield step
        except GeneratorExit:
            # Steps are also closed after the last one, and when a fault of ours broke the connection.
            entry.client_left = not (has_ended or entry.broken_by_us)
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of ours: the caller gets a 500, the log says where
            entry.fault = "simulator_failed"
            _log.error("The simulator failed with %s at %s", type(error).__name__, _place_of(error))
            if has_begun:
                entry.broken_by_us = True
                yield BREAK
            else:
                entry.status = 500
                yield _failed("The simulator itself failed; see its log.", "server_error", 500)
        finally:
            self._journal.end(entry, self.wall_s())

    def outage_of(self, deployment: Deployment) -> str | None:
        """How the deployment's region is down, if it is."""
        return self._fleet.outage_of(deployment)

    def _steps(self, incoming: Incoming, entry: Entry) -> Steps:
        wire = next((one for one in self._wires if one.owns(incoming)), None)
        if wire is None:
            entry.status = 404
            message = (
                f"There is nothing at {incoming.target.partition('?')[0]}. Vendors' paths are /d/DEPLOYMENT/… as in "
                "docs/simulator.md; the simulator's own are /_control, /_requests and /_health."
            )
            yield _failed(message, "invalid_request_error", 404)
            return
        turn = _Turn(self, incoming, entry, wire, self._fleet.deployment(incoming.deployment))
        try:
            yield from turn.take()
        except Refusal as refusal:
            yield from turn.delivery.whole(wire.refusal_reply(refusal))


class _Turn:
    """One request being answered, with what belongs to it."""

    def __init__(
        self, exchange: Exchange, incoming: Incoming, entry: Entry, wire: Wire, deployment: Deployment
    ) -> None:
        self.exchange = exchange
        self.incoming = incoming
        self.entry = entry
        self.wire = wire
        self.deployment = deployment
        self.behaviour = deployment.behaviour
        self.delivery = Delivery(wire, entry, self._headers)
        self.started_s = exchange.now_s()
        self.request_id = exchange.new_id()
        self.limits = deployment.limits(exchange.wall_s())
        self.model: str | None = None
        self.chance = ""

    def take(self) -> Steps:
        outage = self.exchange.outage_of(self.deployment)
        if outage is not None:
            self.entry.fault = f"region_{outage}"
            if outage == "reset":
                yield from self._reset()
                return
            raise Refusal(kind="overloaded")
        route = self.wire.route(self.incoming)
        self.entry.operation = route.form or route.operation
        if self.behaviour.asks_for_key:
            self.wire.check_access(self.incoming, self.exchange.wall_s())
        if self.incoming.is_too_large:
            raise Refusal(kind="body_too_large")
        self.entry.body = kept_body(self.incoming.body)
        order = Order(route, self.incoming, self.deployment.shelf)
        if route.operation == "plain":
            yield from self.delivery.whole(self.wire.plain_reply(order))
        elif route.operation in ("models", "model"):
            yield from self.delivery.whole(self._models(order))
        else:
            yield from self._infer(order)

    def _models(self, order: Order) -> Reply:
        served = self.behaviour.models
        if order.route.operation == "model":
            name = order.route.model or ""
            if not is_served(name, served):
                raise Refusal(kind="model_not_found", subject=name)
            return self.wire.model_reply(order, name)
        return self.wire.models_reply(order, self.wire.listed_models if served is None else served)

    def _infer(self, order: Order) -> Steps:
        is_chat = order.route.operation == "chat"
        fault = self.deployment.plan.next_fault(is_chat=is_chat, unknown=self.wire.unknown_faults)
        if fault is not None:
            self.entry.fault = fault.kind
            if (yield from self._strike_early(fault)):
                return
        if is_chat:
            yield from self._chat(order, fault)
        else:
            yield from self._task(order, fault)

    def _strike_early(self, fault: Fault) -> Generator[Step, None, bool]:
        """Plays a fault that comes before the request is read; False when it is one that comes later."""
        if fault.kind in _REFUSING:
            raise Refusal(kind=_REFUSING[fault.kind], retry_after_s=fault.retry_after_s)
        if fault.kind == "context_overflow":
            window = self.behaviour.context_window
            raise Refusal(kind="context_overflow", window_tokens=window, prompt_tokens=window + 1 + window // 8)
        if fault.kind == "content_filter" and self.wire.refuses_filtered_prompts:
            raise Refusal(kind="content_filter")
        if fault.kind == "html_502":
            yield from self.delivery.whole(Reply(502, _HTML, {"content-type": "text/html"}))
        elif fault.kind == "bad_json":
            yield from self.delivery.whole(Reply(200, b'{"id":"chatcmpl-'))
        elif fault.kind == "error_in_200":
            error = self.wire.refusal_reply(Refusal(kind=fault.error, retry_after_s=fault.retry_after_s))
            yield from self.delivery.whole(error._replace(status=200))
        elif fault.kind == "reset":
            yield from self._reset()
        elif fault.kind == "hang":
            yield Pause(fault.duration_s)
            yield from self._reset()
        else:
            return False
        return True

    def _task(self, order: Order, fault: Fault | None) -> Steps:
        task = self.wire.read_task(order)
        self._admit(task.model, task.input_tokens, fault)
        pace = self._pace(fault)
        yield from pace.before_first()
        made = task.reply(
            Making(
                id=self.exchange.new_id(),
                created=int(self.exchange.wall_s()),
                model=self._answering(task.model),
                rng=seeded("task", self.chance),
                is_blocked=fault is not None and fault.kind == "content_filter",
            )
        )
        if isinstance(made, Reply):
            if fault is not None and fault.kind == "error_event":
                raise Refusal(kind=fault.error, retry_after_s=fault.retry_after_s)
            yield from self.delivery.whole(made, fault)
        else:
            self.entry.streamed = True
            yield from self.delivery.stream(made, pace, fault, order.route)

    def _chat(self, order: Order, fault: Fault | None) -> Steps:
        ask = self.wire.read_chat(order)
        tokens = prompt_length(ask)
        self._admit(ask.model, tokens, fault, window=self.behaviour.context_window)
        pace = self._pace(fault)
        filtered_after = None
        if fault is not None and fault.kind in ("content_filter", "content_filter_stream"):
            chunks = 0 if fault.kind == "content_filter" else fault.after_chunks
            filtered_after = chunks * self.behaviour.tokens_per_chunk
        writing = Writing(
            output_tokens=self.behaviour.output_tokens,
            filtered_after=filtered_after,
            is_prompt_blocked=fault is not None and fault.kind == "content_filter",
            chance=self.chance,
        )
        prompt: PromptTokens = self.deployment.prefixes.count(ask)
        made = answer(
            ask,
            writing,
            prompt,
            id=self.exchange.new_id(),
            created=int(self.exchange.wall_s()),
            model=self._answering(ask.model),
        )
        self.entry.streamed = ask.stream
        yield from pace.before_first()
        if ask.stream:
            if not ask.shows_reasoning:  # thoughts that are not told take their time all the same
                yield from pace.before(made.usage.reasoning)
            streamed = self.wire.chat_stream(order, ask, made, self.behaviour.tokens_per_chunk)
            yield from self.delivery.stream(streamed, pace, fault, order.route)
            return
        if fault is not None and fault.kind == "error_event":
            raise Refusal(kind=fault.error, retry_after_s=fault.retry_after_s)
        yield from pace.before(made.usage.completion)
        yield from self.delivery.whole(self.wire.chat_reply(order, ask, made), fault)

    def _admit(self, model: str, tokens: int, fault: Fault | None, window: int | None = None) -> None:
        """Lets a request in that has been read: the model is there, the prompt fits, the minute has room."""
        self.model = model
        is_away = fault is not None and fault.kind == "model_unavailable"
        if is_away or not is_served(model, self.behaviour.models):
            raise Refusal(kind="model_not_found", subject=model)
        if window is not None and tokens > window:
            raise Refusal(kind="context_overflow", window_tokens=window, prompt_tokens=tokens)
        self.limits = self.deployment.admit(tokens, self.exchange.wall_s())
        if self.limits.exceeded:
            raise Refusal(kind="rate_limited", retry_after_s=round(self.limits.reset_s, 3))
        self.chance = self.deployment.next_chance()

    def _pace(self, fault: Fault | None) -> Pace:
        extra_s = fault.duration_s if fault is not None and fault.kind == "slow_first_token" else 0.0
        return Pace(self.behaviour, seeded("pace", self.chance), self.exchange.now_s, extra_s)

    def _answering(self, model: str) -> str:
        return self.behaviour.served_model or self.wire.answering_model(model)

    def _reset(self) -> Steps:
        self.entry.broken_by_us = True
        yield BREAK

    def _headers(self) -> dict[str, str]:
        elapsed_ms = (self.exchange.now_s() - self.started_s) * 1000
        now_s = self.exchange.wall_s()
        facts = Facts(self.request_id, elapsed_ms, self.limits, self.behaviour.region, self.model, now_s)
        return {**self.wire.headers(facts), "x-madang-simulated": "true"}


def _failed(message: str, type: str, status: int) -> Whole:
    error = {"message": message, "type": type, "param": None, "code": None}
    return Whole(status, _JSON, msgspec.json.encode({"error": error}))


def _place_of(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
