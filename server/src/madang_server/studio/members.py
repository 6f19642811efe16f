"""The members of an organisation."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from madang_server.accounts import links, members, users
from madang_server.accounts.names import tidy_email, tidy_name
from madang_server.accounts.randomness import new_id
from madang_server.accounts.roles import Role
from madang_server.accounts.users import User
from madang_server.http.access import OrganisationAdmin, OrganisationReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.paging import Page, cut
from madang_server.http.surroundings import Around, Now
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/organisations/{organisation_id}/members", tags=["members"])


class Member(Shown):
    user_id: str
    email: str
    name: str
    role: Role
    has_password: bool
    created_at: datetime


class MemberPage(Shown):
    items: list[Member]
    next_cursor: str | None


class MemberInvitation(Sent):
    """The name may be left out: the e-mail's first part stands in until the person gives one."""

    email: str
    name: str | None = None
    role: Role


class InvitedMember(Member):
    """`sign_in_link` is shown this once. None when the person has an account already and signs in as before."""

    sign_in_link: str | None


class RoleChange(Sent):
    role: Role


@router.get("")
def list_members(access: OrganisationReader, page: Page, reading: Reading) -> MemberPage:
    """Everybody in the organisation."""
    found, next_cursor = cut(members.members_of(reading, access.organisation_id), page, lambda one: one.user_id)
    return MemberPage(items=[Member.model_validate(one) for one in found], next_cursor=next_cursor)


@router.post("", status_code=201)
def add_member(
    body: MemberInvitation, access: OrganisationAdmin, around: Around, now: Now, writing: Transaction
) -> InvitedMember:
    """Let a person in. Somebody new gets a one-time sign-in link, which the caller passes on to them."""
    email = tidy_email(body.email)
    name = tidy_name(body.name) if body.name and body.name.strip() else email.partition("@")[0][:100]
    user = users.user_by_email(writing, email)
    is_new = user is None
    if user is None:
        inviter = users.user_by_id(writing, access.user_id)
        language = inviter.language if inviter else "en"
        user = User(
            id=new_id(around.random_bytes),
            email=email,
            name=name,
            language=language,
            password_hash=None,
            created_at=now,
        )
        users.add_user(writing, user)
    members.add_member(writing, access.organisation_id, user.id, body.role, actor=access.role, now=now)
    link = None
    if is_new:
        # Only for an account made here and now: a link for somebody else's account would let an admin become that person.
        link = links.make_link(writing, user.id, around.settings.base_url, now=now, random_bytes=around.random_bytes)
    added = members.member(writing, access.organisation_id, user.id)
    return InvitedMember(**Member.model_validate(added).model_dump(), sign_in_link=link)


@router.patch("/{user_id}")
def change_member(user_id: str, body: RoleChange, access: OrganisationAdmin, writing: Transaction) -> Member:
    """Give a member another role. The last owner stays one."""
    members.change_role(writing, access.organisation_id, user_id, body.role, actor=access.role)
    return Member.model_validate(members.member(writing, access.organisation_id, user_id))


@router.delete("/{user_id}", status_code=204)
def remove_member(user_id: str, access: OrganisationReader, writing: Transaction) -> None:
    """Take a member out; everybody may leave by themselves. The last owner stays."""
    is_self = user_id == access.user_id
    members.remove_member(writing, access.organisation_id, user_id, actor=access.role, is_self=is_self)
