"""How a deployment behaves: speed, length, limits, and the faults it plays. Immutable."""

from dataclasses import dataclass
from typing import Literal, get_args

from madang_simulator.chance import seeded

FaultKind = Literal[
    "rate_limited",
    "quota",
    "server_error",
    "overloaded",
    "unauthorized",
    "permission_denied",
    "model_unavailable",
    "context_overflow",
    "content_filter",
    "html_502",
    "bad_json",
    "error_in_200",
    "wrong_length",
    "reset",
    "hang",
    "slow_first_token",
    "cut",
    "cut_clean",
    "stall",
    "malformed_event",
    "error_event",
    "content_filter_stream",
    "endless",
]
ErrorKind = Literal["server_error", "overloaded", "rate_limited"]
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
_CHAT_ONLY: frozenset[FaultKind] = frozenset({"content_filter_stream"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault and when it strikes.

    Strikes every request, or with `probability` (0 to 1), or every `every`-th request; `count` ends it after so many
    strikes. `after_chunks`: pieces of the answer sent before a fault in mid-stream. `duration_s`: how long a hang,
    stall or slow first token lasts. `retry_after_s`: what a refused caller is told.
    `error`: which error an error_event or an error_in_200 is.
    """

    kind: FaultKind
    probability: float | None = None
    every: int | None = None
    count: int | None = None
    after_chunks: int = 3
    duration_s: float = 30.0
    retry_after_s: float | None = None
    error: ErrorKind = "server_error"


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """Everything that can be set for a deployment.

    Times in milliseconds; `jitter` is the share (0 to 1) by which they vary; `output_tokens` least and most length of a
    text answer; the limits per minute are enforced when set; `models` the only ones served, None for any;
    `served_model` what replies name as the model that answered; `asks_for_key` whether a key is needed at all, which servers
    of one's own often do without.
    """

    region: str | None = None
    first_token_ms: float = 0.0
    per_token_ms: float = 0.0
    jitter: float = 0.0
    output_tokens: tuple[int, int] = (24, 96)
    tokens_per_chunk: int = 1
    context_window: int = 128_000
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    models: tuple[str, ...] | None = None
    served_model: str | None = None
    asks_for_key: bool = True
    seed: int = 0
    faults: tuple[Fault, ...] = ()


class FaultPlan:
    """Decides which fault strikes which request, counting from the moment the behaviour was set."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._faults = behaviour.faults
        self._seed = behaviour.seed
        self._requests = 0
        self._strikes = [0] * len(behaviour.faults)

    def next_fault(self, *, is_chat: bool, unknown: frozenset[FaultKind] = frozenset()) -> Fault | None:
        """The first fault in the list that strikes this request, or None. Each call counts as one request.

        Faults that are `unknown` to the vendor do not strike.
        """
        self._requests += 1
        for index, fault in enumerate(self._faults):
            if fault.kind in unknown or (fault.kind in _CHAT_ONLY and not is_chat):
                continue
            if fault.count is not None and self._strikes[index] >= fault.count:
                continue
            if self._strikes_now(fault, index):
                self._strikes[index] += 1
                return fault
        return None

    def _strikes_now(self, fault: Fault, index: int) -> bool:
        if fault.every is not None:
            return self._requests % fault.every == 0
        if fault.probability is not None:
            return seeded("fault", self._seed, index, self._requests).random() < fault.probability
        return True
