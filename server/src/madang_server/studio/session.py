"""Signing in and out, and what the UI must know about the person in front of it."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from madang_server.accounts import links, organisations, sessions, users
from madang_server.accounts.problems import NotSignedIn
from madang_server.accounts.roles import Role
from madang_server.accounts.users import User
from madang_server.http.access import SESSION_COOKIE, SignedIn
from madang_server.http.database import Reading, Transaction
from madang_server.http.surroundings import Around, Now, Surroundings
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(tags=["session"])


class SignIn(Sent):
    email: str = Field(max_length=500)
    password: str = Field(max_length=2_000)


class SignInByLink(Sent):
    token: str = Field(max_length=500)


class SessionUser(Shown):
    id: str
    email: str
    name: str
    language: Literal["ko", "en"]
    has_password: bool


class SessionProject(Shown):
    id: str
    name: str
    is_sandbox: bool


class SessionOrganisation(Shown):
    id: str
    name: str
    role: Role
    projects: list[SessionProject]


class Session(Shown):
    """`csrf_token` goes into the x-csrf-token header of every request that changes something."""

    user: SessionUser
    csrf_token: str
    organisations: list[SessionOrganisation]
    version: str


@router.post("/sign-in")
def sign_in(
    body: SignIn, request: Request, response: Response, around: Around, now: Now, reading: Reading, writing: Transaction
) -> Session:
    """Sign in by e-mail and password; sets the session cookie."""
    email = body.email.strip().lower()
    address = request.client.host if request.client else ""
    around.throttle.admit(email, address, now_s=around.seconds())
    user = users.user_by_email(reading, email)
    if not around.passwords.matches(body.password, user.password_hash if user else None) or user is None:
        around.throttle.failed(email, address, now_s=around.seconds())
        raise NotSignedIn("E-mail or password is wrong.", code="wrong_credentials")
    around.throttle.succeeded(email, address)
    token = sessions.open_session(writing, user.id, now=now, random_bytes=around.random_bytes)
    _set_cookie(response, request, around, token)
    return describe(reading, user, token, around)


@router.post("/sign-in/link")
def sign_in_by_link(
    body: SignInByLink, request: Request, response: Response, around: Around, now: Now, writing: Transaction
) -> Session:
    """Sign in by a one-time link; the link is used up by it."""
    user_id = links.redeem_link(writing, body.token, now=now)
    user = users.user_by_id(writing, user_id)
    assert user is not None
    token = sessions.open_session(writing, user.id, now=now, random_bytes=around.random_bytes)
    _set_cookie(response, request, around, token)
    return describe(writing, user, token, around)


@router.post("/sign-out", status_code=204)
def sign_out(asker: SignedIn, response: Response, writing: Transaction) -> None:
    """End this session."""
    sessions.close_session(writing, asker.token)
    response.delete_cookie(SESSION_COOKIE, path="/")


@router.get("/session")
def get_session(asker: SignedIn, reading: Reading, around: Around) -> Session:
    """Who is signed in, and what they can see."""
    return describe(reading, asker.user, asker.token, around)


def describe(connection: Reading, user: User, token: str, around: Surroundings) -> Session:
    """The session of `user` as the UI needs it."""
    return Session(
        user=SessionUser(
            id=user.id,
            email=user.email,
            name=user.name,
            language=user.language,
            has_password=user.password_hash is not None,
        ),
        csrf_token=sessions.csrf_token(token),
        organisations=[
            SessionOrganisation(
                id=place.organisation.id,
                name=place.organisation.name,
                role=place.role,
                projects=[SessionProject.model_validate(project) for project in place.projects],
            )
            for place in organisations.places_of(connection, user.id)
        ],
        version=around.version,
    )


def _set_cookie(response: Response, request: Request, around: Surroundings, token: str) -> None:
    is_https = request.url.scheme == "https" or around.settings.base_url.startswith("https://")
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(sessions.SESSION_LIFE.total_seconds()),
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )
