"""Whether a JSON schema is one at all: keywords of the right type, sizes that can be filled.

Vendors refuse a malformed schema before they answer; so do we, and the example generator may rely on it.
"""

import math
from collections.abc import Mapping
from typing import Any

_MOST = 1000
_DEEPEST = 100
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_TEXTS = ("$ref", "pattern", "format", "title", "description")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_SIZES = ("minLength", "minItems", "minProperties")
_LIMITS = ("maxLength", "maxItems")
_SCHEMA_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMA_MAPS = ("properties", "$defs", "definitions")
_SCHEMAS = ("items", "additionalProperties")


def fault_in(schema: object, depth: int = 0) -> str | None:
    """What is wrong with `schema`, as a sentence's end such as "'required' must be a list of texts"; None if nothing."""
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, Mapping):
        return "a schema must be an object"
    if depth > _DEEPEST:
        return f"the schema is nested deeper than {_DEEPEST} levels"
    return _keyword_fault(schema) or _inner_fault(schema, depth + 1)


def _keyword_fault(schema: Mapping[str, Any]) -> str | None:
    kinds = schema.get("type", "object")
    if not all(kind in _TYPES for kind in (kinds if isinstance(kinds, list) and kinds else [kinds])):
        return f"'type' must be one of {', '.join(_TYPES)}"
    for name in _TEXTS:
        if not isinstance(schema.get(name, ""), str):
            return f"'{name}' must be a text"
    for name in _NUMBERS:
        if name in schema and not _is_number(schema[name]):
            return f"'{name}' must be a number"
    if schema.get("multipleOf", 1) <= 0:
        return "'multipleOf' must be above 0"
    for name in (*_SIZES, *_LIMITS):
        if name in schema and not (type(schema[name]) is int and schema[name] >= 0):
            return f"'{name}' must be a whole number from 0 on"
    for name in _SIZES:
        if schema.get(name, 0) > _MOST:
            return f"'{name}' must not be above {_MOST}"
    if not (isinstance(schema.get("enum", [0]), list) and schema.get("enum", [0])):
        return "'enum' must be a list that is not empty"
    required = schema.get("required", [])
    if not (isinstance(required, list) and all(isinstance(one, str) for one in required)):
        return "'required' must be a list of texts"
    return None


def _inner_fault(schema: Mapping[str, Any], depth: int) -> str | None:
    inner: list[object] = [schema[name] for name in _SCHEMAS if name in schema]
    for name in _SCHEMA_LISTS:
        if not isinstance(schema.get(name, []), list):
            return f"'{name}' must be a list of schemas"
        inner += schema.get(name, [])
    for name in _SCHEMA_MAPS:
        if not isinstance(schema.get(name, {}), Mapping):
            return f"'{name}' must be an object of schemas"
        inner += schema.get(name, {}).values()
    return next((fault for one in inner if (fault := fault_in(one, depth)) is not None), None)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
