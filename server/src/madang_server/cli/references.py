"""References to the environment inside a document: `${NAME}` anywhere in a text, or `os.environ/NAME` as the whole of it.

They are resolved on the machine where the command runs, so that secrets need not be written into files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_IN_TEXT = re.compile(r"\$(\$)?\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WHOLE = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]*)")


class Missing(NamedTuple):
    """A reference to a variable that is not set, and where in the document it stands, as in models.0.alias."""

    where: str
    name: str


def resolve(document: Any, environ: Mapping[str, str]) -> tuple[Any, list[Missing]]:
    """The document with all references replaced, and those that could not be. `$${NAME}` stands for a literal `${NAME}`."""
    missing: list[Missing] = []
    return _resolved(document, environ, "", missing), missing


def without_references(document: Any) -> Any:
    """The document with what looks like a `${NAME}` written so that `resolve` gives back just this text."""
    if isinstance(document, dict):
        return {key: without_references(value) for key, value in document.items()}
    if isinstance(document, list):
        return [without_references(one) for one in document]
    return _IN_TEXT.sub(lambda found: f"${found[0]}", document) if isinstance(document, str) else document


def names_in(document: Any) -> list[str]:
    """The variables a document refers to, in order of appearance."""
    return [name for text in _texts(document) for name in _names(text)]


def _resolved(part: Any, environ: Mapping[str, str], where: str, missing: list[Missing]) -> Any:
    if isinstance(part, dict):
        return {key: _resolved(value, environ, f"{where}.{key}".lstrip("."), missing) for key, value in part.items()}
    if isinstance(part, list):
        return [_resolved(one, environ, f"{where}.{index}".lstrip("."), missing) for index, one in enumerate(part)]
    if not isinstance(part, str):
        return part
    missing.extend(Missing(where, name) for name in _names(part) if not environ.get(name))
    whole = _WHOLE.fullmatch(part)
    if whole:
        return environ.get(whole[1], "")
    return _IN_TEXT.sub(lambda found: found[0][1:] if found[1] else environ.get(found[2], ""), part)


def _names(text: str) -> list[str]:
    whole = _WHOLE.fullmatch(text)
    return [whole[1]] if whole else [found[2] for found in _IN_TEXT.finditer(text) if not found[1]]


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, str):
        yield part
