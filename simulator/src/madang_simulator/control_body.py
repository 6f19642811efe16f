"""Reads what PUT /_control/… sends into a Behaviour, naming every problem and what would be right."""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from madang_simulator.behaviour import ERROR_KINDS, FAULT_KINDS, Behaviour, Fault


@dataclass
class ControlError(Exception):
    """A body that cannot be used; `problems` maps the field's path to what is wrong with it."""

    problems: dict[str, str]

    def __str__(self) -> str:
        return "; ".join(f"{path}: {problem}" if path else problem for path, problem in self.problems.items())


class _Wrong(Exception):
    """One field's value cannot be used."""


def read_behaviour(body: object, defaults: Behaviour) -> Behaviour:
    """The behaviour that `body` describes; what it leaves out is as in `defaults`. Raises ControlError."""
    problems: dict[str, str] = {}
    values = _fields(body, _BEHAVIOUR_FIELDS, "", problems)
    if isinstance(body, Mapping) and "faults" in body:
        values["faults"] = _faults(body["faults"], problems)
    if problems:
        raise ControlError(problems)
    return replace(defaults, **values)


def read_region(body: object) -> str | None:
    """How a region is down, "reset" or "unavailable", or None when it is up. Raises ControlError."""
    problems: dict[str, str] = {}
    values = _fields(body, {"down": _flag, "how": _one_of("reset", "unavailable")}, "", problems)
    if not problems and "down" not in values:
        problems["down"] = "is missing; send true or false"
    if problems:
        raise ControlError(problems)
    how: str = values.get("how", "reset")
    return how if values["down"] else None


def show_behaviour(behaviour: Behaviour) -> dict[str, Any]:
    """`behaviour` as the JSON that would set it."""
    shown = asdict(behaviour)
    shown["output_tokens"] = list(behaviour.output_tokens)
    shown["faults"] = [_shown_fault(fault) for fault in behaviour.faults]
    return shown


def _shown_fault(fault: Fault) -> dict[str, Any]:
    plain = asdict(Fault(kind=fault.kind))
    return {name: value for name, value in asdict(fault).items() if name == "kind" or value != plain[name]}


def _faults(value: object, problems: dict[str, str]) -> tuple[Fault, ...]:
    if not isinstance(value, list):
        problems["faults"] = 'must be a list such as [{"kind": "rate_limited", "probability": 0.2}]'
        return ()
    faults = []
    for index, body in enumerate(value):
        path = f"faults[{index}]"
        found: dict[str, str] = {}
        fields = _fields(body, _FAULT_FIELDS, f"{path}.", found)
        if not found and "kind" not in fields:
            found[f"{path}.kind"] = f"is missing; one of {', '.join(FAULT_KINDS)}"
        if fields.get("probability") is not None and fields.get("every") is not None:
            found[path] = "has both probability and every; keep one of them"
        problems.update(found)
        if not found:
            faults.append(Fault(**fields))
    return tuple(faults)


def _fields(
    body: object, readers: Mapping[str, Callable[[Any], Any]], path: str, problems: dict[str, str]
) -> dict[str, Any]:
    """The fields of `body` that `readers` understand; everything else goes into `problems`."""
    if not isinstance(body, Mapping):
        problems[path.rstrip(".")] = f"must be a JSON object, not {_kind_of(body)}"
        return {}
    values: dict[str, Any] = {}
    for name, value in body.items():
        if name == "faults" and not path and "seed" in readers:
            continue
        if name not in readers:
            near = difflib.get_close_matches(str(name), list(readers), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(readers)}"
            problems[f"{path}{name}"] = f"is not a field; {hint}"
            continue
        try:
            values[name] = readers[name](value)
        except _Wrong as wrong:
            problems[f"{path}{name}"] = str(wrong)
    return values


def _number(low: float, high: float = math.inf) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise _Wrong(f"must be a number {_range(low, high)}, not {_shown(value)}")
        return float(value)

    return read


def _whole(low: int, high: float = math.inf) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _Wrong(f"must be a whole number {_range(low, high)}, not {_shown(value)}")
        return value

    return read


def _or_null(read: Callable[[Any], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else read(value)


def _one_of(*allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise _Wrong(f"must be one of {', '.join(allowed)}, not {_shown(value)}")
        return value

    return read


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"must be a text that is not empty, not {_shown(value)}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _Wrong(f"must be a list of texts, not {_shown(value)}")
    return tuple(_text(one) for one in value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"must be true or false, not {_shown(value)}")
    return value


def _token_range(value: object) -> tuple[int, int]:
    read = _whole(1, 100_000)
    if isinstance(value, int) and not isinstance(value, bool):
        return read(value), value
    if not isinstance(value, list) or len(value) != 2:
        raise _Wrong(f"must be [least, most] or one number, not {_shown(value)}")
    least, most = read(value[0]), read(value[1])
    if least > most:
        raise _Wrong(f"has the least, {least}, above the most, {most}")
    return least, most


def _range(low: float, high: float) -> str:
    return f"from {low:g} on" if math.isinf(high) else f"from {low:g} to {high:g}"


def _shown(value: object) -> str:
    return repr(value)[:60] if isinstance(value, (str, int, float, bool)) else _kind_of(value)


def _kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


_BEHAVIOUR_FIELDS: dict[str, Callable[[Any], Any]] = {
    "region": _or_null(_text),
    "first_token_ms": _number(0, 600_000),
    "per_token_ms": _number(0, 60_000),
    "jitter": _number(0, 1),
    "output_tokens": _token_range,
    "tokens_per_chunk": _whole(1, 1000),
    "context_window": _whole(1),
    "requests_per_minute": _or_null(_whole(0)),
    "tokens_per_minute": _or_null(_whole(0)),
    "models": _or_null(_texts),
    "served_model": _or_null(_text),
    "asks_for_key": _flag,
    "seed": _whole(0),
}
_FAULT_FIELDS: dict[str, Callable[[Any], Any]] = {
    "kind": _one_of(*FAULT_KINDS),
    "probability": _or_null(_number(0, 1)),
    "every": _or_null(_whole(1)),
    "count": _or_null(_whole(1)),
    "after_chunks": _whole(0),
    "duration_s": _number(0, 3600),
    "retry_after_s": _or_null(_number(0, 86_400)),
    "error": _one_of(*ERROR_KINDS),
}
