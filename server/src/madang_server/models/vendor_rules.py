"""What a deployment needs to be reached, vendor by vendor: a credential, an address, a region. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from madang_server.accounts.problems import Invalid
from madang_server.accounts.vendor_url import tidy_base_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from madang_server.models.model import CredentialFacts, Deployment

# An address inside the platform's own simulator, whose port changes with every start. `models.sandbox` resolves it.
SIMULATOR_SCHEME = "simulator:"

_SIMULATOR_PATHS: Mapping[str, str] = {"openai": "(/v1)", "azure": "(/openai/v1)?"}
_NEEDS_KEY = ("anthropic", "gemini", "vertex", "bedrock")
# As clouds write them: us-east-1, koreacentral, global. It becomes part of a host name.
_REGION_IN_HOST = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def is_simulator(base_url: str | None) -> bool:
    return (base_url or "").startswith(SIMULATOR_SCHEME)


def tidy_address(vendor: str, text: str | None, param: str) -> str | None:
    """The deployment's own address in its stored form; None when it has none. Raises `Invalid`."""
    if text is not None and is_simulator(text):
        ending = _SIMULATOR_PATHS.get(vendor, "")
        if not re.fullmatch(rf"{SIMULATOR_SCHEME}/d/[A-Za-z0-9._-]+{ending}", text):
            shown = {"openai": "/v1", "azure": "/openai/v1"}.get(vendor, "")
            raise Invalid(f"An address in the simulator reads simulator:/d/NAME{shown} for {vendor}.", param=param)
        return text
    return tidy_base_url(text, param)


def check_reachable(deployment: Deployment, where: str, credentials: Mapping[str, CredentialFacts]) -> None:
    """Raises `Invalid` when something is missing without which no call can be made. `where`: as in deployments.0."""
    credential = _credential_of(deployment, where, credentials)
    base_url = deployment.base_url or (credential.base_url if credential else None)
    vendor = deployment.vendor
    if vendor == "openai" and credential is None and base_url is None:
        raise Invalid(
            "Choose a credential, or give the address of a server that needs none.", param=f"{where}.credential"
        )
    if vendor in _NEEDS_KEY and credential is None and not is_simulator(base_url):
        raise Invalid(f"Choose a credential for {vendor}.", param=f"{where}.credential")
    if vendor == "azure":
        _check_azure(deployment, base_url, credential, where)
    elif vendor == "bedrock":
        _check_region(deployment, base_url, where)
    elif vendor == "vertex":
        _check_region(deployment, None, where)
    elif vendor == "litellm":
        _check_litellm(deployment, where)


def _credential_of(
    deployment: Deployment, where: str, credentials: Mapping[str, CredentialFacts]
) -> CredentialFacts | None:
    if deployment.credential_id is None:
        return None
    credential = credentials.get(deployment.credential_id)
    if credential is None:
        raise Invalid("There is no such credential in this project.", param=f"{where}.credential")
    if credential.vendor != deployment.vendor:
        raise Invalid(
            f"The credential is for {credential.vendor}, the deployment for {deployment.vendor}; choose one that fits.",
            param=f"{where}.credential",
        )
    return credential


def _check_azure(deployment: Deployment, base_url: str | None, credential: CredentialFacts | None, where: str) -> None:
    if base_url is None:
        raise Invalid(
            "Azure needs an address, here or in the credential, such as https://NAME.openai.azure.com.",
            param=f"{where}.base_url",
        )
    has_version = deployment.api_version or (credential.api_version if credential else None)
    if not has_version and not base_url.endswith("/v1"):
        raise Invalid(
            "Azure needs an API version such as 2024-10-21, or an address that ends with /openai/v1.",
            param=f"{where}.api_version",
        )


def _check_region(deployment: Deployment, base_url: str | None, where: str) -> None:
    if not deployment.region:
        if base_url is not None:
            return
        raise Invalid(
            "Bedrock needs a region such as us-east-1, or the address of its runtime."
            if deployment.vendor == "bedrock"
            else "Vertex AI needs a region such as us-central1, or global.",
            param=f"{where}.region",
        )
    if not _REGION_IN_HOST.fullmatch(deployment.region):
        raise Invalid(
            f"Region {deployment.region!r} cannot be one of {deployment.vendor}: it is written in small letters, digits "
            "and single hyphens, such as us-east-1.",
            param=f"{where}.region",
        )


def _check_litellm(deployment: Deployment, where: str) -> None:
    provider, slash, model = deployment.vendor_model.partition("/")
    if not (slash and provider.strip() and model.strip()):
        raise Invalid(
            "LiteLLM needs the model as provider/model, such as mistral/mistral-large-latest.",
            param=f"{where}.vendor_model",
        )
