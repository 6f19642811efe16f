"""OTLP in: what is kept, what is refused and how, for our own senders and for other people's."""

import asyncio
import gzip
import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from madang.calls.span import Span
from madang.tracing.otlp import encode_spans
from madang_server.gateway.otlp import MAX_BODY_BYTES, receive_spans
from madang_server.storage.spool.lane import lanes
from madang_server.storage.spool.reader import LaneReader
from madang_server.storage.spool.writer import open_spool

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
START_NS = 1_700_000_000_123_456_000
OURS = encode_spans([Span(trace_id="a" * 32, span_id="b" * 16, start_us=START_NS // 1000, name="mine")])


class Answer:
    def __init__(
        self, status: int, headers: list[tuple[bytes, bytes]], body: bytes, rows: list[dict[str, Any]]
    ) -> None:
        self.status = status
        self.headers = dict(headers)
        self.body = body
        self.rows = rows

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found


def send(folder: Path, body: bytes, content_type: str = JSON, encoding: str = "", max_bytes: int = 1 << 30) -> Answer:
    """The answer, and the rows that a reader then finds in the spool."""
    spool = open_spool(folder, max_bytes=max_bytes)
    status, headers, content = asyncio.run(receive_spans("project", body, content_type, encoding, spool))
    spool.close()
    rows: list[dict[str, Any]] = []
    for lane in lanes(folder):
        batch = LaneReader(lane, folder / "damaged").next_batch()
        rows += [json.loads(payload) for payload in batch.payloads] if batch else []
    return Answer(status, headers, content, rows)


def foreign(**span: Any) -> bytes:
    """An OTLP/JSON body of one span from some other tool."""
    given = {"traceId": "C" * 32, "spanId": "d" * 16, "startTimeUnixNano": str(START_NS), "name": "x", **span}
    scope = {"scope": {"name": "other"}, "spans": [given]}
    resource = {"attributes": [text("service.name", "shop"), text("deployment.environment.name", "staging")]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}).encode()


def text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def number(key: str, value: int) -> dict[str, Any]:
    return {"key": key, "value": {"intValue": str(value)}}


@pytest.mark.parametrize(
    ("body", "encoding"), [(OURS, ""), (gzip.compress(OURS), "gzip"), (zlib.compress(OURS), "deflate")]
)
def test_spans_are_kept_and_acknowledged(tmp_path: Path, body: bytes, encoding: str) -> None:
    answer = send(tmp_path, body, JSON + "; charset=utf-8", encoding)
    assert (answer.status, answer.body) == (200, b"{}")
    assert [(row["project_id"], row["name"]) for row in answer.rows] == [("project", "mine")]


def test_protobuf_is_answered_in_protobuf(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.start_time_unix_nano = b"\x01" * 16, b"\x02" * 8, START_NS
    span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 12
    listed = span.attributes.add(key="listed").value.array_value.values
    listed.add().string_value = "x"
    listed.add().bool_value = True
    answer = send(tmp_path, request.SerializeToString(), PROTOBUF)
    assert (answer.status, answer.body, answer.headers[b"content-type"]) == (200, b"", PROTOBUF.encode())
    row = answer.rows[0]
    assert (row["trace_id"], row["input_tokens"], row["attributes"]) == ("01" * 16, 12, {"listed": '["x",true]'})


def test_a_request_without_spans_is_fine(tmp_path: Path) -> None:
    assert send(tmp_path, b"{}").status == 200
    assert send(tmp_path, b"", PROTOBUF).status == 200


def test_conventions_of_others_fill_columns_and_the_rest_stays_an_attribute(tmp_path: Path) -> None:
    attributes = [
        text("gen_ai.operation.name", "chat"), text("gen_ai.system", "openai"), text("gen_ai.request.model", "gpt-4o"),
        number("gen_ai.usage.prompt_tokens", 11), number("gen_ai.usage.output_tokens", 5), text("session.id", "s"),
        text("input.value", "hello"), text("shop.basket", "full"),
        {"key": "gen_ai.usage.cost", "value": {"doubleValue": 0.25}},
    ]  # fmt: skip
    exception = {
        "name": "exception",
        "attributes": [text("exception.type", "Oops"), text("exception.message", "broke")],
    }
    row = send(tmp_path, foreign(attributes=attributes, events=[exception], status={"code": 2})).rows[0]
    assert (row["kind"], row["provider"], row["model"], row["input_tokens"], row["output_tokens"], row["cost_usd"]) == (
        "generation", "openai", "gpt-4o", 11, 5, "0.25",
    )  # fmt: skip
    assert (row["session_id"], row["environment"], row["input"], row["is_root"]) == ("s", "staging", "hello", True)
    assert (row["status"], row["error_type"], row["status_message"]) == ("error", "Oops", "broke")
    assert row["attributes"]["shop.basket"] == "full"
    assert row["attributes"]["resource.service.name"] == "shop"
    assert row["trace_id"] == "c" * 32


def test_numbers_that_a_column_cannot_hold_stay_attributes(tmp_path: Path) -> None:
    attributes = [number("gen_ai.usage.input_tokens", -1), number("gen_ai.usage.output_tokens", 1 << 40)]
    row = send(tmp_path, foreign(attributes=attributes)).rows[0]
    assert (row.get("input_tokens"), row.get("output_tokens")) == (None, None)
    assert row["attributes"]["gen_ai.usage.input_tokens"] == "-1"


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"{", JSON, "not valid JSON"),
        (b'{"resourceSpans": 3}', JSON, "resourceSpans"),
        (b"\xff\xff\xff", PROTOBUF, "protobuf"),
        (OURS, "text/plain", "Content-Type"),
        (foreign(traceId="xyz"), JSON, "traceId"),
        (foreign(traceId="0" * 32), JSON, "traceId"),
        (foreign(spanId="12"), JSON, "spanId"),
        (foreign(parentSpanId="zz"), JSON, "parentSpanId"),
        (foreign(startTimeUnixNano="0"), JSON, "startTimeUnixNano"),
        (foreign(startTimeUnixNano="soon"), JSON, "whole number"),
        (foreign(endTimeUnixNano=str((1 << 64) - 1)), JSON, "endTimeUnixNano"),
        (foreign(attributes=[number("k", 1 << 70)]), JSON, "64 bits"),
    ],
)
def test_malformed_spans_are_refused_as_a_whole_with_the_reason(
    tmp_path: Path, body: bytes, content_type: str, words: str
) -> None:
    answer = send(tmp_path, body, content_type)
    assert answer.status == 400
    assert answer.error["code"] == "malformed_spans"
    assert words in answer.error["message"]
    assert answer.rows == []


def test_deeply_nested_attributes_are_refused(tmp_path: Path) -> None:
    value: dict[str, Any] = {"stringValue": "x"}
    for _ in range(60):
        value = {"arrayValue": {"values": [value]}}
    assert send(tmp_path, foreign(attributes=[{"key": "k", "value": value}])).status == 400
    endless = b'{"resourceSpans":[{"resource":{"attributes":[{"value":' + b'{"arrayValue":{"values":[' * 100_000
    assert send(tmp_path, endless).status == 400


@pytest.mark.parametrize("body", [b"not gzip at all", gzip.compress(OURS)[:-9]])
def test_a_broken_gzip_body_is_malformed(tmp_path: Path, body: bytes) -> None:
    answer = send(tmp_path, body, encoding="gzip")
    assert (answer.status, answer.error["code"]) == (400, "malformed_spans")


def test_an_unknown_encoding_is_named(tmp_path: Path) -> None:
    assert "'br'" in send(tmp_path, OURS, encoding="br").error["message"]


def test_bodies_over_the_limit_are_refused_also_when_only_inflating_makes_them_so(tmp_path: Path) -> None:
    assert send(tmp_path, b" " * (MAX_BODY_BYTES + 1)).status == 413
    bomb = gzip.compress(b"0" * (400 << 20), 9)
    tracemalloc.start()
    answer = send(tmp_path, bomb, encoding="gzip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status == 413
    assert most < 4 * MAX_BODY_BYTES


def test_a_full_spool_asks_to_come_back_and_keeps_nothing(tmp_path: Path) -> None:
    answer = send(tmp_path, OURS, max_bytes=10)
    assert (answer.status, answer.headers[b"retry-after"], answer.error["code"]) == (429, b"5", "spool_full")
    assert answer.rows == []
