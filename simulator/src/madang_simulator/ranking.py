"""Which documents fit a query: by the share of its words that they have, so that a test can tell the order beforehand."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_WORD = re.compile(r"\w+")


class Ranked(NamedTuple):
    """One document by its place in what was given; the score is between 0 and 1."""

    place: int
    score: float


def rank(query: str, documents: Sequence[str]) -> list[Ranked]:
    """All documents, the best first; equal ones in their own order."""
    asked = _words(query)
    ranked = [Ranked(index, _score(asked, _words(text))) for index, text in enumerate(documents)]
    return sorted(ranked, key=lambda each: (-each.score, each.place))


def _score(asked: set[str], said: set[str]) -> float:
    shared = len(asked & said)
    coverage = shared / len(asked) if asked else 0.0
    density = shared / len(said) if said else 0.0
    return round(0.01 + 0.9 * coverage + 0.08 * density, 6)


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
