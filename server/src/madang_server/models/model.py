"""What a model is: its alias, how patient it is, and its deployments. Shapes only; the rules are in `models.rules`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

Vendor = Literal["openai", "azure", "fake"]


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One place where a model answers. Prices are US dollars per million tokens; None is unknown, not free.

    Among the deployments of the lowest `order` that are healthy, `weight` decides the share of calls; 0 is a standby.
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


@dataclass(frozen=True, kw_only=True)
class Model:
    """An alias and what stands behind it. `retries` are further attempts on the same alias; `fallbacks` are other aliases."""

    alias: str
    description: str = ""
    simulated: bool = False
    retries: int = 2
    timeout_s: float = 600.0
    first_token_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    fallbacks: tuple[str, ...] = ()
    deployments: tuple[Deployment, ...] = ()


class CredentialFacts(NamedTuple):
    """What the rules must know about a credential that a deployment uses."""

    vendor: str
    base_url: str | None
    api_version: str | None
