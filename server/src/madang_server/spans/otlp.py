"""OTLP bodies to spans: our own attributes back to fields without loss, other people's conventions as far as they fit.

What has no column stays an attribute. Ids and times that cannot be stored make the whole body malformed, so that the
sender learns of it.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

import msgspec

from madang.calls.span import Span, SpanKind
from madang.tracing.names import COST, COST_PART, ESCAPE, FLAGS, NUMBERS, SCOPE, TAGS, TEXT
from madang_server.spans.foreign import FOREIGN, foreign_kind
from madang_server.spans.otlp_wire import JSON, PROTOBUF, MalformedSpans, WireSpan, decode_json, decode_protobuf

_KINDS = frozenset(get_args(SpanKind))
_STATUSES = ("unset", "ok", "error")
_HEX32 = re.compile(r"[0-9a-f]{32}")
_HEX16 = re.compile(r"[0-9a-f]{16}")
_EARLIEST_NS, _LATEST_NS = 10**18, 9_200_000_000 * 10**9  # 2001 to 2261
_MOST_USD = Decimal(10) ** 9
_LARGEST = {"attempts": (1 << 16) - 1}
_OWN: Mapping[str, str] = {name: field for field, name in TEXT.items()}
_OWN_NUMBERS: Mapping[str, str] = {name: field for field, name in NUMBERS.items()}
_OWN_FLAGS: Mapping[str, str] = {name: field for field, name in FLAGS.items()}
_json = msgspec.json.Encoder().encode


def decode_spans(body: bytes, content_type: str) -> list[Span]:
    """The spans of an OTLP body. Raises MalformedSpans, also for a content type that is neither of OTLP's two."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == PROTOBUF:
        return [_span(wire) for wire in decode_protobuf(body)]
    if kind == JSON:
        return [_span(wire) for wire in decode_json(body)]
    raise MalformedSpans(f"Content-Type must be {PROTOBUF} or {JSON}")


def _span(wire: WireSpan) -> Span:
    values = _own_fields(wire.attributes) if wire.scope == SCOPE else _foreign_fields(wire)
    return Span(
        trace_id=_trace_id(wire.trace_id),
        span_id=_span_id(wire.span_id, "spanId"),
        parent_span_id=_span_id(wire.parent_span_id, "parentSpanId") if wire.parent_span_id.strip("0") else "",
        name=wire.name,
        start_us=_time(wire.start_ns, "startTimeUnixNano") // 1000,
        end_us=_time(wire.end_ns, "endTimeUnixNano") // 1000 if wire.end_ns else None,
        status=_STATUSES[wire.status] if 0 <= wire.status <= 2 else "unset",  # type: ignore[arg-type]  # one of the three
        status_message=wire.status_message or values.pop("status_message", ""),
        **values,
    )


def _own_fields(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a span that our SDK sent."""
    values: dict[str, Any] = {}
    parts: dict[str, Decimal] = {}
    rest: dict[str, str] = {}
    for name, value in attributes.items():
        if (field := _OWN.get(name)) is not None:
            values[field] = _text(value)
        elif (field := _OWN_NUMBERS.get(name)) is not None and _is_number(value, field):
            values[field] = value
        elif (field := _OWN_FLAGS.get(name)) is not None:
            values[field] = value is True
        elif name == COST and (cost := _money(value)) is not None:
            values["cost_usd"] = cost
        elif name.startswith(COST_PART) and (cost := _money(value)) is not None:
            parts[name[len(COST_PART) :]] = cost
        elif name == TAGS and isinstance(value, list):
            values["tags"] = tuple(_text(tag) for tag in value)
        else:
            rest[name[len(ESCAPE) :] if name.startswith(ESCAPE) else name] = _text(value)
    if values.get("kind", "span") not in _KINDS:
        rest["madang.kind"] = values.pop("kind")
    return {**values, "cost_details": parts, "attributes": rest}


def _foreign_fields(wire: WireSpan) -> dict[str, Any]:
    """Fields of a span that some other tool sent, by the first convention that has a value for a field."""
    values: dict[str, Any] = {"is_root": not wire.parent_span_id.strip("0"), "kind": foreign_kind(wire.attributes)}
    found: dict[str, tuple[int, str]] = {}
    everything = {**{name: wire.resource[name] for name in _RESOURCE & wire.resource.keys()}, **wire.attributes}
    for name, value in everything.items():
        known = FOREIGN.get(name)
        if known is not None and value not in (None, "") and _fits(known[0], value):
            field, rank = known
            if field not in found or rank < found[field][0]:
                found[field] = (rank, name)
    for field, (_, name) in found.items():
        values[field] = _converted(field, everything[name])
    used = {name for _, name in found.values()}
    rest = {name: _text(value) for name, value in wire.attributes.items() if name not in used}
    rest |= {f"resource.{name}": _text(value) for name, value in wire.resource.items() if name not in used}
    if wire.scope:
        rest["otel.scope.name"] = wire.scope
    if wire.events:
        rest["otel.events"] = _text([{"name": name, "attributes": given} for name, given in wire.events])
        values |= _failure(wire.events, values)
    return {**values, "attributes": rest}


_RESOURCE = frozenset(name for name, (field, _) in FOREIGN.items() if field in ("environment", "release"))


def _failure(events: list[tuple[str, dict[str, Any]]], values: Mapping[str, Any]) -> dict[str, str]:
    """Type and message of the last exception among the events."""
    for name, attributes in reversed(events):
        if name == "exception":
            kind, message = _text(attributes.get("exception.type")), _text(attributes.get("exception.message"))
            return {"error_type": values.get("error_type") or kind, "status_message": message}
    return {}


def _fits(field: str, value: Any) -> bool:
    if field in NUMBERS:
        return _is_number(value, field)
    if field == "cost_usd":
        return _money(value) is not None
    return field != "tags" or isinstance(value, list)


def _converted(field: str, value: Any) -> Any:
    if field in NUMBERS:
        return value
    if field == "cost_usd":
        return _money(value)
    return tuple(_text(tag) for tag in value) if field == "tags" else _text(value)


def _is_number(value: Any, field: str) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST.get(field, (1 << 32) - 1)


def _money(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < _MOST_USD else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return _json(value).decode()


def _trace_id(value: str) -> str:
    if not _HEX32.fullmatch(value) or not value.strip("0"):
        raise MalformedSpans("A traceId is not 16 bytes (32 hex digits in JSON), or is all zero")
    return value


def _span_id(value: str, name: str) -> str:
    if not _HEX16.fullmatch(value) or not value.strip("0"):
        raise MalformedSpans(f"A {name} is not 8 bytes (16 hex digits in JSON), or is all zero")
    return value


def _time(nanoseconds: int, name: str) -> int:
    if not _EARLIEST_NS <= nanoseconds <= _LATEST_NS:
        raise MalformedSpans(f"A {name} is not a time in nanoseconds since 1970 between the years 2001 and 2261")
    return nanoseconds
