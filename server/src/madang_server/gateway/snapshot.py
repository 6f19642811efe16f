"""What the Gateway knows in memory: keys, and the routes of each project. Replaced as a whole when something changed, so
a call never sees half of a change and never waits for the database."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from madang.calls.target import Price, Route, Target
from madang_server.accounts.keys import ActiveKey
from madang_server.credentials.store import OpenedCredential
from madang_server.models.model import Deployment, Model
from madang_server.models.sandbox import resolve_simulator
from madang_server.models.store import ProjectModel


@dataclass(frozen=True, slots=True)
class Project:
    """One project's models. `routes` has aliases and, as `deployment/alias`, each deployment by itself."""

    project_id: str
    routes: Mapping[str, Route]
    aliases: tuple[str, ...]
    created: int  # seconds since the epoch, for the model list
    credentials: Mapping[str, OpenedCredential] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who a secret key belongs to."""

    key_id: str
    public_key: str
    project: Project


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one version of the configuration; `keys` by the secret's SHA-256 as hex digits."""

    version: int
    keys: Mapping[str, KeyHolder]

    def holder_of(self, secret: bytes) -> KeyHolder | None:
        return self.keys.get(hashlib.sha256(secret).hexdigest())


EMPTY = Snapshot(version=-1, keys={})


def build_snapshot(
    version: int,
    keys: Iterable[ActiveKey],
    models: Iterable[ProjectModel],
    credentials: Iterable[OpenedCredential],
    *,
    simulator_url: str | None,
    created: int,
) -> Snapshot:
    """A snapshot from what the database holds. Simulated models are left out where no simulator runs."""
    models_by_project: dict[str, list[Model]] = {}
    for project_id, stored in models:
        model = resolve_simulator(stored, simulator_url)
        if model is not None:
            models_by_project.setdefault(project_id, []).append(model)
    credentials_by_project: dict[str, dict[str, OpenedCredential]] = {}
    for credential in credentials:
        credentials_by_project.setdefault(credential.project_id, {})[credential.id] = credential
    projects: dict[str, Project] = {}
    holders: dict[str, KeyHolder] = {}
    for key in keys:
        project = projects.get(key.project_id)
        if project is None:
            project = projects[key.project_id] = _project(
                key.project_id,
                models_by_project.get(key.project_id, []),
                credentials_by_project.get(key.project_id, {}),
                created,
            )
        holders[key.secret_digest] = KeyHolder(key.key_id, key.public_key, project)
    return Snapshot(version, holders)


def _project(
    project_id: str,
    models: list[Model],
    credentials: Mapping[str, OpenedCredential],
    created: int,
) -> Project:
    plain = {model.alias: _route(model, credentials) for model in models}
    routes: dict[str, Route] = {}
    for model in models:
        route = plain[model.alias]
        chain = _fallbacks_of(model.alias, {m.alias: m.fallbacks for m in models})
        routes[model.alias] = replace(route, fallbacks=tuple(plain[alias] for alias in chain))
        for target in route.targets:
            routes.setdefault(f"{target.name}/{model.alias}", replace(route, targets=(target,)))
    return Project(project_id, routes, tuple(sorted(plain)), created, credentials)


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


def _route(model: Model, credentials: Mapping[str, OpenedCredential]) -> Route:
    targets = tuple(
        _target(model, deployment, credentials)
        for deployment in model.deployments
        # A credential that does not open leaves its deployment out: without its key a call can only be refused.
        if deployment.enabled and (deployment.credential_id is None or deployment.credential_id in credentials)
    )
    return Route(
        model=model.alias,
        targets=targets,
        retries=model.retries,
        timeout_s=model.timeout_s,
        first_token_timeout_s=model.first_token_timeout_s,
        idle_timeout_s=model.idle_timeout_s,
    )


def _target(model: Model, deployment: Deployment, credentials: Mapping[str, OpenedCredential]) -> Target:
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
        price=_price(deployment),
        is_simulated=model.simulated,
        alias=model.alias,
        credential_id=credential.id if credential else "",
    )


def _price(deployment: Deployment) -> Price | None:
    if deployment.input_usd_per_million is None:
        return None
    return Price(
        deployment.input_usd_per_million,
        deployment.output_usd_per_million,
        deployment.cached_input_usd_per_million,
    )
