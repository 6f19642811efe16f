"""Models of every vendor behind one running platform, and Anthropic's official client in front of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from anthropic import Anthropic
from tests.support.running_platform import Platform
from tests.support.simulated_vendors import CREDENTIALS, deployment_of

VENDORS = ("anthropic", "openai", "azure", "gemini", "bedrock", "litellm")

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A picture of one pixel, as base64 of PNG."""

WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def model_of(platform: Platform, vendor: str, *faults: Mapping[str, Any], **settings: Any) -> str:
    """The alias of a new model with one deployment of this vendor."""
    return models_of(platform, deployment_of(platform.simulator, vendor, *faults, **settings))


def models_of(platform: Platform, *deployments: Mapping[str, Any], **settings: Any) -> str:
    platform.apply({"credentials": list(CREDENTIALS)})
    return platform.model(*deployments, **settings)


def last_request(platform: Platform, deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """What arrived last at the vendor for this deployment."""
    found: list[Mapping[str, Any]] = platform.simulator.requests(deployment=deployment["name"])["requests"]
    return found[-1]


@contextmanager
def anthropic_client(platform: Platform, **options: Any) -> Iterator[Anthropic]:
    """The official client, without retries of its own."""
    with Anthropic(
        base_url=platform.url, **{"api_key": platform.key, "max_retries": 0, "timeout": 30.0, **options}
    ) as client:
        yield client


def root_of(platform: Platform, trace_id: str) -> Mapping[str, Any]:
    """The first span of the call's trace."""
    root: Mapping[str, Any] = platform.trace(trace_id)["spans"][0]
    return root
