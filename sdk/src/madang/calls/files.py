"""Files among the fields of a request: whether there are any, and the fields as JSON without their bytes."""

from collections.abc import Mapping
from typing import Any

from madang.calls.request import Upload


def has_files(body: Mapping[str, Any]) -> bool:
    return any(isinstance(each, Upload) for value in body.values() for each in _listed(value))


def without_bytes(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same fields; of a file its name, type and size in bytes, which is what a trace keeps of it."""
    return {name: _described(value) for name, value in body.items()}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _described(value: Any) -> Any:
    if isinstance(value, list):
        return [_described(each) for each in value]
    if isinstance(value, Upload):
        return {"filename": value.filename, "content_type": value.content_type, "bytes": len(value.content)}
    return value
