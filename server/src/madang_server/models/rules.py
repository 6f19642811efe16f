"""The rules a model must keep, each broken one told with the field it is about. Pure: nothing is looked up here."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from madang_server.accounts.problems import Invalid
from madang_server.accounts.vendor_url import tidy_base_url
from madang_server.models.model import Deployment, Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from madang_server.models.model import CredentialFacts

# An address inside the platform's own simulator, whose port changes with every start. `models.sandbox` resolves it.
SIMULATOR_SCHEME = "simulator:"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")
_SIMULATOR_URL = re.compile(r"simulator:/d/[A-Za-z0-9._-]+(/v1|/openai/v1)?")
_MOST_DEPLOYMENTS = 100
_MOST_RETRIES = 10
_LONGEST_TIMEOUT_S = 3_600.0
_HIGHEST_PRICE = Decimal(1_000_000)


def tidy_model(model: Model, credentials: Mapping[str, CredentialFacts]) -> Model:
    """The model in its stored form. Raises `Invalid`. `credentials`: the project's, by id."""
    _check_alias(model.alias)
    if len(model.description) > 2_000:
        raise Invalid("Keep the description under 2,000 characters.", param="description")
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in model.description):
        raise Invalid("A description cannot have control characters.", param="description")
    if not 0 <= model.retries <= _MOST_RETRIES:
        raise Invalid(f"Give 0 to {_MOST_RETRIES} retries.", param="retries")
    _check_timeout(model.timeout_s, "timeout_s")
    _check_timeout(model.first_token_timeout_s, "first_token_timeout_s")
    _check_timeout(model.idle_timeout_s, "idle_timeout_s")
    _check_fallbacks_of(model)
    if not 1 <= len(model.deployments) <= _MOST_DEPLOYMENTS:
        raise Invalid(f"Give the model 1 to {_MOST_DEPLOYMENTS} deployments.", param="deployments")
    deployments = tuple(
        _tidy_deployment(deployment, f"deployments.{index}", credentials)
        for index, deployment in enumerate(model.deployments)
    )
    _check_together(deployments)
    is_simulated = model.simulated or any(_is_simulator(deployment) for deployment in deployments)
    return replace(model, description=model.description.strip(), simulated=is_simulated, deployments=deployments)


def check_fallbacks(models: Iterable[Model]) -> None:
    """Raises `Invalid` unless every fallback of these models, a whole project's, is one of them and none leads back."""
    fallbacks = {model.alias: model.fallbacks for model in models}
    for alias, names in fallbacks.items():
        for name in names:
            if name not in fallbacks:
                raise Invalid(
                    f"Model {alias!r} falls back to {name!r}, which does not exist in this project.", param="fallbacks"
                )
    for alias in sorted(fallbacks):
        circle = _circle_from(alias, fallbacks)
        if circle:
            raise Invalid(f"These fallbacks go in a circle: {' → '.join(circle)}. Take one out.", param="fallbacks")


def _check_alias(alias: str) -> None:
    if not _NAME.fullmatch(alias) or "//" in alias or alias.endswith("/"):
        raise Invalid(
            f"Alias {alias!r} cannot be used: begin with a letter or digit and use letters, digits and . _ : / @ + - "
            "(at most 128).",
            param="alias",
        )
    if alias.startswith("prompt/"):
        raise Invalid(f"Alias {alias!r} begins with 'prompt/', which names published prompts.", param="alias")


def _check_timeout(seconds: float | None, param: str) -> None:
    if seconds is not None and not (math.isfinite(seconds) and 0 < seconds <= _LONGEST_TIMEOUT_S):
        raise Invalid(f"Give a time limit above 0 and up to {_LONGEST_TIMEOUT_S:.0f} seconds.", param=param)


def _check_fallbacks_of(model: Model) -> None:
    if model.alias in model.fallbacks:
        raise Invalid(f"Model {model.alias!r} cannot fall back to itself.", param="fallbacks")
    if len(set(model.fallbacks)) != len(model.fallbacks):
        raise Invalid(f"Model {model.alias!r} names a fallback twice.", param="fallbacks")


def _tidy_deployment(deployment: Deployment, where: str, credentials: Mapping[str, CredentialFacts]) -> Deployment:
    if not _NAME.fullmatch(deployment.name):
        raise Invalid(
            f"Deployment name {deployment.name!r} cannot be used: begin with a letter or digit and use letters, digits "
            "and . _ : / @ + - (at most 128).",
            param=f"{where}.name",
        )
    vendor_model = deployment.vendor_model.strip()
    if not 1 <= len(vendor_model) <= 256 or not vendor_model.isprintable():
        raise Invalid("Give the vendor's name of the model.", param=f"{where}.vendor_model")
    if not (math.isfinite(deployment.weight) and 0 <= deployment.weight <= 1_000_000):
        raise Invalid("Give a weight of 0 or more.", param=f"{where}.weight")
    if not 1 <= deployment.order <= 1_000:
        raise Invalid("Give an order from 1 (tried first) to 1000.", param=f"{where}.order")
    if len(deployment.region) > 64 or not deployment.region.isprintable():
        raise Invalid("Give the region in up to 64 characters, such as koreacentral.", param=f"{where}.region")
    if len(deployment.api_version or "") > 64 or not (deployment.api_version or "").isprintable():
        raise Invalid("Give an API version such as 2024-10-21.", param=f"{where}.api_version")
    for name in ("input_usd_per_million", "cached_input_usd_per_million", "output_usd_per_million"):
        _check_price(getattr(deployment, name), f"{where}.{name}")
    ready = replace(
        deployment,
        vendor_model=vendor_model,
        region=deployment.region.strip(),
        base_url=_tidy_url(deployment.base_url, f"{where}.base_url"),
        api_version=(deployment.api_version or "").strip() or None,
    )
    _check_reachable(ready, where, credentials)
    return ready


def _check_price(price: Decimal | None, param: str) -> None:
    if price is not None and not (price.is_finite() and 0 <= price <= _HIGHEST_PRICE):
        raise Invalid("Give a price of 0 or more US dollars per million tokens.", param=param)


def _tidy_url(text: str | None, param: str) -> str | None:
    if text is not None and text.startswith(SIMULATOR_SCHEME):
        if not _SIMULATOR_URL.fullmatch(text):
            raise Invalid("An address in the simulator reads simulator:/d/NAME/v1.", param=param)
        return text
    return tidy_base_url(text, param)


def _check_reachable(deployment: Deployment, where: str, credentials: Mapping[str, CredentialFacts]) -> None:
    credential = None
    if deployment.credential_id is not None:
        credential = credentials.get(deployment.credential_id)
        if credential is None:
            raise Invalid("There is no such credential in this project.", param=f"{where}.credential")
        if credential.vendor != deployment.vendor:
            raise Invalid(
                f"The credential is for {credential.vendor}, the deployment for {deployment.vendor}; choose one that fits.",
                param=f"{where}.credential",
            )
    base_url = deployment.base_url or (credential.base_url if credential else None)
    if deployment.vendor == "openai" and credential is None and base_url is None:
        raise Invalid(
            "Choose a credential, or give the address of a server that needs none.", param=f"{where}.credential"
        )
    if deployment.vendor == "azure":
        _check_azure(deployment, base_url, credential, where)


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


def _check_together(deployments: tuple[Deployment, ...]) -> None:
    names = [deployment.name for deployment in deployments]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise Invalid(f"Two deployments are named {name!r}.", param=f"deployments.{index}.name")
    if not any(deployment.enabled for deployment in deployments):
        raise Invalid("Enable at least one deployment.", param="deployments")
    if not any(deployment.enabled and deployment.weight > 0 for deployment in deployments):
        raise Invalid("Give at least one enabled deployment a weight above 0.", param="deployments")


def _is_simulator(deployment: Deployment) -> bool:
    return (deployment.base_url or "").startswith(SIMULATOR_SCHEME)


def _circle_from(start: str, fallbacks: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The way from `start` back to itself along fallbacks; empty when there is none."""
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        alias = waiting.pop()
        for following in fallbacks[alias]:
            if following == start:
                return _way(start, alias, came_from)
            if following not in came_from:
                came_from[following] = alias
                waiting.append(following)
    return []


def _way(start: str, last: str, came_from: Mapping[str, str]) -> list[str]:
    backwards = [start]
    alias = last
    while alias != start:
        backwards.append(alias)
        alias = came_from[alias]
    return [start, *reversed(backwards[1:]), start]
