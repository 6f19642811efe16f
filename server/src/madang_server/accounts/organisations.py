"""Organisations and their projects, seen by the person asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, insert, select, update

from madang_server.accounts.problems import Conflict, NotFound
from madang_server.accounts.tables import memberships, organisations, projects
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from madang_server.accounts.roles import Role


@dataclass(frozen=True, kw_only=True)
class Organisation:
    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Project:
    id: str
    organisation_id: str
    name: str
    is_sandbox: bool
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Place:
    """An organisation as one member sees it."""

    organisation: Organisation
    role: Role
    projects: tuple[Project, ...]


class ProjectRole(NamedTuple):
    project: Project
    role: Role


def places_of(connection: Connection, user_id: str) -> list[Place]:
    """The organisations `user_id` belongs to, by name, each with its projects; the sandbox comes last."""
    belongs = (
        select(organisations, memberships.c.role)
        .join(memberships, memberships.c.organisation_id == organisations.c.id)
        .where(memberships.c.user_id == user_id)
        .order_by(organisations.c.name, organisations.c.id)
    )
    found = connection.execute(belongs).all()
    listed = (
        select(projects)
        .where(projects.c.organisation_id.in_([row.id for row in found]))
        .order_by(projects.c.is_sandbox, projects.c.created_at, projects.c.id)
    )
    all_projects = [Project(**row._mapping) for row in connection.execute(listed)]
    return [
        Place(
            organisation=Organisation(id=row.id, name=row.name, created_at=row.created_at),
            role=row.role,
            projects=tuple(project for project in all_projects if project.organisation_id == row.id),
        )
        for row in found
    ]


def role_in_organisation(connection: Connection, organisation_id: str, user_id: str) -> Role | None:
    """The person's role there; None when there is no such organisation or they do not belong to it."""
    asked = select(memberships.c.role).where(
        memberships.c.organisation_id == organisation_id, memberships.c.user_id == user_id
    )
    role: Role | None = connection.execute(asked).scalar_one_or_none()
    return role


def role_in_project(connection: Connection, project_id: str, user_id: str) -> ProjectRole | None:
    """The project and the person's role in it; None when there is no such project or they do not belong to it."""
    asked = (
        select(projects, memberships.c.role)
        .join(memberships, memberships.c.organisation_id == projects.c.organisation_id)
        .where(projects.c.id == project_id, memberships.c.user_id == user_id)
    )
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    role: Role = values.pop("role")
    return ProjectRole(Project(**values), role)


def sandbox_projects(connection: Connection) -> list[Project]:
    """The sandboxes, oldest first."""
    asked = select(projects).where(projects.c.is_sandbox).order_by(projects.c.created_at, projects.c.id)
    return [Project(**row._mapping) for row in connection.execute(asked)]


def add_organisation(connection: Connection, organisation: Organisation) -> None:
    connection.execute(
        insert(organisations).values(id=organisation.id, name=organisation.name, created_at=organisation.created_at)
    )


def rename_organisation(connection: Connection, organisation_id: str, name: str) -> None:
    connection.execute(update(organisations).where(organisations.c.id == organisation_id).values(name=name))


def add_project(connection: Connection, project: Project) -> None:
    """Store a new project. Raises `Conflict` when the organisation has one of this name."""
    version.bump(connection)
    _refuse_taken_name(connection, project)
    connection.execute(
        insert(projects).values(
            id=project.id,
            organisation_id=project.organisation_id,
            name=project.name,
            is_sandbox=project.is_sandbox,
            created_at=project.created_at,
        )
    )


def rename_project(connection: Connection, project: Project, name: str) -> Project:
    """The project under its new name. Raises `Conflict` when the organisation has one of this name."""
    version.bump(connection)
    renamed = Project(
        id=project.id,
        organisation_id=project.organisation_id,
        name=name,
        is_sandbox=project.is_sandbox,
        created_at=project.created_at,
    )
    _refuse_taken_name(connection, renamed)
    connection.execute(update(projects).where(projects.c.id == project.id).values(name=name))
    return renamed


def remove_project(connection: Connection, project_id: str) -> None:
    """Delete a project with its keys, credentials and models. Its traces can no longer be reached by anybody."""
    version.bump(connection)
    removed = connection.execute(delete(projects).where(projects.c.id == project_id))
    if removed.rowcount == 0:
        raise NotFound("There is no such project.")


def _refuse_taken_name(connection: Connection, project: Project) -> None:
    taken = select(projects.c.id).where(
        projects.c.organisation_id == project.organisation_id,
        projects.c.name == project.name,
        projects.c.id != project.id,
    )
    if connection.execute(taken).first() is not None:
        raise Conflict(
            f"The organisation already has a project named {project.name!r}.", param="name", code="name_taken"
        )
