"""Lists in pages: `{"items": […], "next_cursor": …}`. A cursor says where the last page ended, so that nothing shifts."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar

from fastapi import Depends, Query

from madang_server.accounts.problems import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LARGEST_PAGE = 200

_T = TypeVar("_T")


class PageAsked(NamedTuple):
    cursor: str | None
    limit: int


def _page_asked(
    cursor: Annotated[str | None, Query(description="The next_cursor of the page before.", max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE,
) -> PageAsked:
    return PageAsked(cursor, limit)


Page = Annotated[PageAsked, Depends(_page_asked)]


def encode_cursor(place: Sequence[str | int]) -> str:
    """A cursor that stands for `place`."""
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode("utf-8")).decode("ascii").rstrip("=")


def decode_cursor(cursor: str) -> list[str | int]:
    """The place `cursor` stands for. Raises `Invalid` for one we never gave out."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        place = None
    if not isinstance(place, list) or not place or not all(isinstance(part, str | int) for part in place):
        raise Invalid("This cursor was not given out here; ask for the first page again.", param="cursor")
    return place


def cut(found: Sequence[_T], page: PageAsked, id_of: Callable[[_T], str]) -> tuple[list[_T], str | None]:
    """The page of a list that is small enough to be loaded whole, and the cursor of the next one."""
    start = 0
    if page.cursor is not None:
        last = decode_cursor(page.cursor)[0]
        ids = [id_of(one) for one in found]
        if last not in ids:
            raise Invalid("The list has changed under this cursor; ask for the first page again.", param="cursor")
        start = ids.index(str(last)) + 1
    items = list(found[start : start + page.limit])
    is_last = start + page.limit >= len(found)
    return items, None if is_last or not items else encode_cursor([id_of(items[-1])])
