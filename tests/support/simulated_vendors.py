"""Deployments of every vendor at a simulator: addresses, keys and model names, as an operator would enter them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from madang_simulator import RunningSimulator
from madang_simulator.wires.bedrock.signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY

AWS_KEYS = json.dumps({"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY})

CREDENTIALS: tuple[Mapping[str, str], ...] = (
    {"name": "of-openai", "vendor": "openai", "api_key": "sk-simulated-openai"},
    {"name": "of-azure", "vendor": "azure", "api_key": "simulated-azure-key", "base_url": "http://127.0.0.1:1"},
    {"name": "of-anthropic", "vendor": "anthropic", "api_key": "sk-ant-simulated"},
    {"name": "of-gemini", "vendor": "gemini", "api_key": "AIza-simulated"},
    {"name": "of-bedrock", "vendor": "bedrock", "api_key": AWS_KEYS},
    {"name": "of-litellm", "vendor": "litellm", "api_key": "gsk-simulated"},
)

_MODELS = {
    "openai": "gpt-4o",
    "azure": "gpt-4o",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "vertex": "gemini-2.5-flash",
    "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "litellm": "groq/llama-3.3-70b-versatile",
}
_BELOW = {"openai": "/v1", "litellm": "/v1"}


def deployment_of(
    simulator: RunningSimulator,
    vendor: str,
    *faults: Mapping[str, Any],
    behaviour: Mapping[str, Any] | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """A deployment of `vendor` that plays these faults. `settings` are the deployment's own fields, and `behaviour` the
    simulator's."""
    name = f"{vendor}-{secrets.token_hex(4)}"
    simulator.configure(name, faults=list(faults), **(behaviour or {}))
    plain: dict[str, Any] = {
        "name": name,
        "vendor": vendor,
        "vendor_model": _MODELS[vendor],
        "credential": f"of-{vendor}",
        "base_url": simulator.vendor_url(name) + _BELOW.get(vendor, ""),
        "input_usd_per_million": "1",
        "cached_input_usd_per_million": "0.5",
        "output_usd_per_million": "2",
    }
    if vendor == "azure":
        plain["api_version"] = "2024-10-21"
    if vendor == "bedrock":
        plain["region"] = "us-east-1"
    return plain | settings
