"""What a vendor's wire must be able to do: read its requests into asks, and put answers and refusals into its words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Literal, NamedTuple, Protocol

from madang_simulator.answers import Answer
from madang_simulator.asks import ChatAsk
from madang_simulator.behaviour import FaultKind
from madang_simulator.fleet import Limits
from madang_simulator.incoming import Incoming
from madang_simulator.refusals import Refusal
from madang_simulator.shelf import Shelf

Operation = Literal["chat", "task", "models", "model", "plain"]
"""chat: a conversation in any form. task: anything else a model does. plain: answered by the wire without a model."""


class Route(NamedTuple):
    """What a path asks for.

    `form` is the wire's own name for a kind of chat, task or plain reply; the journal shows it. `model`, `stream` and `id`
    (of something kept) where the path tells them; else None.
    """

    operation: Operation
    form: str = ""
    model: str | None = None
    stream: bool | None = None
    id: str | None = None


class Order(NamedTuple):
    """One request and what belongs to it. `shelf` is the deployment's."""

    route: Route
    incoming: Incoming
    shelf: Shelf


class Event(NamedTuple):
    """One event of a stream, as sent; `tokens` of the answer are in it. Faults in mid-stream count "content" events."""

    raw: bytes
    part: Literal["opening", "content", "closing"]
    tokens: int = 0


class Streamed(NamedTuple):
    """A reply in pieces: its content type, and its events in order."""

    content_type: str
    events: Iterator[Event]
    headers: Mapping[str, str] = {}


class Reply(NamedTuple):
    """A whole reply. Its content type is application/json unless `headers` say otherwise."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


class Making(NamedTuple):
    """What a task is answered with: 32 hexadecimal digits, Unix seconds, the name that answers, dice, the fault.

    `is_blocked`: the fault content_filter has struck, and the wire does not refuse filtered prompts by itself.
    """

    id: str
    created: int
    model: str
    rng: Random
    is_blocked: bool


class Task(NamedTuple):
    """Anything but a chat that a model does. `reply` may raise Refusal before its first event."""

    model: str
    input_tokens: int
    reply: Callable[[Making], Reply | Streamed]


class Facts(NamedTuple):
    """What reply headers tell: an id of 32 hexadecimal digits, the time taken so far, limits, where and by whom.

    `now_s`: Unix seconds.
    """

    request_id: str
    elapsed_ms: float
    limits: Limits
    region: str | None
    model: str | None
    now_s: float


class Wire(Protocol):
    """One vendor's way of speaking. Reading methods raise Refusal."""

    name: str
    refuses_filtered_prompts: bool
    """Whether a blocked prompt is an error (Azure) or an answer that stops at once (OpenAI)."""
    unknown_faults: frozenset[FaultKind]
    """Faults that this vendor does not have; they never strike here."""
    listed_models: tuple[str, ...]
    """Models that its list names when a deployment serves any."""

    def owns(self, incoming: Incoming) -> bool:
        """Whether a request is in this vendor's words, judged by its path (and headers, where paths are shared)."""

    def route(self, incoming: Incoming) -> Route:
        """What the path asks for."""

    def check_access(self, incoming: Incoming, now_s: float) -> None:
        """Raises Refusal unless the caller may call; `now_s` in Unix seconds."""

    def answering_model(self, model: str) -> str:
        """The name given as having answered when `model` was asked for."""

    def read_chat(self, order: Order) -> ChatAsk:
        """The chat request."""

    def chat_reply(self, order: Order, ask: ChatAsk, answer: Answer) -> Reply:
        """A whole answer."""

    def chat_stream(self, order: Order, ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Streamed:
        """The same answer as a stream."""

    def read_task(self, order: Order) -> Task:
        """The request for anything else that a model does."""

    def plain_reply(self, order: Order) -> Reply:
        """The reply to what needs no model, such as reading something kept. Faults never strike here."""

    def models_reply(self, order: Order, names: Sequence[str]) -> Reply:
        """The list of models."""

    def model_reply(self, order: Order, name: str) -> Reply:
        """The description of one model."""

    def refusal_reply(self, refusal: Refusal) -> Reply:
        """How the vendor says no."""

    def error_event(self, route: Route, refusal: Refusal, events_sent: int) -> bytes:
        """An error inside a stream that has begun; `events_sent` before it, openings included."""

    def malformed_event(self, route: Route) -> bytes:
        """An event, framed as the vendor frames them, whose content is broken off."""

    def headers(self, facts: Facts) -> dict[str, str]:
        """Headers of any reply."""
