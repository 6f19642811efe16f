"""Who is asking, and may they? Handlers say it in their signature: `ProjectReader`, `ProjectEditor`, `OrganisationAdmin`, …

What belongs to others answers 404, exactly as what does not exist. A role that is too low answers 403.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Path, Request

from madang_server.accounts import keys, organisations, roles, sessions, users
from madang_server.accounts.problems import Forbidden, NotFound, NotSignedIn
from madang_server.http.database import Reading
from madang_server.http.surroundings import Around, Now

if TYPE_CHECKING:
    from collections.abc import Callable

    from madang_server.accounts.organisations import Project
    from madang_server.accounts.roles import Role
    from madang_server.accounts.users import User

SESSION_COOKIE = "madang_session"
CSRF_HEADER = "x-csrf-token"

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, kw_only=True)
class Asker:
    """The signed-in person, and the token of the session they ask with."""

    user: User
    token: str
    token_digest: str


@dataclass(frozen=True, kw_only=True)
class ProjectAccess:
    """The project asked about, and by whom in which role."""

    project_id: str
    user_id: str
    role: Role
    project: Project


@dataclass(frozen=True, kw_only=True)
class OrganisationAccess:
    """The organisation asked about, and by whom in which role."""

    organisation_id: str
    user_id: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class KeyAccess:
    """A program asking with a project's secret key."""

    project_id: str
    key_id: str
    public_key: str


def _signed_in(request: Request, around: Around, connection: Reading, now: Now) -> Asker:
    token = request.cookies.get(SESSION_COOKIE, "")
    session = sessions.session_of(connection, token, now=now) if token else None
    user = users.user_by_id(connection, session.user_id) if session else None
    if session is None or user is None:
        raise NotSignedIn("Sign in first.")
    if request.method not in _SAFE_METHODS:
        _check_csrf(request, token)
    if sessions.wants_sliding(session, now=now):
        connection.rollback()  # Ends the reading moment: SQLite lets one request write only when it reads nothing older.
        with around.database.transaction() as writing:
            sessions.slide_session(writing, session, now=now)
    return Asker(user=user, token=token, token_digest=session.token_digest)


def _check_csrf(request: Request, token: str) -> None:
    sent = request.headers.get(CSRF_HEADER, "")
    if not sessions.is_csrf_token(sent, token):
        raise Forbidden(
            f"The {CSRF_HEADER} header is missing or wrong: send the csrf_token that GET /api/session gives.",
            code="csrf_failed",
        )


SignedIn = Annotated[Asker, Depends(_signed_in)]


def _project_access(
    project_id: Annotated[str, Path(description="The project's id.")], asker: SignedIn, connection: Reading
) -> ProjectAccess:
    found = organisations.role_in_project(connection, project_id, asker.user.id)
    if found is None:
        raise NotFound("There is no such project.")
    return ProjectAccess(project_id=found.project.id, user_id=asker.user.id, role=found.role, project=found.project)


def _organisation_access(
    organisation_id: Annotated[str, Path(description="The organisation's id.")], asker: SignedIn, connection: Reading
) -> OrganisationAccess:
    role = organisations.role_in_organisation(connection, organisation_id, asker.user.id)
    if role is None:
        raise NotFound("There is no such organisation.")
    return OrganisationAccess(organisation_id=organisation_id, user_id=asker.user.id, role=role)


_InProject = Annotated[ProjectAccess, Depends(_project_access)]
_InOrganisation = Annotated[OrganisationAccess, Depends(_organisation_access)]


def _require(role: Role, allows: Callable[[Role], bool], needed: str) -> None:
    if not allows(role):
        raise Forbidden(f"Your role here is {role}; this needs {needed}.")


def _project_editor(access: _InProject) -> ProjectAccess:
    _require(access.role, roles.may_edit, "member, admin or owner")
    return access


def _project_admin(access: _InProject) -> ProjectAccess:
    _require(access.role, roles.may_administer, "admin or owner")
    return access


def _organisation_admin(access: _InOrganisation) -> OrganisationAccess:
    _require(access.role, roles.may_administer, "admin or owner")
    return access


ProjectReader = _InProject
ProjectEditor = Annotated[ProjectAccess, Depends(_project_editor)]
ProjectAdmin = Annotated[ProjectAccess, Depends(_project_admin)]
OrganisationReader = _InOrganisation
OrganisationAdmin = Annotated[OrganisationAccess, Depends(_organisation_admin)]


def _project_key(request: Request, connection: Reading) -> KeyAccess:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    active = None
    if scheme.lower() == "bearer" and secret.strip():
        active = keys.active_key_of_secret(connection, secret.strip())
    if active is None:
        raise NotSignedIn(
            "Send a project's secret key as 'Authorization: Bearer sk-md-…'; this one is missing, wrong or revoked.",
            code="invalid_api_key",
        )
    return KeyAccess(project_id=active.project_id, key_id=active.key_id, public_key=active.public_key)


ProjectKey = Annotated[KeyAccess, Depends(_project_key)]
