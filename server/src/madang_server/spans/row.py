"""A span as one row of the table `spans`: a JSON object that is spooled and handed to the store as it is.

The row begins with its start time and project, at fixed places, so that draining need not parse it.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from madang.calls.span import Span

RETENTION_DAYS = 90
MAX_TEXT_CHARS = 8 << 20
_NANO = Decimal("0.000000001")

_encode = msgspec.json.Encoder().encode
_START = b'{"start_time":"'
_PROJECT = b'","project_id":"'


class RowHead(NamedTuple):
    """Where a row belongs: whole seconds of its start since the epoch, and its project."""

    start_s: int
    project_id: str


def encode_row(project_id: str, span: Span, version: int, retention_days: int = RETENTION_DAYS) -> bytes:
    """The row. A higher `version` replaces a lower one of the same span. Times are within 2001 to 2262."""
    if _needs_care(span):
        span = _careful(span)
    start = f"{span.start_us:016d}"  # ten digits of seconds, six of microseconds
    end = ""
    if span.end_us is not None:
        ended = f"{span.end_us:016d}"
        end = f'"end_time":"{ended[:10]}.{ended[10:]}",'
    try:
        body = _encode(span)
    except UnicodeEncodeError:
        body = _encode(_without_surrogates(span))
    return (
        f'{{"start_time":"{start[:10]}.{start[10:]}{_project(project_id)}'
        f'"version":{version},"retention_days":{retention_days},{end}'
    ).encode() + body[1:]


def row_head(row: bytes) -> RowHead:
    """Where a row made by `encode_row` belongs. Raises ValueError for other bytes."""
    start = len(_START)
    middle = start + 17
    if not row.startswith(_START) or row[middle : middle + len(_PROJECT)] != _PROJECT:
        raise ValueError("The spooled record is not a span's row")
    project = middle + len(_PROJECT)
    end = row.index(b'"', project)
    return RowHead(int(row[start : start + 10]), row[project:end].decode())


@lru_cache(maxsize=1024)
def _project(project_id: str) -> str:
    quoted = _encode(project_id).decode()
    if "\\" in quoted:
        raise ValueError(f"Project id {project_id!r} has characters that an id cannot have")
    return f'","project_id":{quoted},'


def _needs_care(span: Span) -> bool:
    cost = span.cost_usd
    return (
        len(span.input) > MAX_TEXT_CHARS
        or len(span.output) > MAX_TEXT_CHARS
        or (cost is not None and cost.quantize(_NANO) != cost)
        or any(part.quantize(_NANO) != part for part in span.cost_details.values())
    )


def _careful(span: Span) -> Span:
    """The span with money in whole nano-dollars, as the store counts it, and with texts cut to what it takes."""
    cut = [name for name, text in (("input", span.input), ("output", span.output)) if len(text) > MAX_TEXT_CHARS]
    attributes = {**span.attributes, "madang.truncated": ",".join(cut)} if cut else span.attributes
    return msgspec.structs.replace(
        span,
        cost_usd=None if span.cost_usd is None else span.cost_usd.quantize(_NANO),
        cost_details={name: part.quantize(_NANO) for name, part in span.cost_details.items()},
        input=span.input[:MAX_TEXT_CHARS],
        output=span.output[:MAX_TEXT_CHARS],
        attributes=attributes,
    )


def _without_surrogates(span: Span) -> Span:
    """The span with halves of UTF-16 pairs, which JSON can carry and UTF-8 cannot, replaced by question marks."""
    return msgspec.structs.replace(
        span, **{name: _clean(value) for name, value in msgspec.structs.asdict(span).items()}
    )


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, tuple):
        return tuple(_clean(part) for part in value)
    if isinstance(value, Mapping):
        return {_clean(name): _clean(part) for name, part in value.items()}
    return value
