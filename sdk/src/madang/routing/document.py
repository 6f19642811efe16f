"""The routes of a project from the document with which the platform describes them. Pure.

What came later may be missing, as an older platform says nothing of it; words of a newer one are passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

from madang.calls.policy import FAILURE_CLASSES, PLAIN, OnCut, Policy, StickyBy, Strategy
from madang.calls.target import AMOUNTS, FEATURES, Feature, Price, Route, Target


def routes_of(document: Mapping[str, Any]) -> dict[str, Route]:
    """By alias, and by `deployment/alias` for a single deployment. Raises KeyError or TypeError on a foreign document."""
    plain = {model["name"]: _route(model) for model in document["models"]}
    routes: dict[str, Route] = {}
    for model in document["models"]:
        route = plain[model["name"]]
        after = model.get("after", {})
        routes[route.model] = replace(
            route,
            fallbacks=_known(model["fallbacks"], plain),
            after={kind: _known(after[kind], plain) for kind in FAILURE_CLASSES if kind in after},
        )
        for target in route.targets:
            routes.setdefault(f"{target.name}/{route.model}", replace(route, targets=(target,)))
    return routes


def _known(names: Sequence[str], routes: Mapping[str, Route]) -> tuple[Route, ...]:
    return tuple(routes[name] for name in names if name in routes)


def _route(model: Mapping[str, Any]) -> Route:
    return Route(
        model=model["name"],
        targets=tuple(_target(target, model["name"]) for target in model["targets"]),
        retries=model["retries"],
        timeout_s=model["timeout_s"],
        connect_timeout_s=model.get("connect_timeout_s"),
        first_token_timeout_s=model["first_token_timeout_s"],
        answer_timeout_s=model.get("answer_timeout_s"),
        idle_timeout_s=model["idle_timeout_s"],
        policy=_policy(model.get("policy") or {}),
        cache_ttl_s=model.get("cache_ttl_s"),
    )


def _policy(policy: Mapping[str, Any]) -> Policy:
    after = policy.get("fallbacks_after", {})
    return Policy(
        strategy=_word(policy.get("strategy"), get_args(Strategy), PLAIN.strategy),
        prefer_regions=tuple(policy.get("prefer_regions", ())),
        sticky_by=_word(policy.get("sticky_by"), get_args(StickyBy), PLAIN.sticky_by),
        fallbacks_after={kind: tuple(after[kind]) for kind in FAILURE_CLASSES if kind in after},
        policy_block_vendors=tuple(policy.get("policy_block_vendors", ())),
        hedge_after_s=policy.get("hedge_after_s"),
        hedges_at_p95=policy.get("hedges_at_p95", False),
        on_cut=_word(policy.get("on_cut"), get_args(OnCut), PLAIN.on_cut),
    )


def _word(given: Any, known: tuple[str, ...], otherwise: str) -> Any:
    return given if given in known else otherwise


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
        context_window=target.get("context_window"),
        max_output_tokens=target.get("max_output_tokens"),
        supports=_features(target.get("supports")),
    )


def _features(supports: Sequence[str] | None) -> frozenset[Feature] | None:
    return None if supports is None else frozenset(feature for feature in FEATURES if feature in supports)


def _price(price: Mapping[str, Any] | None) -> Price | None:
    if price is None:
        return None
    amounts = {name: Decimal(price[name]) for name in AMOUNTS if price.get(name) is not None}
    tiers = tuple((tier["above_input_tokens"], _price(tier) or Price()) for tier in price.get("tiers", ()))
    return Price(**amounts, tiers=tiers, source=price.get("source", "")) if amounts or tiers else None
