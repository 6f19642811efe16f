"""Whether structured outputs and strict tools accept a JSON schema: Anthropic's "JSON Schema limitations"."""

from collections.abc import Mapping
from typing import Any

_UNSUPPORTED = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems"}
    | {"uniqueItems", "minProperties", "maxProperties", "patternProperties", "oneOf", "not"}
)
_BY_NAME = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf")


def limit_passed(schema: object) -> str | None:
    """What cannot be enforced, as a sentence; None if all can."""
    if not isinstance(schema, Mapping):
        return None
    kind = schema.get("type", "any")
    unsupported = sorted(_UNSUPPORTED & schema.keys())
    if unsupported:
        return f"For '{kind}' type, properties {', '.join(unsupported)} are not supported"
    if schema.get("minItems", 0) not in (0, 1):
        return "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
    if kind == "object" and schema.get("additionalProperties") is not False:
        return "For 'object' type, 'additionalProperties' must be explicitly set to false"
    return next((fault for inner in _inner(schema) if (fault := limit_passed(inner))), None)


def _inner(schema: Mapping[str, Any]) -> list[object]:
    found: list[object] = [schema.get("items")]
    for name in _BY_NAME:
        named = schema.get(name)
        found += named.values() if isinstance(named, Mapping) else ()
    for name in _LISTS:
        listed = schema.get(name)
        found += listed if isinstance(listed, list) else ()
    return found
