"""Reads single fields of a request and complains in Anthropic's words, which begin with the field's path."""

from collections.abc import Mapping, Sequence
from typing import Any

from madang_simulator.refusals import Refusal

Fields = Mapping[str, Any]


def invalid(path: str, words: str) -> Refusal:
    """The complaint about the field at `path`; without a path, about the request."""
    return Refusal(kind="invalid_request", message=f"{path}: {words}" if path else words)


def needed(fields: Fields, name: str, path: str = "") -> Any:
    """The value at `name`, which must be there."""
    if fields.get(name) is None:
        raise invalid(path + name, "Field required")
    return fields[name]


def text(fields: Fields, name: str, path: str = "") -> str | None:
    """The text at `name`, None when it is absent or null."""
    value: str | None = _typed(fields, name, path, str, "Input should be a valid string")
    return value


def flag(fields: Fields, name: str, path: str = "") -> bool | None:
    """The truth value at `name`, None when it is absent or null."""
    value: bool | None = _typed(fields, name, path, bool, "Input should be a valid boolean")
    return value


def mapping(fields: Fields, name: str, path: str = "") -> Fields | None:
    """The object at `name`, None when it is absent or null."""
    value: Fields | None = _typed(fields, name, path, dict, "Input should be an object")
    return value


def objects(fields: Fields, name: str, path: str = "") -> Sequence[Fields]:
    """The list of objects at `name`, empty when it is absent or null."""
    values = _typed(fields, name, path, list, "Input should be a valid list") or ()
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            raise invalid(f"{path}{name}.{index}", "Input should be an object")
    return values


def whole(fields: Fields, name: str, low: int, path: str = "") -> int | None:
    """The whole number at `name`, at least `low`; None when it is absent or null."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(path + name, "Input should be a valid integer")
    if value < low:
        raise invalid(path + name, f"Input should be greater than or equal to {low}")
    return value


def share(fields: Fields, name: str) -> float | None:
    """The number from 0 to 1 at `name`, None when it is absent or null."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid(name, "Input should be a valid number")
    if not 0 <= value <= 1:
        raise invalid(name, "range: 0..1")
    return float(value)


def _typed(fields: Fields, name: str, path: str, kind: type, words: str) -> Any:
    value = fields.get(name)
    if value is not None and not isinstance(value, kind):
        raise invalid(path + name, words)
    return value
