"""Models of a project and their deployments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from madang.calls.operation import Vendor
from madang.calls.policy import OnCut, StickyBy, Strategy
from madang.calls.target import Feature
from madang_server.accounts.problems import Invalid
from madang_server.accounts.randomness import new_id
from madang_server.credentials import store as credentials
from madang_server.http.access import ProjectEditor, ProjectReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.paging import Page, cut
from madang_server.http.surroundings import Around, DeploymentHealth, Now
from madang_server.models import store
from madang_server.models.model import Deployment as StoredDeployment
from madang_server.models.model import Model as StoredModel
from madang_server.models.routing import Routing as StoredRouting
from madang_server.studio.credentials import facts_of
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/projects/{project_id}/models", tags=["models"])


class Health(Shown):
    """What the gateway last saw. A cooling deployment is tried again at `until`, one in "trial" by the next call. `in_flight`
    are calls under way in the process that answers this."""

    state: Literal["healthy", "cooling", "trial"]
    until: datetime | None
    reason: str
    in_flight: int = 0


class Deployment(Shown):
    """Prices are US dollars per million tokens, None when unknown. `credential` is a credential's name."""

    name: str
    vendor: Vendor
    vendor_model: str
    region: str
    base_url: str | None
    api_version: str | None
    credential: str | None
    weight: float
    order: int
    enabled: bool
    input_usd_per_million: Decimal | None
    cached_input_usd_per_million: Decimal | None
    output_usd_per_million: Decimal | None
    context_window: int | None
    max_output_tokens: int | None
    supports: list[Feature] | None
    base_model: str | None
    health: Health | None


class Routing(Shown):
    """How a model's calls go. `fallbacks_after` holds, by class of failure, the aliases that take over after it in place of
    `fallbacks`; an empty list is none. `hedge_after_s` is seconds.
    """

    strategy: Strategy
    prefer_regions: list[str]
    sticky_by: StickyBy
    fallbacks_after: dict[str, list[str]]
    hedge_after_s: float | None
    hedges_at_p95: bool
    on_cut: OnCut


class Model(Shown):
    """Time limits are seconds; None is no limit of its own. `cache_ttl_s`: for how many seconds an answer is given again to
    the same request; None is not at all."""

    alias: str
    description: str
    simulated: bool
    retries: int
    timeout_s: float
    connect_timeout_s: float | None
    first_token_timeout_s: float | None
    answer_timeout_s: float | None
    idle_timeout_s: float | None
    cache_ttl_s: float | None
    fallbacks: list[str]
    routing: Routing
    deployments: list[Deployment]


class ModelPage(Shown):
    items: list[Model]
    next_cursor: str | None


class DeploymentInput(Sent):
    """Like `Deployment`. `health` is accepted, so that what was read can be sent back, and ignored.

    Without `context_window`, `max_output_tokens` and `supports` nothing is held against a deployment. `base_model` is the
    vendor's model behind a `vendor_model` that does not tell, such as a deployment at Azure.
    """

    name: str
    vendor: Vendor
    vendor_model: str
    region: str = ""
    base_url: str | None = None
    api_version: str | None = None
    credential: str | None = None
    weight: float = 1.0
    order: int = 1
    enabled: bool = True
    input_usd_per_million: Decimal | None = None
    cached_input_usd_per_million: Decimal | None = None
    output_usd_per_million: Decimal | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    supports: list[Feature] | None = None
    base_model: str | None = None
    health: Health | None = Field(default=None, exclude=True)


class RoutingInput(Sent):
    """Like `Routing`; what is left out is plain."""

    strategy: Strategy = "weighted"
    prefer_regions: list[str] = []
    sticky_by: StickyBy = "none"
    fallbacks_after: dict[str, list[str]] = {}
    hedge_after_s: float | None = None
    hedges_at_p95: bool = False
    on_cut: OnCut = "error"


class ModelInput(Sent):
    """A model as it shall be, whole."""

    alias: str
    description: str = ""
    simulated: bool = False
    retries: int = 2
    timeout_s: float = 600.0
    connect_timeout_s: float | None = None
    first_token_timeout_s: float | None = None
    answer_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    cache_ttl_s: float | None = None
    fallbacks: list[str] = []
    routing: RoutingInput = RoutingInput()
    deployments: list[DeploymentInput]


@router.get("")
def list_models(access: ProjectReader, page: Page, around: Around, reading: Reading) -> ModelPage:
    """The project's models, by alias."""
    names = {one.id: one.name for one in credentials.credentials_of(reading, access.project_id)}
    health = around.health_of(access.project_id)
    found, next_cursor = cut(store.models_of(reading, access.project_id), page, lambda one: one.alias)
    return ModelPage(items=[shown(one, names, health) for one in found], next_cursor=next_cursor)


@router.post("", status_code=201)
def create_model(body: ModelInput, access: ProjectEditor, around: Around, now: Now, writing: Transaction) -> Model:
    """A new model."""
    known = credentials.credentials_of(writing, access.project_id)
    made = store.add_model(
        writing,
        access.project_id,
        wanted(body, {one.name: one.id for one in known}),
        model_id=new_id(around.random_bytes),
        credentials=facts_of(known),
        now=now,
    )
    return shown(made, {one.id: one.name for one in known}, {})


@router.put("/{alias:path}")
def replace_model(
    alias: str, body: ModelInput, access: ProjectEditor, around: Around, now: Now, writing: Transaction
) -> Model:
    """Replace a model. Another alias in the body renames it, and fallbacks to it follow."""
    known = credentials.credentials_of(writing, access.project_id)
    after = store.replace_model(
        writing,
        access.project_id,
        alias,
        wanted(body, {one.name: one.id for one in known}),
        credentials=facts_of(known),
        now=now,
    )
    return shown(after, {one.id: one.name for one in known}, around.health_of(access.project_id))


@router.delete("/{alias:path}", status_code=204)
def delete_model(alias: str, access: ProjectEditor, writing: Transaction) -> None:
    """Delete a model that no other falls back to."""
    store.remove_model(writing, access.project_id, alias)


def wanted(body: ModelInput, credential_ids: Mapping[str, str]) -> StoredModel:
    """The model asked for, with credentials by id instead of by name. Raises `Invalid` for a name nobody has."""
    deployments = []
    for index, sent in enumerate(body.deployments):
        values = sent.model_dump()
        name, supports = values.pop("credential"), values.pop("supports")
        if name is not None and name not in credential_ids:
            raise Invalid(
                f"There is no credential named {name!r} in this project.", param=f"deployments.{index}.credential"
            )
        deployments.append(
            StoredDeployment(
                **values,
                credential_id=None if name is None else credential_ids[name],
                supports=None if supports is None else tuple(supports),
            )
        )
    values = body.model_dump(exclude={"deployments", "fallbacks", "routing"})
    return StoredModel(
        **values,
        fallbacks=tuple(body.fallbacks),
        routing=_wanted_routing(body.routing),
        deployments=tuple(deployments),
    )


def _wanted_routing(sent: RoutingInput) -> StoredRouting:
    values = sent.model_dump(exclude={"prefer_regions", "fallbacks_after"})
    return StoredRouting(
        **values,
        prefer_regions=tuple(sent.prefer_regions),
        fallbacks_after={kind: tuple(aliases) for kind, aliases in sent.fallbacks_after.items()},
    )


def shown(
    one: StoredModel, credential_names: Mapping[str, str], health: Mapping[tuple[str, str], DeploymentHealth]
) -> Model:
    """The model for people: credentials by name, health where it is known."""
    return Model(
        alias=one.alias,
        description=one.description,
        simulated=one.simulated,
        retries=one.retries,
        timeout_s=one.timeout_s,
        connect_timeout_s=one.connect_timeout_s,
        first_token_timeout_s=one.first_token_timeout_s,
        answer_timeout_s=one.answer_timeout_s,
        idle_timeout_s=one.idle_timeout_s,
        cache_ttl_s=one.cache_ttl_s,
        fallbacks=list(one.fallbacks),
        routing=Routing.model_validate(one.routing),
        deployments=[
            _shown_deployment(deployment, credential_names, health.get((one.alias, deployment.name)))
            for deployment in one.deployments
        ],
    )


def _shown_deployment(
    one: StoredDeployment, credential_names: Mapping[str, str], health: DeploymentHealth | None
) -> Deployment:
    return Deployment(
        name=one.name,
        vendor=one.vendor,
        vendor_model=one.vendor_model,
        region=one.region,
        base_url=one.base_url,
        api_version=one.api_version,
        credential=None if one.credential_id is None else credential_names[one.credential_id],
        weight=one.weight,
        order=one.order,
        enabled=one.enabled,
        input_usd_per_million=one.input_usd_per_million,
        cached_input_usd_per_million=one.cached_input_usd_per_million,
        output_usd_per_million=one.output_usd_per_million,
        context_window=one.context_window,
        max_output_tokens=one.max_output_tokens,
        supports=None if one.supports is None else list(one.supports),
        base_model=one.base_model,
        health=None if health is None else Health.model_validate(health),
    )
