"""Organisations and their projects."""

from __future__ import annotations

from fastapi import APIRouter

from madang_server.accounts import members, organisations
from madang_server.accounts.names import tidy_name
from madang_server.accounts.organisations import Organisation, Project
from madang_server.accounts.problems import Conflict
from madang_server.accounts.randomness import new_id
from madang_server.http.access import OrganisationAdmin, ProjectAdmin, SignedIn
from madang_server.http.database import Transaction
from madang_server.http.surroundings import Around, Now
from madang_server.studio.session import SessionOrganisation, SessionProject
from madang_server.studio.shapes import Sent

router = APIRouter(tags=["organisations"])


class Named(Sent):
    name: str


@router.post("/organisations", status_code=201)
def create_organisation(
    body: Named, asker: SignedIn, around: Around, now: Now, writing: Transaction
) -> SessionOrganisation:
    """A new organisation, owned by the person who makes it."""
    made = Organisation(id=new_id(around.random_bytes), name=tidy_name(body.name), created_at=now)
    organisations.add_organisation(writing, made)
    members.add_member(writing, made.id, asker.user.id, "owner", actor="owner", now=now)
    return SessionOrganisation(id=made.id, name=made.name, role="owner", projects=[])


@router.patch("/organisations/{organisation_id}", status_code=204)
def rename_organisation(body: Named, access: OrganisationAdmin, writing: Transaction) -> None:
    """Give an organisation another name."""
    organisations.rename_organisation(writing, access.organisation_id, tidy_name(body.name))


@router.post("/organisations/{organisation_id}/projects", status_code=201)
def create_project(
    body: Named, access: OrganisationAdmin, around: Around, now: Now, writing: Transaction
) -> SessionProject:
    """A new project, empty."""
    made = Project(
        id=new_id(around.random_bytes),
        organisation_id=access.organisation_id,
        name=tidy_name(body.name),
        is_sandbox=False,
        created_at=now,
    )
    organisations.add_project(writing, made)
    return SessionProject.model_validate(made)


@router.patch("/projects/{project_id}")
def rename_project(body: Named, access: ProjectAdmin, writing: Transaction) -> SessionProject:
    """Give a project another name."""
    renamed = organisations.rename_project(writing, access.project, tidy_name(body.name))
    return SessionProject.model_validate(renamed)


@router.delete("/projects/{project_id}", status_code=204)
def delete_project(access: ProjectAdmin, writing: Transaction) -> None:
    """Delete a project with its keys, credentials and models. Its keys stop working at once."""
    if access.project.is_sandbox:
        raise Conflict("The sandbox stays: its models cost nothing and reach no vendor.", code="sandbox")
    organisations.remove_project(writing, access.project_id)
