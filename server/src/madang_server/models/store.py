"""Models kept and found. A change is checked against the whole project before it is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, insert, select, update

from madang_server.accounts.problems import Conflict, NotFound
from madang_server.models.model import Deployment, Model
from madang_server.models.routing import routing_of, stored_form
from madang_server.models.routing_rules import check_fallbacks
from madang_server.models.rules import tidy_model
from madang_server.models.tables import deployments, models
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Connection, Select

    from madang_server.models.model import CredentialFacts


class ProjectModel(NamedTuple):
    project_id: str
    model: Model


_DEPLOYMENT_COLUMNS = [deployments.c[field.name] for field in fields(Deployment)]


def models_of(connection: Connection, project_id: str) -> list[Model]:
    """A project's models by alias, deployments in the order in which they were given."""
    asked = select(models).where(models.c.project_id == project_id)
    behind = select(deployments).join(models, models.c.id == deployments.c.model_id)
    found = _assembled(connection, asked, behind.where(models.c.project_id == project_id))
    return [model for _, model in found]


def all_models(connection: Connection) -> list[ProjectModel]:
    """Every model of every project."""
    return _assembled(connection, select(models), select(deployments))


def model(connection: Connection, project_id: str, alias: str) -> Model:
    """One model of this project. Raises `NotFound`."""
    for found in models_of(connection, project_id):
        if found.alias == alias:
            return found
    raise NotFound(f"There is no model {alias!r} in this project.", param="alias")


def aliases_by_credential(connection: Connection, project_id: str) -> dict[str, list[str]]:
    """Which models use each credential (by id) of the project."""
    using: dict[str, list[str]] = defaultdict(list)
    for found in models_of(connection, project_id):
        for credential_id in sorted({d.credential_id for d in found.deployments if d.credential_id is not None}):
            using[credential_id].append(found.alias)
    return dict(using)


def region_by_credential(connection: Connection, project_id: str, credential_id: str) -> str:
    """A region in which this credential is used; "" when there is none."""
    asked = (
        select(deployments.c.region)
        .join(models, models.c.id == deployments.c.model_id)
        .where(
            models.c.project_id == project_id, deployments.c.credential_id == credential_id, deployments.c.region != ""
        )
        .order_by(models.c.alias, deployments.c.position)
        .limit(1)
    )
    return str(connection.execute(asked).scalar_one_or_none() or "")


def add_model(
    connection: Connection,
    project_id: str,
    wanted: Model,
    *,
    model_id: str,
    credentials: Mapping[str, CredentialFacts],
    now: datetime,
) -> Model:
    """The stored model. Raises `Invalid`, or `Conflict` when the alias is taken."""
    version.bump(connection)
    before = models_of(connection, project_id)
    ready = tidy_model(wanted, credentials)
    _refuse_taken_alias(before, ready.alias)
    check_fallbacks([*before, ready])
    _insert(connection, project_id, ready, model_id=model_id, now=now)
    return ready


def replace_model(
    connection: Connection,
    project_id: str,
    alias: str,
    wanted: Model,
    *,
    credentials: Mapping[str, CredentialFacts],
    now: datetime,
) -> Model:
    """The model as it is now stored under `alias`. With a new alias it is renamed, and fallbacks to it follow.

    Raises `NotFound`, `Invalid` or `Conflict`.
    """
    version.bump(connection)
    before = {found.alias: found for found in models_of(connection, project_id)}
    if alias not in before:
        raise NotFound(f"There is no model {alias!r} in this project.", param="alias")
    ready = tidy_model(wanted, credentials)
    others = [found for found in before.values() if found.alias != alias]
    _refuse_taken_alias(others, ready.alias)
    followed = [_following(other, alias, ready.alias) for other in others]
    check_fallbacks([*followed, ready])
    _overwrite(connection, project_id, alias, ready, now=now)
    for other, after in zip(others, followed, strict=True):
        if other != after:
            _overwrite(connection, project_id, other.alias, after, now=now)
    return ready


def deployment(found: Model, name: str) -> Deployment:
    """One deployment of a model. Raises `NotFound`."""
    for one in found.deployments:
        if one.name == name:
            return one
    raise NotFound(f"Model {found.alias!r} has no deployment {name!r}.", param="deployment")


def set_enabled(
    connection: Connection,
    project_id: str,
    alias: str,
    name: str,
    enabled: bool,
    *,
    credentials: Mapping[str, CredentialFacts],
    now: datetime,
) -> Model:
    """The model with one of its deployments in service or out of it.

    Raises `NotFound`, or `Conflict` when it is the last one that could answer.
    """
    version.bump(connection)
    found = model(connection, project_id, alias)
    wanted = replace(deployment(found, name), enabled=enabled)
    after = tuple(wanted if one.name == name else one for one in found.deployments)
    if not any(one.enabled and one.weight > 0 for one in after):
        raise Conflict(
            f"{name!r} is the last deployment of {alias!r} that takes calls. Enable another one with a weight above 0 "
            "first, or delete the model.",
            code="last_deployment",
        )
    ready = tidy_model(replace(found, deployments=after), credentials)
    _overwrite(connection, project_id, alias, ready, now=now)
    return ready


def remove_model(connection: Connection, project_id: str, alias: str) -> None:
    """Delete a model. Raises `NotFound`, or `Conflict` while other models fall back to it."""
    version.bump(connection)
    before = models_of(connection, project_id)
    if alias not in {found.alias for found in before}:
        raise NotFound(f"There is no model {alias!r} in this project.", param="alias")
    relying = [found.alias for found in before if alias in _fallen_back_to(found)]
    if relying:
        raise Conflict(f"These models fall back to {alias!r}: {', '.join(relying)}. Change them first.", code="in_use")
    _delete(connection, project_id, [alias])


def write_models(
    connection: Connection,
    project_id: str,
    *,
    changed: Iterable[Model],
    added: Mapping[str, Model],
    removed: Iterable[str],
    now: datetime,
) -> None:
    """Write a whole plan whose models were checked together already. `added` is by the id to give."""
    version.bump(connection)
    _delete(connection, project_id, list(removed))
    for ready in changed:
        _overwrite(connection, project_id, ready.alias, ready, now=now)
    for model_id, ready in added.items():
        _insert(connection, project_id, ready, model_id=model_id, now=now)


def check_project(connection: Connection, project_id: str, credentials: Mapping[str, CredentialFacts]) -> None:
    """Raises `Invalid` when a stored model no longer fits, as after a change to a credential it uses."""
    for found in models_of(connection, project_id):
        tidy_model(found, credentials)


def _fallen_back_to(found: Model) -> set[str]:
    return {*found.fallbacks, *(alias for aliases in found.routing.fallbacks_after.values() for alias in aliases)}


def _following(other: Model, old_alias: str, new_alias: str) -> Model:
    def renamed(name: str) -> str:
        return new_alias if name == old_alias else name

    return replace(
        other, fallbacks=tuple(renamed(name) for name in other.fallbacks), routing=other.routing.renamed(renamed)
    )


def _refuse_taken_alias(others: Iterable[Model], alias: str) -> None:
    if any(other.alias == alias for other in others):
        raise Conflict(f"The project already has a model {alias!r}.", param="alias", code="alias_taken")


def _assembled(connection: Connection, asked: Select[Any], behind: Select[Any]) -> list[ProjectModel]:
    found = connection.execute(asked.order_by(models.c.project_id, models.c.alias)).all()
    by_model: dict[str, list[Deployment]] = defaultdict(list)
    chosen = behind.with_only_columns(deployments.c.model_id, *_DEPLOYMENT_COLUMNS)
    for row in connection.execute(chosen.order_by(deployments.c.model_id, deployments.c.position)):
        values = dict(row._mapping)
        supports = values.pop("supports")
        by_model[values.pop("model_id")].append(
            Deployment(**values, supports=None if supports is None else tuple(supports))
        )
    return [
        ProjectModel(
            row.project_id,
            Model(
                alias=row.alias,
                description=row.description,
                simulated=row.simulated,
                retries=row.retries,
                timeout_s=row.timeout_s,
                connect_timeout_s=row.connect_timeout_s,
                first_token_timeout_s=row.first_token_timeout_s,
                answer_timeout_s=row.answer_timeout_s,
                idle_timeout_s=row.idle_timeout_s,
                cache_ttl_s=row.cache_ttl_s,
                fallbacks=tuple(row.fallbacks),
                routing=routing_of(row.routing),
                deployments=tuple(by_model[row.id]),
            ),
        )
        for row in found
    ]


def _columns(ready: Model, now: datetime) -> dict[str, object]:
    return {
        "alias": ready.alias,
        "description": ready.description,
        "simulated": ready.simulated,
        "retries": ready.retries,
        "timeout_s": ready.timeout_s,
        "connect_timeout_s": ready.connect_timeout_s,
        "first_token_timeout_s": ready.first_token_timeout_s,
        "answer_timeout_s": ready.answer_timeout_s,
        "idle_timeout_s": ready.idle_timeout_s,
        "cache_ttl_s": ready.cache_ttl_s,
        "fallbacks": list(ready.fallbacks),
        "routing": stored_form(ready.routing) or None,
        "updated_at": now,
    }


def _insert(connection: Connection, project_id: str, ready: Model, *, model_id: str, now: datetime) -> None:
    connection.execute(
        insert(models).values(id=model_id, project_id=project_id, created_at=now, **_columns(ready, now))
    )
    _insert_deployments(connection, model_id, ready)


def _overwrite(connection: Connection, project_id: str, alias: str, ready: Model, *, now: datetime) -> None:
    changed = (
        update(models)
        .where(models.c.project_id == project_id, models.c.alias == alias)
        .values(**_columns(ready, now))
        .returning(models.c.id)
    )
    model_id: str = connection.execute(changed).scalar_one()
    connection.execute(delete(deployments).where(deployments.c.model_id == model_id))
    _insert_deployments(connection, model_id, ready)


def _insert_deployments(connection: Connection, model_id: str, ready: Model) -> None:
    rows = [
        {"model_id": model_id, "position": index}
        | {field.name: getattr(deployment, field.name) for field in fields(Deployment)}
        for index, deployment in enumerate(ready.deployments)
    ]
    connection.execute(insert(deployments), rows)


def _delete(connection: Connection, project_id: str, aliases: list[str]) -> None:
    connection.execute(delete(models).where(models.c.project_id == project_id, models.c.alias.in_(aliases)))
