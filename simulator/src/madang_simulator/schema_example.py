"""A value that is valid for a JSON schema, for structured output and tool arguments.

Strings take their cue from the property's name, the format and the prompt's words. Covers what vendors allow in strict
schemas (and more); a schema that contradicts itself gets the nearest value.
"""

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from madang_simulator.pattern_example import text_matching

Schema = Mapping[str, Any]

_DEEPEST = 6
_GIVEN_UP = 100
_MOST_VALUES = 5000
_LARGEST_NUMBER = 1e15
_FORMATS = {
    "date": "2026-03-15",
    "time": "09:30:00Z",
    "date-time": "2026-03-15T09:30:00Z",
    "duration": "P1DT2H",
    "email": "minji.kim@example.com",
    "hostname": "shop.example.com",
    "ipv4": "192.0.2.10",
    "ipv6": "2001:db8::10",
    "uri": "https://example.com/simulated",
    "url": "https://example.com/simulated",
    "uuid": "3f2b8c1e-5d4a-4e6f-9a7b-0c1d2e3f4a5b",
}
# (part of the property's name, value): the first that fits is taken.
_BY_NAME = (
    ("email", "minji.kim@example.com"),
    ("url", "https://example.com/simulated"),
    ("datetime", "2026-03-15T09:30:00Z"),
    ("timestamp", "2026-03-15T09:30:00Z"),
    ("date", "2026-03-15"),
    ("time", "09:30"),
    ("city", "Seoul"),
    ("location", "Seoul"),
    ("place", "Seoul"),
    ("country", "KR"),
    ("currency", "KRW"),
    ("language", "ko"),
    ("locale", "ko-KR"),
    ("unit", "celsius"),
    ("phone", "+82-2-000-0000"),
)
_NUMBERS_BY_NAME = (
    ("year", 2026),
    ("month", 3),
    ("day", 15),
    ("age", 34),
    ("score", 4),
    ("rating", 4),
    ("price", 12_900),
)


class _Source:
    """Where the values come from: the whole schema (for $ref), the prompt's words, the dice."""

    def __init__(self, root: Schema, topics: Sequence[str], rng: Random) -> None:
        self.root = root
        self.topics = topics
        self.rng = rng
        self.values_left = _MOST_VALUES


def example_of(schema: Schema, *, topics: Sequence[str], rng: Random) -> Any:
    """A JSON value valid for `schema` (that schema_check found no fault in); `topics` are words for free strings.

    A recursive schema that never ends is given up on: null stands where it would go on.
    """
    return _value(schema, "", 0, _Source(schema, topics, rng))


def _value(schema: Any, name: str, depth: int, source: _Source) -> Any:
    source.values_left -= 1
    if source.values_left < 0 or depth > _GIVEN_UP:
        return None
    if not isinstance(schema, Mapping):
        return None if schema is False else _string({}, name, source)
    schema = _resolved(schema, source.root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return source.rng.choice(list(schema["enum"]))
    for union in ("anyOf", "oneOf"):
        if schema.get(union):
            rest = {key: value for key, value in schema.items() if key != union}
            return _value(_merged(rest, _one_of(schema[union], depth, source)), name, depth, source)
    return _typed(_type_of(schema, depth, source), schema, name, depth, source)


def _typed(kind: str, schema: Schema, name: str, depth: int, source: _Source) -> Any:
    match kind:
        case "object":
            return _object(schema, depth, source)
        case "array":
            return _array(schema, name, depth, source)
        case "integer":
            return int(_number(schema, name, 1, source))
        case "number":
            return _number(schema, name, 0.01, source)
        case "boolean":
            return source.rng.random() < 0.5
        case "null":
            return None
        case _:
            return _string(schema, name, source)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """`schema` with its $ref followed and its allOf folded in."""
    for _ in range(16):  # a chain of references longer than this is a circle
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = _merged(rest, _target(reference, root))
    parts = schema.get("allOf")
    if isinstance(parts, list):
        merged: Schema = {key: value for key, value in schema.items() if key != "allOf"}
        for part in parts:
            if isinstance(part, Mapping):
                merged = _merged(merged, _resolved(part, root))
        return merged
    return schema


def _target(reference: str, root: Schema) -> Schema:
    found: Any = root
    for step in reference.lstrip("#").strip("/").split("/"):
        if step:
            found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _merged(one: Schema, other: Schema) -> Schema:
    merged = {**other, **one}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**other["properties"], **one["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = [*other["required"], *one["required"]]
    return merged


def _one_of(options: Sequence[Any], depth: int, source: _Source) -> Schema:
    usable = [option for option in options if isinstance(option, Mapping)]
    if not usable:
        return {}
    if depth >= _DEEPEST:  # end a recursive schema: null first, then whatever does not lead deeper
        nulls = [option for option in usable if option.get("type") == "null"]
        usable = nulls or [option for option in usable if _is_flat(option, depth, source)] or usable
    else:
        usable = [option for option in usable if option.get("type") != "null"] or usable
    return _resolved(source.rng.choice(usable), source.root)


def _is_flat(schema: Schema, depth: int, source: _Source) -> bool:
    return _type_of(_resolved(schema, source.root), depth, source) not in ("object", "array")


def _type_of(schema: Schema, depth: int, source: _Source) -> str:
    kind = schema.get("type")
    if isinstance(kind, list) and kind:
        if depth >= _DEEPEST and "null" in kind:
            return "null"
        return str(source.rng.choice([one for one in kind if one != "null"] or kind))
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "number" if "minimum" in schema or "maximum" in schema else "string"


def _object(schema: Schema, depth: int, source: _Source) -> dict[str, Any]:
    properties = schema.get("properties") or {}
    required = set(schema.get("required") or ())
    made: dict[str, Any] = {}
    for name, inner in properties.items():
        # Past the depth limit only what must be there is filled in, or a recursive schema would never end.
        if name in required or depth < _DEEPEST:
            made[name] = _value(inner, name, depth + 1, source)
    for name in sorted(required - made.keys()):
        made[name] = _value(schema.get("additionalProperties", {}), name, depth + 1, source)
    extra = schema.get("additionalProperties")
    while len(made) < int(schema.get("minProperties", 0)):
        made[f"property_{len(made) + 1}"] = _value(extra if isinstance(extra, Mapping) else {}, "", depth + 1, source)
    return made


def _array(schema: Schema, name: str, depth: int, source: _Source) -> list[Any]:
    least = int(schema.get("minItems", 0))
    most = int(schema.get("maxItems", max(least, 3)))
    made = [_value(inner, name, depth + 1, source) for inner in schema.get("prefixItems") or ()][:most]
    items = schema.get("items", {})
    if items is False:
        return made
    wanted = least if depth >= _DEEPEST else max(least, min(most, source.rng.randint(2, 3)))
    for _ in range(wanted * 8):  # unique items may need several draws
        if len(made) >= wanted:
            break
        item = _value(items, name.removesuffix("s"), depth + 1, source)
        if not schema.get("uniqueItems") or item not in made:
            made.append(item)
    return made


def _number(schema: Schema, name: str, step: float, source: _Source) -> float:
    guess = next((value for part, value in _NUMBERS_BY_NAME if part in name.lower()), source.rng.randint(1, 20))
    low, high = _bounds(schema, guess, step)
    value = guess if low <= guess <= high else source.rng.uniform(low, high)
    multiple = schema.get("multipleOf")
    if multiple:
        value = math.ceil(low / multiple) * multiple if value % multiple else value
    elif step == 1:
        value = min(max(round(value), math.ceil(low)), math.floor(high))
    return value if step == 1 else round(value, 6)


def _bounds(schema: Schema, guess: float, step: float) -> tuple[float, float]:
    """Least and most value allowed; `guess` stands in for a missing end, where it fits."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + step
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - step
    if low is None:
        low = guess if high is None else min(guess, high)
    if high is None:
        high = max(low, guess)
    return max(low, -_LARGEST_NUMBER), min(high, _LARGEST_NUMBER)


def _string(schema: Schema, name: str, source: _Source) -> str:
    if isinstance(pattern := schema.get("pattern"), str):
        matching = text_matching(pattern, source.rng)
        if matching is not None:
            return matching
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    text = next((value for part, value in _BY_NAME if part in name.lower()), None) or _free_text(name, source)
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    while len(text) < least:
        text = f"{text} {text}"[: max(least, 1)]
    return text if most is None else text[: int(most)]


def _free_text(name: str, source: _Source) -> str:
    topic = source.rng.choice(source.topics) if source.topics else "example"
    label = name.replace("_", " ").strip()
    return f"simulated {label}: {topic}" if label else f"simulated {topic}"
