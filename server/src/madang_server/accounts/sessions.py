"""Signed-in browsers. The cookie holds a random token, the database only its digest."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from madang_server.accounts.randomness import RandomBytes, digest, new_secret
from madang_server.accounts.tables import sessions

if TYPE_CHECKING:
    from sqlalchemy import Connection

SESSION_LIFE = timedelta(days=14)
# Sliding on every request would write on every read; once an hour is as good.
_SLIDE_EVERY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Session:
    token_digest: str
    user_id: str
    last_seen_at: datetime
    expires_at: datetime


def open_session(connection: Connection, user_id: str, *, now: datetime, random_bytes: RandomBytes) -> str:
    """The token for a new session's cookie. Sessions that have ended are cleared away on the same occasion."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    token = new_secret(random_bytes)
    connection.execute(
        insert(sessions).values(
            token_digest=digest(token), user_id=user_id, created_at=now, last_seen_at=now, expires_at=now + SESSION_LIFE
        )
    )
    return token


def session_of(connection: Connection, token: str, *, now: datetime) -> Session | None:
    """The session this cookie belongs to; None when it ended or never was."""
    asked = select(sessions.c.token_digest, sessions.c.user_id, sessions.c.last_seen_at, sessions.c.expires_at).where(
        sessions.c.token_digest == digest(token), sessions.c.expires_at > now
    )
    row = connection.execute(asked).one_or_none()
    return Session(**row._mapping) if row else None


def wants_sliding(session: Session, *, now: datetime) -> bool:
    return now - session.last_seen_at >= _SLIDE_EVERY


def slide_session(connection: Connection, session: Session, *, now: datetime) -> None:
    """Let the session live another full term from now."""
    connection.execute(
        update(sessions)
        .where(sessions.c.token_digest == session.token_digest)
        .values(last_seen_at=now, expires_at=now + SESSION_LIFE)
    )


def close_session(connection: Connection, token: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.token_digest == digest(token)))


def close_sessions_of(connection: Connection, user_id: str, *, but: str | None = None) -> None:
    """End all of a person's sessions, except the one with digest `but`."""
    ended = delete(sessions).where(sessions.c.user_id == user_id)
    connection.execute(ended if but is None else ended.where(sessions.c.token_digest != but))


def csrf_token(token: str) -> str:
    """What a page must send in `x-csrf-token`. It follows from the cookie, which another site's page cannot read."""
    return hashlib.sha256(b"madang csrf " + token.encode("utf-8")).hexdigest()


def is_csrf_token(sent: str, token: str) -> bool:
    """Whether `sent` belongs to the session with this token; takes the same time for any wrong one."""
    return hmac.compare_digest(sent.encode("utf-8"), csrf_token(token).encode("utf-8"))
