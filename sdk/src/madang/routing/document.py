"""The routes of a project from the document with which the platform describes them. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from madang.calls.target import AMOUNTS, Price, Route, Target


def routes_of(document: Mapping[str, Any]) -> dict[str, Route]:
    """By alias, and by `deployment/alias` for a single deployment. Raises KeyError or TypeError on a foreign document."""
    plain = {model["name"]: _route(model) for model in document["models"]}
    routes: dict[str, Route] = {}
    for model in document["models"]:
        route = plain[model["name"]]
        routes[route.model] = replace(route, fallbacks=tuple(plain[n] for n in model["fallbacks"] if n in plain))
        for target in route.targets:
            routes.setdefault(f"{target.name}/{route.model}", replace(route, targets=(target,)))
    return routes


def _route(model: Mapping[str, Any]) -> Route:
    return Route(
        model=model["name"],
        targets=tuple(_target(target, model["name"]) for target in model["targets"]),
        retries=model["retries"],
        timeout_s=model["timeout_s"],
        first_token_timeout_s=model["first_token_timeout_s"],
        idle_timeout_s=model["idle_timeout_s"],
    )


def _target(target: Mapping[str, Any], alias: str) -> Target:
    return Target(
        name=target["name"],
        vendor=target["vendor"],
        vendor_model=target["vendor_model"],
        base_url=target["base_url"],
        api_version=target["api_version"],
        region=target["region"],
        weight=target["weight"],
        order=target["order"],
        price=_price(target["price"]),
        is_simulated=target["is_simulated"],
        alias=alias,
        credential_id=target["credential_id"],
    )


def _price(price: Mapping[str, Any] | None) -> Price | None:
    if price is None:
        return None
    amounts = {name: Decimal(price[name]) for name in AMOUNTS if price.get(name) is not None}
    tiers = tuple((tier["above_input_tokens"], _price(tier) or Price()) for tier in price.get("tiers", ()))
    return Price(**amounts, tiers=tiers, source=price.get("source", "")) if amounts or tiers else None
