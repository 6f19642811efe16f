"""Spans as an OTLP/JSON request body, without the OpenTelemetry SDK. Every field of a span survives the way."""

from collections.abc import Iterable
from typing import Any

import msgspec

from madang.calls.span import Span
from madang.tracing.names import COST, COST_PART, ESCAPE, FLAGS, NUMBERS, SCOPE, TAGS, TEXT, is_taken

CONTENT_TYPE = "application/json"

_DEFAULTS = Span(trace_id="", span_id="", start_us=0)
_STATUS = {"unset": 0, "ok": 1, "error": 2}
_INTERNAL, _CLIENT = 1, 3
_encode = msgspec.json.Encoder().encode


def encode_spans(spans: Iterable[Span], version: str = "") -> bytes:
    """The body of a POST to /v1/traces. `version` is the SDK's, told to the server in the scope."""
    scope = {"name": SCOPE, "version": version}
    resource = {"attributes": [_text("service.name", "madang"), _text("telemetry.sdk.language", "python")]}
    scoped = {"scope": scope, "spans": [_span(span) for span in spans]}
    request = {"resourceSpans": [{"resource": resource, "scopeSpans": [scoped]}]}
    try:
        return _encode(request)
    except UnicodeEncodeError:  # a lone half of a UTF-16 pair in some text: better a question mark than no span
        return _encode(_clean(request))


def _span(span: Span) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_span_id,
        "name": span.name,
        "kind": _CLIENT if span.kind in ("generation", "embedding", "attempt") else _INTERNAL,
        "startTimeUnixNano": f"{span.start_us}000",
        "status": {"code": _STATUS[span.status], "message": span.status_message},
        "attributes": _attributes(span),
    }
    if span.end_us is not None:
        wire["endTimeUnixNano"] = f"{span.end_us}000"
    return wire


def _attributes(span: Span) -> list[dict[str, Any]]:
    found = [_text("madang.kind", span.kind)]
    for field, name in TEXT.items():
        value = getattr(span, field)
        if value != getattr(_DEFAULTS, field) and field != "kind":
            found.append(_text(name, value))
    for field, name in NUMBERS.items():
        number = getattr(span, field)
        if number != getattr(_DEFAULTS, field):
            found.append({"key": name, "value": {"intValue": str(number)}})
    found += [{"key": name, "value": {"boolValue": True}} for field, name in FLAGS.items() if getattr(span, field)]
    if span.cost_usd is not None:
        found.append(_text(COST, str(span.cost_usd)))
    found += [_text(COST_PART + part, str(cost)) for part, cost in span.cost_details.items()]
    if span.tags:
        values = [{"stringValue": tag} for tag in span.tags]
        found.append({"key": TAGS, "value": {"arrayValue": {"values": values}}})
    found += [_text(ESCAPE + name if is_taken(name) else name, value) for name, value in span.attributes.items()]
    return found


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_clean(part) for part in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(part) for name, part in value.items()}
    return value
