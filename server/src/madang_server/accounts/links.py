"""One-time sign-in links, for the first start, invitations and forgotten passwords."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert

from madang_server.accounts.problems import NotSignedIn
from madang_server.accounts.randomness import RandomBytes, digest, new_secret
from madang_server.accounts.tables import sign_in_links

if TYPE_CHECKING:
    from sqlalchemy import Connection

LINK_LIFE = timedelta(hours=1)


def make_link(connection: Connection, user_id: str, base_url: str, *, now: datetime, random_bytes: RandomBytes) -> str:
    """A URL that signs `user_id` in once, within an hour."""
    connection.execute(delete(sign_in_links).where(sign_in_links.c.expires_at <= now))
    token = new_secret(random_bytes)
    connection.execute(
        insert(sign_in_links).values(
            token_digest=digest(token), user_id=user_id, created_at=now, expires_at=now + LINK_LIFE
        )
    )
    return f"{base_url}/sign-in?token={token}"


def redeem_link(connection: Connection, token: str, *, now: datetime) -> str:
    """The user the link is for; the link is used up by it. Raises `NotSignedIn` for a used, old or invented one."""
    # Deleting and asking in one statement: of two browsers that open the link together only one gets in.
    used = (
        delete(sign_in_links)
        .where(sign_in_links.c.token_digest == digest(token), sign_in_links.c.expires_at > now)
        .returning(sign_in_links.c.user_id)
    )
    user_id: str | None = connection.execute(used).scalar_one_or_none()
    if user_id is None:
        raise NotSignedIn(
            "This sign-in link has been used or is too old. Ask for a new one; on the server: madang sign-in-link",
            param="token",
            code="link_invalid",
        )
    return user_id


def withdraw_links(connection: Connection, user_id: str) -> None:
    """Make a person's unused links worthless."""
    connection.execute(delete(sign_in_links).where(sign_in_links.c.user_id == user_id))
