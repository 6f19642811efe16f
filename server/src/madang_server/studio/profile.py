"""A person's own account: name, e-mail, language, password."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from madang_server.accounts import links, sessions, users
from madang_server.accounts.names import tidy_email, tidy_name
from madang_server.accounts.passwords import check_new_password
from madang_server.accounts.problems import Invalid
from madang_server.accounts.users import User
from madang_server.http.access import SignedIn
from madang_server.http.database import Reading, Transaction
from madang_server.http.surroundings import Around, Surroundings
from madang_server.studio.session import Session, describe
from madang_server.studio.shapes import Sent

router = APIRouter(tags=["profile"])


class ProfileChange(Sent):
    """What is left out stays. Changing e-mail or password asks for the current password, when there is one."""

    name: str | None = None
    email: str | None = None
    language: Literal["ko", "en"] | None = None
    password: str | None = Field(default=None, max_length=2_000)
    current_password: str | None = Field(default=None, max_length=2_000)


@router.patch("/profile")
def change_profile(
    body: ProfileChange, asker: SignedIn, around: Around, reading: Reading, writing: Transaction
) -> Session:
    """Change the signed-in person's own account. A new password ends all their other sessions."""
    changed = _changed(asker.user, body, around)
    users.save_user(writing, changed)
    if body.password is not None:
        sessions.close_sessions_of(writing, changed.id, but=asker.token_digest)
        links.withdraw_links(writing, changed.id)
    return describe(writing, changed, asker.token, around)


def _changed(user: User, body: ProfileChange, around: Surroundings) -> User:
    email = user.email if body.email is None else tidy_email(body.email)
    if body.password is not None:
        check_new_password(body.password)
    is_sensitive = body.password is not None or email != user.email
    if (
        is_sensitive
        and user.password_hash is not None
        and not around.passwords.matches(body.current_password or "", user.password_hash)
    ):
        raise Invalid("The current password is wrong.", param="current_password", code="wrong_password")
    return replace(
        user,
        name=user.name if body.name is None else tidy_name(body.name),
        email=email,
        language=body.language or user.language,
        password_hash=user.password_hash if body.password is None else around.passwords.hash(body.password),
    )
