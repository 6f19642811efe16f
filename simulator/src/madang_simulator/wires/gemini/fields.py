"""Reads fields of Google's requests, which may be spelled in both ways, and complains in Google's words."""

from collections.abc import Iterable, Mapping
from typing import Any

from madang_simulator.refusals import Refusal

Fields = Mapping[str, Any]


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def known_fields(body: Fields, known: Iterable[str], where: str = "") -> dict[str, Any]:
    """The fields by their camelCase names. Raises Refusal for one that Google does not have: it refuses them all."""
    told = {camel(name): value for name, value in body.items()}
    for name, given in zip(told, body, strict=True):
        if name not in known:
            place = f" at '{where}'" if where else ""
            raise invalid(f'Invalid JSON payload received. Unknown name "{given[:64]}"{place}: Cannot find field.')
    return told


def invalid(message: str) -> Refusal:
    return Refusal(kind="invalid_request", message=message)


def objects(value: Any, where: str) -> list[dict[str, Any]]:
    """A list of objects; one object stands for a list of one, as in Google's protocol."""
    if value is None:
        return []
    listed = [value] if isinstance(value, dict) else value
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise invalid(f"Invalid value at '{where}': a list of objects is expected.")
    return listed


def number(value: Any, where: str, low: float, high: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"Invalid value at '{where}' (TYPE_FLOAT), {str(value)[:64]!r}")
    if not low <= value <= high:
        raise invalid(f"* GenerateContentRequest.{where}: must be in the range [{low:g}, {high:g}].\n")
    return float(value)


def mapping(value: Any) -> dict[str, Any]:
    """An object; an empty one where there is none."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid("Invalid value: an object is expected.")
    return value


def texts(value: Any, where: str) -> list[str]:
    """A list of texts; empty where there is none."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise invalid(f"Invalid value at '{where}' (TYPE_STRING)")
    return value
