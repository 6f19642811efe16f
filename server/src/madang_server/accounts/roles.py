"""The four roles and what each may do; the whole rule in one place. All of them may look."""

from __future__ import annotations

from typing import Literal

Role = Literal["owner", "admin", "member", "viewer"]

_RANK: dict[Role, int] = {"viewer": 0, "member": 1, "admin": 2, "owner": 3}


def may_edit(role: Role) -> bool:
    """Change models and hold project keys."""
    return _RANK[role] >= _RANK["member"]


def may_administer(role: Role) -> bool:
    """Change vendor credentials, projects and members."""
    return _RANK[role] >= _RANK["admin"]


def may_change_member(actor: Role, before: Role | None, after: Role | None) -> bool:
    """Whether `actor` may turn a membership from `before` into `after` (None: none). Only owners touch owners."""
    if not may_administer(actor):
        return False
    return actor == "owner" or "owner" not in (before, after)
