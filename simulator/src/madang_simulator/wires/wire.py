"""What a vendor's wire must be able to do: read its requests into asks, and put answers and refusals into its words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from madang_simulator.answers import Answer
from madang_simulator.asks import ChatAsk, EmbeddingAsk
from madang_simulator.fleet import Limits
from madang_simulator.refusals import Refusal

Operation = Literal["chat", "embeddings", "models", "model"]


class Route(NamedTuple):
    """What a path asks for; `model` when the path names one."""

    operation: Operation
    model: str | None = None


class Event(NamedTuple):
    """One event of a stream, as sent; `tokens` of the answer are in it."""

    raw: bytes
    part: Literal["opening", "content", "closing"]
    tokens: int = 0


class Reply(NamedTuple):
    """A whole reply without a stream."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Facts(NamedTuple):
    """What reply headers tell: an id, the time taken so far, limits, where and by whom it was answered."""

    request_id: str
    elapsed_ms: float
    limits: Limits
    region: str | None
    model: str | None


class Wire(Protocol):
    """One vendor's way of speaking. Reading methods raise Refusal."""

    name: str
    refuses_filtered_prompts: bool
    """Whether a blocked prompt is an error (Azure) or an answer that stops at once (OpenAI)."""

    def owns(self, path: str) -> bool:
        """Whether a path, without its leading slash, belongs to this vendor."""

    def route(self, method: str, path: str, query: Mapping[str, str]) -> Route:
        """What the path asks for."""

    def key(self, headers: Mapping[str, str]) -> str | None:
        """The caller's credential, None when there is none."""

    def read_chat(self, route: Route, body: bytes) -> ChatAsk:
        """The chat request in `body`."""

    def read_embeddings(self, route: Route, body: bytes) -> EmbeddingAsk:
        """The embeddings request in `body`."""

    def chat_reply(self, ask: ChatAsk, answer: Answer) -> bytes:
        """The body of a whole answer."""

    def chat_events(self, ask: ChatAsk, answer: Answer, tokens_per_chunk: int) -> Iterator[Event]:
        """The events of a streamed answer, in order."""

    def embeddings_reply(self, ask: EmbeddingAsk, model: str) -> bytes:
        """The body with a vector for every input."""

    def models_reply(self, names: Sequence[str]) -> bytes:
        """The body that lists models."""

    def model_reply(self, name: str) -> bytes:
        """The body that describes one model."""

    def refusal_reply(self, refusal: Refusal) -> Reply:
        """How the vendor says no."""

    def error_event(self) -> bytes:
        """An error as an event inside a stream."""

    def malformed_event(self) -> bytes:
        """An event whose content is broken off."""

    def headers(self, facts: Facts) -> dict[str, str]:
        """Headers of any reply."""
