"""What the Gateway knows in memory: keys, and the routes of each project. Replaced as a whole when something changed, so
a call never sees half of a change and never waits for the database."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from madang.calls.policy import FAILURE_CLASSES, Policy
from madang.calls.target import Price, Route, Target
from madang_server.accounts.keys import ActiveKey
from madang_server.credentials.store import OpenedCredential
from madang_server.limits.limit import NO_LIMITS, Limits
from madang_server.models.model import Deployment, Model
from madang_server.models.project_duplicates import PLAIN_DUPLICATE_RULES, DuplicateRules
from madang_server.models.routing_rules import fallbacks_in
from madang_server.models.sandbox import resolve_simulator
from madang_server.models.store import ProjectModel
from madang_server.prices.book import PriceBook, ProjectPrices
from madang_server.prices.resolve import resolve_price


@dataclass(frozen=True, slots=True)
class Project:
    """One project's models. `routes` has aliases and, as `deployment/alias`, each deployment by itself."""

    project_id: str
    routes: Mapping[str, Route]
    aliases: tuple[str, ...]
    created: int  # seconds since the epoch, for the model list
    credentials: Mapping[str, OpenedCredential] = field(default_factory=dict, repr=False)
    duplicates: DuplicateRules = PLAIN_DUPLICATE_RULES
    limits: Limits = NO_LIMITS
    prices: ProjectPrices | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who a secret key belongs to."""

    key_id: str
    public_key: str
    project: Project


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one version of the configuration; `keys` by the secret's SHA-256 as hex digits, `projects` by id."""

    version: int
    keys: Mapping[str, KeyHolder]
    projects: Mapping[str, Project] = field(default_factory=dict)  # those with a key or a model
    prices_until: datetime | None = None  # when a dated price begins; None where none is known to

    def holder_of(self, secret: bytes) -> KeyHolder | None:
        return self.keys.get(hashlib.sha256(secret).hexdigest())


EMPTY = Snapshot(version=-1, keys={})


def build_snapshot(
    version: int,
    keys: Iterable[ActiveKey],
    models: Iterable[ProjectModel],
    credentials: Iterable[OpenedCredential],
    prices: PriceBook,
    *,
    simulator_url: str | None,
    created: int,
    policy_block_vendors: Mapping[str, tuple[str, ...]] | None = None,
    duplicate_rules: Mapping[str, DuplicateRules] | None = None,
    limits: Mapping[str, Limits] | None = None,
) -> Snapshot:
    """A snapshot from what the database holds. Simulated models are left out where no simulator runs.

    `policy_block_vendors`: by project, the vendors that may be asked after another's content filter refused.
    `duplicate_rules`: by project, where they differ from the plain ones. `limits`: by project, where there are any.
    """
    models_by_project: dict[str, list[Model]] = {}
    for project_id, stored in models:
        model = resolve_simulator(stored, simulator_url)
        if model is not None:
            models_by_project.setdefault(project_id, []).append(model)
    credentials_by_project: dict[str, dict[str, OpenedCredential]] = {}
    for credential in credentials:
        credentials_by_project.setdefault(credential.project_id, {})[credential.id] = credential
    active = list(keys)
    projects = {
        project_id: _project(
            project_id,
            models_by_project.get(project_id, []),
            credentials_by_project.get(project_id, {}),
            (policy_block_vendors or {}).get(project_id, ()),
            prices.of_project(project_id),
            created,
            (duplicate_rules or {}).get(project_id, PLAIN_DUPLICATE_RULES),
            (limits or {}).get(project_id, NO_LIMITS),
        )
        for project_id in {*models_by_project, *(key.project_id for key in active)}
    }
    holders = {key.secret_digest: KeyHolder(key.key_id, key.public_key, projects[key.project_id]) for key in active}
    return Snapshot(version, holders, projects, prices.changes_at)


def _project(
    project_id: str,
    models: list[Model],
    credentials: Mapping[str, OpenedCredential],
    policy_block_vendors: tuple[str, ...],
    prices: ProjectPrices,
    created: int,
    duplicates: DuplicateRules,
    limits: Limits,
) -> Project:
    plain = {model.alias: _route(model, credentials, policy_block_vendors, prices) for model in models}
    following = {model.alias: model.fallbacks for model in models}
    following_after = {
        kind: {model.alias: fallbacks_in(model, kind) for model in models}
        for kind in FAILURE_CLASSES
        if any(kind in model.routing.fallbacks_after for model in models)
    }
    routes: dict[str, Route] = {}
    for model in models:
        route = plain[model.alias]
        chain = _fallbacks_of(model.alias, following)
        chains = {kind: _fallbacks_of(model.alias, names) for kind, names in following_after.items()}
        routes[model.alias] = replace(
            route,
            fallbacks=tuple(plain[alias] for alias in chain),
            after={kind: tuple(plain[alias] for alias in other) for kind, other in chains.items() if other != chain},
        )
        for target in route.targets:
            routes.setdefault(f"{target.name}/{model.alias}", replace(route, targets=(target,)))
    return Project(project_id, routes, tuple(sorted(plain)), created, credentials, duplicates, limits, prices)


def _fallbacks_of(alias: str, fallbacks: Mapping[str, Iterable[str]]) -> list[str]:
    """The aliases to try after this one, those of fallbacks included, each once, nearest first."""
    chain: list[str] = []
    waiting = list(fallbacks.get(alias, ()))
    while waiting:
        following = waiting.pop(0)
        if following in fallbacks and following not in chain and following != alias:
            chain.append(following)
            waiting.extend(fallbacks[following])
    return chain


def _route(
    model: Model,
    credentials: Mapping[str, OpenedCredential],
    policy_block_vendors: tuple[str, ...],
    prices: ProjectPrices,
) -> Route:
    targets = tuple(
        _target(model, deployment, credentials, prices)
        for deployment in model.deployments
        # A credential that does not open leaves its deployment out: without its key a call can only be refused.
        if deployment.enabled and (deployment.credential_id is None or deployment.credential_id in credentials)
    )
    return Route(
        model=model.alias,
        targets=targets,
        retries=model.retries,
        timeout_s=model.timeout_s,
        connect_timeout_s=model.connect_timeout_s,
        first_token_timeout_s=model.first_token_timeout_s,
        answer_timeout_s=model.answer_timeout_s,
        idle_timeout_s=model.idle_timeout_s,
        policy=_policy(model, policy_block_vendors),
        cache_ttl_s=model.cache_ttl_s,
    )


def _policy(model: Model, policy_block_vendors: tuple[str, ...]) -> Policy:
    routing = model.routing
    after = routing.fallbacks_after
    return Policy(
        strategy=routing.strategy,
        prefer_regions=routing.prefer_regions,
        sticky_by=routing.sticky_by,
        fallbacks_after={kind: after[kind] for kind in FAILURE_CLASSES if kind in after},
        policy_block_vendors=policy_block_vendors,
        hedge_after_s=routing.hedge_after_s,
        hedges_at_p95=routing.hedges_at_p95,
        on_cut=routing.on_cut,
    )


def _target(
    model: Model, deployment: Deployment, credentials: Mapping[str, OpenedCredential], prices: ProjectPrices
) -> Target:
    credential = credentials.get(deployment.credential_id or "")
    base_url = deployment.base_url or (credential.base_url if credential else None) or ""
    api_version = deployment.api_version or (credential.api_version if credential else None) or ""
    return Target(
        name=deployment.name,
        vendor=deployment.vendor,
        vendor_model=deployment.vendor_model,
        base_url=base_url,
        api_key=(credential.api_key or "") if credential else "",
        api_version=api_version,
        region=deployment.region,
        weight=deployment.weight,
        order=deployment.order,
        price=_price(model, deployment, base_url, prices),
        is_simulated=model.simulated,
        alias=model.alias,
        credential_id=credential.id if credential else "",
        context_window=deployment.context_window or _listed_window(model, deployment, base_url, prices),
        max_output_tokens=deployment.max_output_tokens,
        supports=None if deployment.supports is None else frozenset(deployment.supports),
    )


def _price(model: Model, deployment: Deployment, base_url: str, prices: ProjectPrices) -> Price | None:
    own = Price(
        input=deployment.input_usd_per_million,
        output=deployment.output_usd_per_million,
        cached_input=deployment.cached_input_usd_per_million,
        source="deployment",
    )
    if model.simulated:  # its vendor asks nothing, whatever the real one does
        return resolve_price([own], {})
    return prices.price_of(
        own,
        deployment.vendor,
        deployment.vendor_model,
        base_model=deployment.base_model or "",
        base_url=base_url,
    )


def _listed_window(model: Model, deployment: Deployment, base_url: str, prices: ProjectPrices) -> int | None:
    """The list may be wrong; routing takes it for who is asked last, and for who is not worth asking after an overflow."""
    if model.simulated:
        return None
    return prices.context_window_of(
        deployment.vendor, deployment.vendor_model, base_model=deployment.base_model or "", base_url=base_url
    )
