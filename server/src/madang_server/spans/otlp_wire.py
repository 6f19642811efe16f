"""OTLP request bodies, protobuf or JSON, as one plain shape: spans with their attributes as Python values."""

import base64
import binascii
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

PROTOBUF = "application/x-protobuf"
JSON = "application/json"

_MAX_DEPTH = 20


class MalformedSpans(ValueError):
    """The body is not a usable OTLP request. The message says where and what would be right, without quoting values."""


@dataclass(slots=True)
class WireSpan:
    """One span as sent. Ids in hex, times in nanoseconds since the epoch, attributes as plain values."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    start_ns: int
    end_ns: int
    status: int
    status_message: str
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    resource: dict[str, Any]
    scope: str


def is_ready_for_protobuf() -> bool:
    """Whether `decode_protobuf` starts at once. The first time it imports for long enough to hold up an event loop."""
    return "opentelemetry.proto.collector.trace.v1.trace_service_pb2" in sys.modules


def decode_protobuf(body: bytes) -> Iterator[WireSpan]:
    """The spans of a protobuf body. Raises MalformedSpans."""
    # Not imported before somebody sends protobuf: a start without it is 60 ms of CPU shorter.
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise MalformedSpans("The body is not an OTLP ExportTraceServiceRequest in protobuf") from error
    for resource_spans in request.resource_spans:
        resource = _pb_attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope.name
            for span in scope_spans.spans:
                yield WireSpan(
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.name,
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    span.status.code,
                    span.status.message,
                    _pb_attributes(span.attributes),
                    [(event.name, _pb_attributes(event.attributes)) for event in span.events],
                    resource,
                    scope,
                )


def decode_json(body: bytes) -> Iterator[WireSpan]:
    """The spans of an OTLP/JSON body. Raises MalformedSpans."""
    try:
        request = _decoder.decode(body)
    except msgspec.ValidationError as error:  # says the path and the types, not the value
        raise MalformedSpans(f"The body is not OTLP/JSON: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedSpans("The body is not valid JSON") from error
    except RecursionError as error:
        raise MalformedSpans(f"An attribute is nested deeper than {_MAX_DEPTH} levels") from error
    for resource_spans in request.resource_spans:
        resource = _attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope.name
            for span in scope_spans.spans:
                yield WireSpan(
                    span.trace_id.lower(),
                    span.span_id.lower(),
                    span.parent_span_id.lower(),
                    span.name,
                    _whole(span.start_time_unix_nano),
                    _whole(span.end_time_unix_nano),
                    span.status.code,
                    span.status.message,
                    _attributes(span.attributes),
                    [(event.name, _attributes(event.attributes)) for event in span.events],
                    resource,
                    scope,
                )


class _Value(msgspec.Struct, rename="camel"):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: str | int | None = None
    double_value: float | str | None = None
    array_value: "_Array | None" = None
    kvlist_value: "_Pairs | None" = None
    bytes_value: str | None = None


class _Array(msgspec.Struct, rename="camel"):
    values: list[_Value] = []


class _Pair(msgspec.Struct, rename="camel"):
    key: str = ""
    value: _Value | None = None


class _Pairs(msgspec.Struct, rename="camel"):
    values: list[_Pair] = []


class _Event(msgspec.Struct, rename="camel"):
    name: str = ""
    attributes: list[_Pair] = []


class _Status(msgspec.Struct, rename="camel"):
    code: int = 0
    message: str = ""


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str = ""
    name: str = ""
    start_time_unix_nano: str | int = 0
    end_time_unix_nano: str | int = 0
    status: _Status = msgspec.field(default_factory=_Status)
    attributes: list[_Pair] = []
    events: list[_Event] = []


class _Scope(msgspec.Struct, rename="camel"):
    name: str = ""


class _ScopeSpans(msgspec.Struct, rename="camel"):
    scope: _Scope = msgspec.field(default_factory=_Scope)
    spans: list[_Span] = []


class _Resource(msgspec.Struct, rename="camel"):
    attributes: list[_Pair] = []


class _ResourceSpans(msgspec.Struct, rename="camel"):
    resource: _Resource = msgspec.field(default_factory=_Resource)
    scope_spans: list[_ScopeSpans] = []


class _Request(msgspec.Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] = []


_decoder = msgspec.json.Decoder(_Request)


def _attributes(pairs: list[_Pair]) -> dict[str, Any]:
    return {pair.key: _value(pair.value, 0) for pair in pairs}


def _value(value: _Value | None, depth: int) -> Any:
    if value is None:
        return None
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return _whole(value.int_value)
    if value.bool_value is not None:
        return value.bool_value
    if value.double_value is not None:
        return value.double_value
    if value.bytes_value is not None:
        try:
            return base64.b64encode(base64.b64decode(value.bytes_value)).decode()
        except binascii.Error as error:
            raise MalformedSpans("An attribute's bytesValue is not base64") from error
    _check_depth(depth)
    if value.array_value is not None:
        return [_value(part, depth + 1) for part in value.array_value.values]
    if value.kvlist_value is not None:
        return {pair.key: _value(pair.value, depth + 1) for pair in value.kvlist_value.values}
    return None


def _whole(number: str | int) -> int:
    try:
        whole = int(number)
    except ValueError as error:
        raise MalformedSpans("A number (intValue or a time) is not a whole number") from error
    if not -(1 << 63) <= whole < 1 << 64:
        raise MalformedSpans("A number (intValue or a time) does not fit into 64 bits")
    return whole


def _pb_attributes(pairs: Any) -> dict[str, Any]:
    found = {}
    for pair in pairs:
        value = pair.value
        kind = value.WhichOneof("value")
        found[pair.key] = value.string_value if kind == "string_value" else _pb_value(value, kind, 0)
    return found


def _pb_value(value: Any, kind: str | None, depth: int) -> Any:
    if kind in ("string_value", "int_value", "bool_value", "double_value"):
        return getattr(value, kind)
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    _check_depth(depth)
    if kind == "array_value":
        return [_pb_value(part, part.WhichOneof("value"), depth + 1) for part in value.array_value.values]
    if kind == "kvlist_value":
        pairs = value.kvlist_value.values
        return {pair.key: _pb_value(pair.value, pair.value.WhichOneof("value"), depth + 1) for pair in pairs}
    return None


def _check_depth(depth: int) -> None:
    if depth >= _MAX_DEPTH:
        raise MalformedSpans(f"An attribute is nested deeper than {_MAX_DEPTH} levels")
