"""What the price list said about the models in use, kept in a file, so that a start need not load the list.

Loading takes half a second of CPU and 30 MB. An answer counts as long as the list is the same version and none of its
dated prices has begun since; a question that the file does not answer goes to the list.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from madang_server.prices.catalogue import Listed

if TYPE_CHECKING:
    from pathlib import Path

    from madang_server.prices.catalogue import Catalogue

_MOST_ANSWERS = 5_000


class _Answer(msgspec.Struct, array_like=True):
    """`listed` is None for what the list does not know."""

    vendor: str
    model: str
    base_model: str
    base_url: str
    at: datetime
    listed: Listed | None


class _Kept(msgspec.Struct):
    source: str
    answers: list[_Answer]


class RememberedList:
    """Answers as the list does, from `path` where it can. `save` after asking; a file that cannot be used is written anew."""

    def __init__(self, catalogue: Catalogue, path: Path) -> None:
        self._catalogue = catalogue
        self._path = path
        self._answers: dict[tuple[str, str, str, str], _Answer] = {}
        self._has_new = False
        self._read()

    def find(self, vendor: str, model: str, *, base_model: str = "", base_url: str = "", at: datetime) -> Listed | None:
        """As `Catalogue.find`."""
        name = (vendor, model, base_model, base_url)
        known = self._answers.get(name)
        if known is None or not _holds(known, at):
            listed = self._catalogue.find(vendor, model, base_model=base_model, base_url=base_url, at=at)
            known = self._answers[name] = _Answer(*name, at, listed)
            self._has_new = True
        return known.listed

    def save(self) -> None:
        """Writes what was asked anew. A directory that cannot be written only makes the next start slower."""
        if not self._has_new:
            return
        self._has_new = False
        newest = list(self._answers.values())[-_MOST_ANSWERS:]
        beside = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(msgspec.json.encode(_Kept(self._catalogue.source, newest)))
            beside.replace(self._path)

    def _read(self) -> None:
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return
        if kept.source == self._catalogue.source:
            self._answers = {(each.vendor, each.model, each.base_model, each.base_url): each for each in kept.answers}


def _holds(answer: _Answer, at: datetime) -> bool:
    """Whether the list would still say the same."""
    changes_at = None if answer.listed is None else answer.listed.changes_at
    return answer.at <= at and (changes_at is None or at < changes_at)
