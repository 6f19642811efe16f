"""The rules a model must keep, each broken one told with the field it is about. Pure: nothing is looked up here."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from madang.calls.operation import VENDORS
from madang.calls.target import FEATURES
from madang_server.accounts.problems import Invalid
from madang_server.accounts.usd import MOST_DECIMALS, is_price
from madang_server.accounts.vendor_url import tidy_api_version
from madang_server.models.model import Deployment, Model
from madang_server.models.routing_rules import check_own_fallbacks, tidy_routing
from madang_server.models.vendor_rules import check_reachable, is_simulator, tidy_address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from madang.calls.target import Feature
    from madang_server.models.model import CredentialFacts

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")
_MOST_DEPLOYMENTS = 100
_MOST_RETRIES = 10
_LONGEST_TIMEOUT_S = 3_600.0
LONGEST_CACHE_TTL_S = 2_592_000.0  # 30 days
_MOST_TOKENS = 100_000_000


def tidy_model(model: Model, credentials: Mapping[str, CredentialFacts]) -> Model:
    """The model in its stored form. Raises `Invalid`. `credentials`: the project's, by id."""
    _check_alias(model.alias)
    if len(model.description) > 2_000:
        raise Invalid("Keep the description under 2,000 characters.", param="description")
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in model.description):
        raise Invalid("A description cannot have control characters.", param="description")
    if not 0 <= model.retries <= _MOST_RETRIES:
        raise Invalid(f"Give 0 to {_MOST_RETRIES} retries.", param="retries")
    for name in ("timeout_s", "connect_timeout_s", "first_token_timeout_s", "answer_timeout_s", "idle_timeout_s"):
        _check_timeout(getattr(model, name), name)
    _check_cache_ttl(model.cache_ttl_s)
    check_own_fallbacks(model.alias, model.fallbacks, "fallbacks")
    routing = tidy_routing(model)
    if not 1 <= len(model.deployments) <= _MOST_DEPLOYMENTS:
        raise Invalid(f"Give the model 1 to {_MOST_DEPLOYMENTS} deployments.", param="deployments")
    deployments = tuple(
        _tidy_deployment(deployment, f"deployments.{index}", credentials)
        for index, deployment in enumerate(model.deployments)
    )
    _check_together(deployments)
    is_simulated = model.simulated or any(is_simulator(deployment.base_url) for deployment in deployments)
    return replace(
        model, description=model.description.strip(), simulated=is_simulated, routing=routing, deployments=deployments
    )


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


def _check_cache_ttl(seconds: float | None) -> None:
    if seconds is not None and not (math.isfinite(seconds) and 0 < seconds <= LONGEST_CACHE_TTL_S):
        raise Invalid(
            f"Keep answers for more than 0 and up to {LONGEST_CACHE_TTL_S:,.0f} seconds, or leave it empty for no cache.",
            param="cache_ttl_s",
        )


def _tidy_deployment(deployment: Deployment, where: str, credentials: Mapping[str, CredentialFacts]) -> Deployment:
    if not _NAME.fullmatch(deployment.name):
        raise Invalid(
            f"Deployment name {deployment.name!r} cannot be used: begin with a letter or digit and use letters, digits "
            "and . _ : / @ + - (at most 128).",
            param=f"{where}.name",
        )
    if deployment.vendor not in VENDORS:
        raise Invalid(
            f"{deployment.vendor!r} is no vendor; the vendors are {', '.join(VENDORS)}.", param=f"{where}.vendor"
        )
    vendor_model = deployment.vendor_model.strip()
    if not 1 <= len(vendor_model) <= 256 or not vendor_model.isprintable():
        raise Invalid("Give the vendor's name of the model.", param=f"{where}.vendor_model")
    if {".", ".."} & set(vendor_model.split("/")):  # it becomes part of a URL's path
        raise Invalid("A model's name cannot have . or .. between slashes.", param=f"{where}.vendor_model")
    if not (math.isfinite(deployment.weight) and 0 <= deployment.weight <= 1_000_000):
        raise Invalid("Give a weight of 0 or more.", param=f"{where}.weight")
    if not 1 <= deployment.order <= 1_000:
        raise Invalid("Give an order from 1 (tried first) to 1000.", param=f"{where}.order")
    if len(deployment.region) > 64 or not deployment.region.isprintable():
        raise Invalid("Give the region in up to 64 characters, such as koreacentral.", param=f"{where}.region")
    for name in ("input_usd_per_million", "cached_input_usd_per_million", "output_usd_per_million"):
        _check_price(getattr(deployment, name), f"{where}.{name}")
    ready = replace(
        deployment,
        vendor_model=vendor_model,
        region=deployment.region.strip(),
        base_url=tidy_address(deployment.vendor, deployment.base_url, f"{where}.base_url"),
        api_version=tidy_api_version(deployment.api_version, f"{where}.api_version"),
        base_model=_tidy_base_model(deployment.base_model, where),
        supports=_tidy_features(deployment.supports, where),
    )
    _check_sizes(ready, where)
    check_reachable(ready, where, credentials)
    return ready


def _check_price(price: Decimal | None, param: str) -> None:
    if price is not None and not is_price(price):
        raise Invalid(
            f"Give a price of 0 or more US dollars per million tokens, with up to {MOST_DECIMALS} decimals.",
            param=param,
        )


def _tidy_base_model(base_model: str | None, where: str) -> str | None:
    tidied = (base_model or "").strip()
    if len(tidied) > 256 or not tidied.isprintable():
        raise Invalid("Give the vendor's name of the model behind it, such as gpt-4o.", param=f"{where}.base_model")
    return tidied or None


def _tidy_features(supports: tuple[str, ...] | None, where: str) -> tuple[Feature, ...] | None:
    if supports is None:
        return None
    for name in supports:
        if name not in FEATURES:
            raise Invalid(
                f"{name!r} is not known; a deployment supports any of {', '.join(FEATURES)}.", param=f"{where}.supports"
            )
    return tuple(feature for feature in FEATURES if feature in supports)


def _check_sizes(deployment: Deployment, where: str) -> None:
    for name in ("context_window", "max_output_tokens"):
        tokens = getattr(deployment, name)
        if tokens is not None and not 1 <= tokens <= _MOST_TOKENS:
            raise Invalid(f"Give 1 to {_MOST_TOKENS:,} tokens, or nothing when unknown.", param=f"{where}.{name}")
    window, most = deployment.context_window, deployment.max_output_tokens
    if window is not None and most is not None and most > window:
        raise Invalid(
            f"An answer of {most:,} tokens does not fit into a context window of {window:,}.",
            param=f"{where}.max_output_tokens",
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
