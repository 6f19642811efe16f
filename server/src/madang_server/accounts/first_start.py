"""The first start of an installation: an owner, an organisation, a project and the sandbox, by MADANG_INIT_* or defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from madang_server.accounts import keys, members, organisations, users
from madang_server.accounts.keys import KeyPair
from madang_server.accounts.names import tidy_email, tidy_name
from madang_server.accounts.organisations import Organisation, Project
from madang_server.accounts.passwords import LONGEST_PASSWORD
from madang_server.accounts.problems import Invalid
from madang_server.accounts.randomness import RandomBytes, new_id
from madang_server.accounts.users import User
from madang_server.storage.sql import version

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from madang_server.accounts.passwords import Passwords
    from madang_server.settings import Settings

# Nobody receives mail there; the owner enters their own address on the profile page.
_OWNER_WITHOUT_EMAIL = "owner@localhost"


@dataclass(frozen=True, kw_only=True)
class Founded:
    """What the first start made."""

    owner: User
    project: Project
    sandbox: Project


def found_installation(
    connection: Connection, settings: Settings, *, now: datetime, random_bytes: RandomBytes, passwords: Passwords
) -> Founded | None:
    """What was made; None when the installation has people already. Raises `Invalid` for an unusable MADANG_INIT_* value.

    Of several servers that start together on one database, one does this and the others find it done.
    """
    version.hold(connection)
    if users.any_user(connection):
        return None
    password = settings.init_user_password
    if password is not None and len(password) > LONGEST_PASSWORD:  # signing in with it would be refused
        raise Invalid(f"MADANG_INIT_USER_PASSWORD is longer than {LONGEST_PASSWORD} characters.", param="password")
    owner = User(
        id=new_id(random_bytes),
        email=tidy_email(settings.init_user_email or _OWNER_WITHOUT_EMAIL),
        name=tidy_name((settings.init_user_email or "Owner").partition("@")[0]),
        language="en",
        password_hash=None if password is None else passwords.hash(password),
        created_at=now,
    )
    users.add_user(connection, owner)
    organisation = Organisation(
        id=new_id(random_bytes), name=tidy_name(settings.init_org or "My organisation"), created_at=now
    )
    organisations.add_organisation(connection, organisation)
    members.add_member(connection, organisation.id, owner.id, "owner", actor="owner", now=now)
    project = _project(organisation, tidy_name(settings.init_project or "My project"), now, random_bytes)
    organisations.add_project(connection, project)
    sandbox_name = "Sandbox" if project.name != "Sandbox" else "Sandbox (simulated)"
    sandbox = _project(organisation, sandbox_name, now, random_bytes, is_sandbox=True)
    organisations.add_project(connection, sandbox)
    _add_given_key(connection, settings, project, now, random_bytes)
    return Founded(owner=owner, project=project, sandbox=sandbox)


def first_owner_without_password(connection: Connection) -> User | None:
    """The installation's first person while they have no password, who can get in by a link only."""
    first = users.first_user(connection)
    return first if first is not None and first.password_hash is None else None


def _project(
    organisation: Organisation, name: str, now: datetime, random_bytes: RandomBytes, *, is_sandbox: bool = False
) -> Project:
    return Project(
        id=new_id(random_bytes),
        organisation_id=organisation.id,
        name=name,
        is_sandbox=is_sandbox,
        created_at=now,
    )


def _add_given_key(
    connection: Connection, settings: Settings, project: Project, now: datetime, random_bytes: RandomBytes
) -> None:
    """The pair of MADANG_INIT_*_KEY, exactly as given: programs elsewhere already hold it."""
    if settings.init_public_key is None or settings.init_secret_key is None:
        return
    pair = KeyPair(settings.init_public_key, settings.init_secret_key)
    keys.add_key(connection, project.id, pair, key_id=new_id(random_bytes), name="First key", created_by=None, now=now)
