"""What a model is: its alias, how patient it is, and its deployments. Shapes only; the rules are in `models.rules`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from madang_server.models.routing import PLAIN_ROUTING, Routing

if TYPE_CHECKING:
    from madang.calls.operation import Vendor
    from madang.calls.target import Feature


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One place where a model answers. Prices are US dollars per million tokens; None is unknown, not free.

    Among the deployments of the lowest `order` that are healthy, `weight` decides the share of calls; 0 is a standby.
    `context_window` and `max_output_tokens` are tokens; like `supports`, None is unknown and nothing is held against it.
    `base_model` is the vendor's model behind a `vendor_model` that does not tell, such as a deployment at Azure.
    """

    name: str
    vendor: Vendor
    vendor_model: str
    region: str = ""
    base_url: str | None = None
    api_version: str | None = None
    credential_id: str | None = None
    weight: float = 1.0
    order: int = 1
    enabled: bool = True
    input_usd_per_million: Decimal | None = None
    cached_input_usd_per_million: Decimal | None = None
    output_usd_per_million: Decimal | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    supports: tuple[Feature, ...] | None = None
    base_model: str | None = None


@dataclass(frozen=True, kw_only=True)
class Model:
    """An alias and what stands behind it. `retries` are further attempts on the same alias; `fallbacks` are other aliases.

    Time limits are seconds; None is no limit of its own. `answer_timeout_s` is for one target's answer that is not streamed.
    `cache_ttl_s`: for how many seconds an answer is given again to the same request; None is not at all.
    """

    alias: str
    description: str = ""
    simulated: bool = False
    retries: int = 2
    timeout_s: float = 600.0
    connect_timeout_s: float | None = None
    first_token_timeout_s: float | None = None
    answer_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    cache_ttl_s: float | None = None
    fallbacks: tuple[str, ...] = ()
    routing: Routing = PLAIN_ROUTING
    deployments: tuple[Deployment, ...] = ()


class CredentialFacts(NamedTuple):
    """What the rules must know about a credential that a deployment uses."""

    vendor: str
    base_url: str | None
    api_version: str | None
