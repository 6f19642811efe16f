"""The sandbox's simulated models, and where the simulator's addresses lead in this run of the platform.

The simulator gets a free port at each start. Stored addresses therefore read `simulator:/d/NAME` and so on, and are resolved
when a snapshot is loaded. Simulated deployments need no credential.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from madang_server.models.model import Deployment, Model
from madang_server.models.vendor_rules import SIMULATOR_SCHEME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from madang.calls.operation import Vendor

FAILING_DEPLOYMENT = "sandbox-down"


def sandbox_models() -> tuple[Model, ...]:
    """The models of a new sandbox: one that shares load, one that falls over, one for embeddings, one of each other vendor
    whose protocol the simulator speaks."""
    return (
        Model(
            alias="sandbox-chat",
            description="Simulated. Two deployments share the calls three to one.",
            simulated=True,
            retries=2,
            timeout_s=60.0,
            first_token_timeout_s=20.0,
            idle_timeout_s=20.0,
            deployments=(
                _simulated("sandbox-seoul", "gpt-4o", "koreacentral", weight=3.0),
                _simulated("sandbox-tokyo", "gpt-4o", "japaneast", weight=1.0),
            ),
        ),
        Model(
            alias="sandbox-fallback",
            description="Simulated. The first deployment always answers 500, so the second one takes over.",
            simulated=True,
            retries=2,
            timeout_s=60.0,
            first_token_timeout_s=20.0,
            idle_timeout_s=20.0,
            deployments=(
                _simulated(FAILING_DEPLOYMENT, "gpt-4o", "koreacentral", order=1),
                _simulated("sandbox-standby", "gpt-4o-mini", "japaneast", order=2),
            ),
        ),
        Model(
            alias="sandbox-embedding",
            description="Simulated. Vectors that mean nothing but have the right shape and price.",
            simulated=True,
            retries=2,
            timeout_s=60.0,
            deployments=(_simulated("sandbox-embedding", "text-embedding-3-small", "koreacentral"),),
        ),
        _of_one_vendor("sandbox-claude", "anthropic", "claude-sonnet-4-5", "us", "Anthropic's"),
        _of_one_vendor("sandbox-gemini", "gemini", "gemini-2.5-flash", "global", "Google's"),
        _of_one_vendor("sandbox-bedrock", "bedrock", "amazon.nova-lite-v1:0", "us-east-1", "Amazon Bedrock's"),
    )


def simulator_controls() -> dict[str, dict[str, object]]:
    """By deployment, what to PUT to the simulator's /_control/{deployment} at each start."""
    pace: dict[str, object] = {"first_token_ms": 180, "per_token_ms": 12}
    return {
        "sandbox-seoul": {**pace, "region": "koreacentral"},
        "sandbox-tokyo": {**pace, "region": "japaneast"},
        "sandbox-standby": {**pace, "region": "japaneast"},
        "sandbox-claude": {**pace, "region": "us"},
        "sandbox-gemini": {**pace, "region": "global"},
        "sandbox-bedrock": {**pace, "region": "us-east-1"},
        FAILING_DEPLOYMENT: {"region": "koreacentral", "faults": [{"kind": "server_error", "probability": 1.0}]},
    }


def resolve_simulator(model: Model, simulator_url: str | None) -> Model | None:
    """`model` with addresses that can be called now; None when it has none left because no simulator runs."""
    if not any((deployment.base_url or "").startswith(SIMULATOR_SCHEME) for deployment in model.deployments):
        return model
    resolved = tuple(
        replace(deployment, base_url=base_url)
        for deployment in model.deployments
        if (base_url := resolve_base_url(deployment.base_url, simulator_url)) is not None or deployment.base_url is None
    )
    return replace(model, deployments=resolved) if resolved else None


def resolve_base_url(base_url: str | None, simulator_url: str | None) -> str | None:
    """`base_url` with a simulator address turned into one that can be called; None when no simulator runs."""
    if base_url is None or not base_url.startswith(SIMULATOR_SCHEME):
        return base_url
    return None if simulator_url is None else simulator_url.rstrip("/") + base_url.removeprefix(SIMULATOR_SCHEME)


# US dollars per million tokens, as such models are commonly priced: input, cached input, output.
_PRICES: Mapping[str, tuple[str, str | None, str | None]] = {
    "gpt-4o": ("2.50", "1.25", "10.00"),
    "gpt-4o-mini": ("0.15", "0.075", "0.60"),
    "text-embedding-3-small": ("0.02", None, None),
    "claude-sonnet-4-5": ("3.00", "0.30", "15.00"),
    "gemini-2.5-flash": ("0.30", "0.03", "2.50"),
    "amazon.nova-lite-v1:0": ("0.06", "0.015", "0.24"),
}


def _of_one_vendor(alias: str, vendor: Vendor, vendor_model: str, region: str, whose: str) -> Model:
    return Model(
        alias=alias,
        description=f"Simulated, and spoken to in {whose} own protocol.",
        simulated=True,
        retries=2,
        timeout_s=60.0,
        first_token_timeout_s=20.0,
        idle_timeout_s=20.0,
        deployments=(_simulated(alias, vendor_model, region, vendor=vendor),),
    )


def _simulated(
    name: str, vendor_model: str, region: str, *, vendor: Vendor = "openai", weight: float = 1.0, order: int = 1
) -> Deployment:
    input_price, cached_price, output_price = _PRICES[vendor_model]
    return Deployment(
        name=name,
        vendor=vendor,
        vendor_model=vendor_model,
        region=region,
        base_url=f"{SIMULATOR_SCHEME}/d/{name}{'/v1' if vendor == 'openai' else ''}",
        weight=weight,
        order=order,
        input_usd_per_million=Decimal(input_price),
        cached_input_usd_per_million=None if cached_price is None else Decimal(cached_price),
        output_usd_per_million=None if output_price is None else Decimal(output_price),
    )
