"""Spans survive the way from the SDK over OTLP to a row, whatever is in them."""

import json
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from madang.calls.span import Span
from madang.tracing.names import TAKEN
from madang.tracing.otlp import CONTENT_TYPE, encode_spans
from madang_server.spans.otlp import decode_spans
from madang_server.spans.row import encode_row, row_head

_text = st.text(st.characters(codec="utf-8"), max_size=40)
_money = st.decimals(Decimal("-1000"), Decimal("1000"), places=9)
_count = st.none() | st.integers(0, 2**32 - 1)
_time = st.integers(10**15, 9_199_999_999_999_999)
_attribute_names = _text | st.sampled_from(sorted(TAKEN)) | _text.map("madang.attribute.".__add__)
_attribute_names |= _text.map("madang.cost.".__add__)


def _hex(digits: int) -> st.SearchStrategy[str]:
    return st.integers(1, 16**digits - 1).map(lambda number: f"{number:0{digits}x}")


spans = st.builds(
    Span,
    trace_id=_hex(32),
    span_id=_hex(16),
    parent_span_id=st.just("") | _hex(16),
    is_root=st.booleans(),
    kind=st.sampled_from(["generation", "embedding", "attempt", "span", "tool", "agent", "event"]),
    name=_text,
    start_us=_time,
    end_us=st.none() | _time,
    status=st.sampled_from(["unset", "ok", "error"]),
    error_type=_text,
    status_message=_text,
    environment=_text,
    release=_text,
    session_id=_text,
    user_id=_text,
    key_id=_text,
    provider=_text,
    model=_text,
    response_model=_text,
    deployment=_text,
    prompt_name=_text,
    prompt_version=st.integers(0, 2**32 - 1),
    input_tokens=_count,
    output_tokens=_count,
    cached_tokens=_count,
    reasoning_tokens=_count,
    cost_usd=st.none() | _money,
    cost_details=st.dictionaries(_text, _money, max_size=3),
    first_token_ms=_count,
    attempts=st.integers(0, 2**16 - 1),
    simulated=st.booleans(),
    tags=st.lists(_text, max_size=3).map(tuple),
    attributes=st.dictionaries(_attribute_names, _text, max_size=4),
    input=_text,
    output=_text,
)


@settings(deadline=None)
@given(st.lists(spans, max_size=3))
def test_a_span_comes_back_from_otlp_as_it_was_sent(sent: list[Span]) -> None:
    assert decode_spans(encode_spans(sent), CONTENT_TYPE) == sent


@settings(deadline=None)
@given(spans)
def test_a_row_says_when_and_where_it_belongs_without_being_parsed(span: Span) -> None:
    row = encode_row("prj_1", span, version=7)
    assert row_head(row) == (span.start_us // 1_000_000, "prj_1")
    assert json.loads(row)["trace_id"] == span.trace_id


def test_half_a_surrogate_pair_becomes_a_question_mark_and_the_span_is_kept() -> None:
    span = Span(trace_id="a" * 32, span_id="b" * 16, start_us=1_700_000_000_000_000, input="x\ud800y")
    assert json.loads(encode_row("p", span, version=1))["input"] == "x?y"
    assert decode_spans(encode_spans([span]), CONTENT_TYPE)[0].input == "x?y"


def test_money_finer_than_a_nano_dollar_is_rounded_in_the_row() -> None:
    span = Span(trace_id="a" * 32, span_id="b" * 16, start_us=1_700_000_000_000_000, cost_usd=Decimal("0.00000000151"))
    assert Decimal(json.loads(encode_row("p", span, version=1))["cost_usd"]) == Decimal("0.000000002")


@settings(deadline=None)
@given(spans)
def test_a_row_leaves_out_nothing_but_what_is_empty(span: Span) -> None:
    row = json.loads(encode_row("p", span, version=1))
    left_out = {name: value for name, value in msgspec.structs.asdict(span).items() if name not in row}
    assert all(value in ("", "unset", None, 0, (), {}) for value in left_out.values()), left_out
    assert (row["kind"], row["environment"]) == (span.kind, span.environment)
