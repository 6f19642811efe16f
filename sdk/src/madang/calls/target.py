"""Targets: the deployments that stand behind a model's name, and the route that lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Literal, get_args

from madang.calls.policy import PLAIN, FailureClass, Policy

Feature = Literal["vision", "audio", "documents", "tools", "structured_output"]
FEATURES: tuple[Feature, ...] = get_args(Feature)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, and fees in US dollars; None is unknown, and free is Decimal(0).

    Without a price of their own, cached and image input cost as `input`: that is every vendor's rule where it has no
    other. Cache writes, audio, and images that come out have no such rule.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None
    image_input: Decimal | None = None
    image_output: Decimal | None = None
    per_request: Decimal | None = None
    per_image: Decimal | None = None  # generated
    per_audio_minute: Decimal | None = None
    per_million_characters: Decimal | None = None
    # (input tokens above which it counts, the whole price from there on, for all tokens of the call), ascending.
    tiers: tuple[tuple[int, "Price"], ...] = ()
    source: str = ""  # who says so, for the trace: "deployment", "project", "genai-prices 0.2.3"


AMOUNTS: tuple[str, ...] = tuple(each.name for each in fields(Price) if each.name not in ("tiers", "source"))


@dataclass(frozen=True, slots=True)
class Target:
    """One deployment of a model at a vendor, ready to be called."""

    name: str
    vendor: str
    vendor_model: str
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    api_version: str = ""
    region: str = ""
    weight: float = 1.0
    order: int = 1
    price: Price | None = None
    is_simulated: bool = False
    alias: str = ""  # the model it stands behind; differs from the asked one when it is a fallback
    credential_id: str = ""
    context_window: int | None = None  # tokens of prompt and answer together; None where unknown
    max_output_tokens: int | None = None
    supports: frozenset[Feature] | None = None  # None where unknown: then nothing is held against it


@dataclass(frozen=True, slots=True)
class Route:
    """Where calls for one model name may go, and how long they may take. Seconds throughout."""

    model: str
    targets: tuple[Target, ...]
    retries: int = 2  # times that a target is asked once more, in the whole call
    timeout_s: float = 600.0
    connect_timeout_s: float | None = None
    first_token_timeout_s: float | None = None  # of a stream
    answer_timeout_s: float | None = None  # of one target, for an answer that is not streamed
    idle_timeout_s: float | None = None
    fallbacks: tuple["Route", ...] = ()
    after: Mapping[FailureClass, tuple["Route", ...]] = field(default_factory=dict)  # in place of `fallbacks`
    policy: Policy = PLAIN
    cache_ttl_s: float | None = None  # for how long an answer is given again to the same request; None is not at all
