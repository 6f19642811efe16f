"""Cuts a JSON schema down to what Anthropic's structured outputs and strict tools accept.

Source: Anthropic's document "Structured outputs", "JSON Schema limitations". What the vendor cannot enforce is told to the
model in the description, as its own client does; it refuses schemas that say it themselves.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

ONLY_JSON = "Answer with one JSON object and nothing else: no words around it, and no code fence."
"""What a model is told where the vendor has no mode for JSON without a schema."""

_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
_KEPT = frozenset({"type", "description", "title", "enum", "const", "default", "required"})
_SCHEMAS_BY_NAME = ("$defs", "definitions", "properties")
_MANY_SCHEMAS = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}


def enforceable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema with every object closed, and with the limits that cannot be enforced in words."""
    kept: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for name, value in schema.items():
        if name in _SCHEMAS_BY_NAME and isinstance(value, dict):
            kept[name] = {key: _inner(one) for key, one in value.items()}
        elif name in _MANY_SCHEMAS and isinstance(value, list):
            kept[_MANY_SCHEMAS[name]] = [_inner(one) for one in value]
        elif name == "items":
            kept[name] = _inner(value)
        elif name in _KEPT or _is_enforced(name, value):
            kept[name] = value
        elif name != "additionalProperties" or value not in (True, False):
            told[name] = value
    if "$ref" in kept:
        return {name: value for name, value in kept.items() if name in ("$ref", "$defs", "definitions")}
    if kept.get("type") == "object" or "properties" in kept:
        kept["additionalProperties"] = False
    told.pop("$schema", None)
    if told:
        words = ", ".join(f"{name}: {msgspec.json.encode(value).decode()}" for name, value in told.items())
        kept["description"] = f"{kept['description']} ({words})" if kept.get("description") else f"({words})"
    return kept


def _inner(schema: Any) -> Any:
    return enforceable(schema) if isinstance(schema, dict) else schema


def _is_enforced(name: str, value: Any) -> bool:
    return (
        name == "$ref"
        or (name == "minItems" and value in (0, 1))
        or (name == "format" and isinstance(value, str) and value in _FORMATS)
    )
