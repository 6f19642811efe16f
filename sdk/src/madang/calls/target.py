"""Targets: the deployments that stand behind a model's name, and the route that lists them."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. `cached_input` is None where the vendor gives no discount; `output` is None where
    there is none to pay for (embeddings) or its price is unknown."""

    input: Decimal
    output: Decimal | None = None
    cached_input: Decimal | None = None


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


@dataclass(frozen=True, slots=True)
class Route:
    """Where calls for one model name may go, and how long they may take. Seconds throughout."""

    model: str
    targets: tuple[Target, ...]
    retries: int = 2  # attempts after the first, over all targets
    timeout_s: float = 600.0
    first_token_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    fallbacks: tuple["Route", ...] = ()
