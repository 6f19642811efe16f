"""What has to happen so that what is there becomes what is wanted. Pure: compares, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from madang_server.credentials.store import Wanted

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Names, each in exactly one of the four."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def compare(
    before: Mapping[str, _T], wanted: Mapping[str, _T], is_same: Callable[[_T, _T], bool], *, prune: bool
) -> Difference:
    """The difference between two sets by name. `is_same(before, wanted)`. Without `prune` nothing is removed."""
    known = [name for name in wanted if name in before]
    return Difference(
        created=tuple(name for name in wanted if name not in before),
        changed=tuple(name for name in known if not is_same(before[name], wanted[name])),
        unchanged=tuple(name for name in known if is_same(before[name], wanted[name])),
        removed=tuple(name for name in before if prune and name not in wanted),
    )


def is_same_credential(before: Wanted, wanted: Wanted) -> bool:
    """Whether nothing would change. A document without the key leaves the stored one alone."""
    kept = (before.vendor, before.base_url, before.api_version)
    return kept == (wanted.vendor, wanted.base_url, wanted.api_version) and wanted.api_key in (None, before.api_key)
