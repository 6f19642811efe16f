"""Reads single fields of a request and complains in OpenAI's words: missing, wrong type, out of range."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from madang_simulator.refusals import Refusal

Fields = Mapping[str, Any]

_TYPE_NAMES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
}


def read_object(body: bytes) -> Fields:
    """The JSON object in `body`."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(kind="bad_json") from error
    if not isinstance(decoded, dict):
        raise Refusal(kind="bad_json")
    return decoded


def missing(param: str) -> Refusal:
    """The complaint about a field that must be there."""
    message = f"Missing required parameter: '{param}'."
    return Refusal(kind="invalid_request", message=message, param=param, code="missing_required_parameter")


def wrong_type(param: str, expected: str, value: object) -> Refusal:
    """The complaint about a value of another type than `expected`."""
    message = f"Invalid type for '{param}': expected {expected}, but got {type_name(value)} instead."
    return Refusal(kind="invalid_request", message=message, param=param, code="invalid_type")


def wrong_value(param: str, value: str, allowed: Sequence[str]) -> Refusal:
    """The complaint about a value that is none of `allowed`."""
    listed = ", ".join(f"'{one}'" for one in allowed)
    message = f"Invalid value: '{value[:64]}'. Supported values are: {listed}."
    return Refusal(kind="invalid_request", message=message, param=param, code="invalid_value")


def type_name(value: object) -> str:
    """A JSON value's type with its article."""
    return _TYPE_NAMES.get(type(value), "null")


def text(fields: Fields, name: str, path: str = "") -> str | None:
    """The text at `name`, None when it is absent or null."""
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise wrong_type(path + name, "a string", value)
    return value


def flag(fields: Fields, name: str, path: str = "") -> bool | None:
    """The truth value at `name`, None when it is absent or null."""
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise wrong_type(path + name, "a boolean", value)
    return value


def mapping(fields: Fields, name: str, path: str = "") -> Fields | None:
    """The object at `name`, None when it is absent or null."""
    value = fields.get(name)
    if value is not None and not isinstance(value, dict):
        raise wrong_type(path + name, "an object", value)
    return value


def objects(fields: Fields, name: str, path: str = "") -> list[Fields]:
    """The list of objects at `name`; empty when it is absent or null."""
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong_type(path + name, "an array of objects", value)
    for index, one in enumerate(value):
        if not isinstance(one, dict):
            raise wrong_type(f"{path}{name}[{index}]", "an object", one)
    return value


def whole(fields: Fields, name: str, low: int | None = None, high: int | None = None) -> int | None:
    """The whole number at `name` between `low` and `high`, None when it is absent or null."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(name, "an integer", value)
    _check_range(name, value, "integer", low, high)
    return value


def decimal(fields: Fields, name: str, low: float, high: float) -> float | None:
    """The number at `name` between `low` and `high`, None when it is absent or null."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(name, "a decimal", value)
    _check_range(name, value, "decimal", low, high)
    return float(value)


def _check_range(name: str, value: float, kind: str, low: float | None, high: float | None) -> None:
    if low is not None and value < low:
        message = f"Invalid '{name}': {kind} below minimum value. Expected a value >= {low}, but got {value} instead."
        raise Refusal(kind="invalid_request", message=message, param=name, code=f"{kind}_below_min_value")
    if high is not None and value > high:
        message = f"Invalid '{name}': {kind} above maximum value. Expected a value <= {high}, but got {value} instead."
        raise Refusal(kind="invalid_request", message=message, param=name, code=f"{kind}_above_max_value")
