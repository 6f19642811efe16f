"""Traces of a project: the list with its totals, chart and facets, and one trace with all its spans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query

from madang_server.accounts.problems import Invalid, NotFound
from madang_server.http.access import ProjectReader
from madang_server.http.paging import decode_cursor, encode_cursor
from madang_server.http.surroundings import Now
from madang_server.http.trace_store import STORE_DOWN, TraceStore
from madang_server.spans import totals, traces
from madang_server.spans.filter import TraceFilter
from madang_server.spans.traces import Place
from madang_server.studio.shapes import Shown

DEFAULT_RANGE = timedelta(days=30)
# Clocks of callers may be a little ahead of ours.
_AHEAD = timedelta(minutes=5)

router = APIRouter(prefix="/projects/{project_id}/traces", tags=["traces"], responses=STORE_DOWN)

Status = Literal["unset", "ok", "error"]


class TraceRow(Shown):
    """A trace by its first root span that meets the filter; tokens and cost are of all its spans, None when unknown."""

    trace_id: str
    name: str
    kind: str
    start_time: datetime
    duration_ms: float | None
    status: Status
    error_type: str
    model: str
    response_model: str
    provider: str
    deployment: str
    user_id: str
    session_id: str
    environment: str
    tags: list[str]
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    cost_usd: Decimal | None
    first_token_ms: int | None
    attempts: int
    spans: int
    simulated: bool
    input_preview: str
    output_preview: str


class TracePage(Shown):
    items: list[TraceRow]
    next_cursor: str | None


class TraceSummary(Shown):
    """Totals over the whole filter. Percentiles are of root spans, None without any; `unknown_cost` counts calls
    without a price, which `cost_usd` leaves out."""

    traces: int
    errors: int
    total_tokens: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    p50_ms: float | None
    p95_ms: float | None
    unknown_cost: int


class ChartPoint(Shown):
    """One bucket, from `time` on."""

    time: datetime
    traces: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    cost_usd: Decimal
    total_tokens: int


class TraceChart(Shown):
    """`bucket_s` is the length of every bucket, in seconds."""

    bucket_s: int
    points: list[ChartPoint]


class FacetValue(Shown):
    value: str
    count: int


class TraceFacets(Shown):
    """The most frequent values of each field, counted without that field's own condition."""

    model: list[FacetValue]
    status: list[FacetValue]
    deployment: list[FacetValue]
    environment: list[FacetValue]
    user: list[FacetValue]
    error_type: list[FacetValue]


class Span(Shown):
    """One span, whole. `input` and `output` are text as it was recorded, usually JSON."""

    trace_id: str
    span_id: str
    parent_span_id: str
    is_root: bool
    kind: str
    name: str
    start_time: datetime
    end_time: datetime | None
    status: Status
    error_type: str
    status_message: str
    environment: str
    release: str
    session_id: str
    user_id: str
    key_id: str
    provider: str
    model: str
    response_model: str
    deployment: str
    prompt_name: str
    prompt_version: int
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: Decimal | None
    cost_details: dict[str, Decimal]
    first_token_ms: int | None
    attempts: int
    simulated: bool
    tags: list[str]
    attributes: dict[str, str]
    input: str
    output: str


class Trace(Shown):
    """A trace and its spans, oldest first; `parent_span_id` makes them a tree."""

    trace: TraceRow
    spans: list[Span]


_Values = Annotated[list[str] | None, Query(description="One of these values.", max_length=100)]


def _filter(
    access: ProjectReader,
    now: Now,
    *,
    start: Annotated[
        datetime | None, Query(alias="from", description="From this time on; default 30 days ago.")
    ] = None,
    end: Annotated[datetime | None, Query(alias="to", description="Before this time; default now.")] = None,
    status: Annotated[list[Status] | None, Query(description="One of these.")] = None,
    model: _Values = None,
    deployment: _Values = None,
    environment: _Values = None,
    kind: _Values = None,
    error_type: _Values = None,
    user: Annotated[str | None, Query(max_length=1000)] = None,
    session: Annotated[str | None, Query(max_length=1000)] = None,
    min_duration_ms: Annotated[float | None, Query(ge=0, le=1e12)] = None,
    min_cost_usd: Annotated[Decimal | None, Query(ge=0, lt=10**9, max_digits=18, decimal_places=9)] = None,
    text: Annotated[
        str | None,
        Query(max_length=1000, description="Words or parts of words; all must occur in the input or the output."),
    ] = None,
) -> TraceFilter:
    for name, moment in (("from", start), ("to", end)):
        if moment is not None and moment.tzinfo is None:
            raise Invalid("Give the time with its zone, such as 2026-01-31T09:00:00Z.", param=name)
        if moment is not None and not 2000 <= moment.year <= 2200:
            raise Invalid("Give a time between the years 2000 and 2200.", param=name)
    until = end or now + _AHEAD
    since = start or until - DEFAULT_RANGE
    if since >= until:
        raise Invalid("The range is empty: 'from' must be before 'to'.", param="from")
    return TraceFilter(
        project_id=access.project_id,
        start=since,
        end=until,
        status=status or (),
        model=model or (),
        deployment=deployment or (),
        environment=environment or (),
        kind=kind or (),
        error_type=error_type or (),
        user=user,
        session=session,
        min_duration_ms=min_duration_ms,
        min_cost_usd=min_cost_usd,
        text=text,
    )


Filter = Annotated[TraceFilter, Depends(_filter)]


@router.get("")
def list_traces(
    wanted: Filter,
    store: TraceStore,
    cursor: Annotated[str | None, Query(description="The next_cursor of the page before.", max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    order: Annotated[Literal["newest"], Query(description="The only order there is.")] = "newest",
) -> TracePage:
    """The newest traces that meet the filter."""
    page = traces.list_traces(store, wanted, limit, _place(cursor))
    following = None if page.next is None else encode_cursor([_micros(page.next.start_time), page.next.trace_id])
    return TracePage(items=[TraceRow.model_validate(row) for row in page.rows], next_cursor=following)


@router.get("/summary")
def get_trace_summary(wanted: Filter, store: TraceStore) -> TraceSummary:
    """Totals of everything that meets the filter, not only of a page."""
    return TraceSummary.model_validate(totals.summarise(store, wanted))


@router.get("/chart")
def get_trace_chart(wanted: Filter, store: TraceStore, buckets: Annotated[int, Query(ge=1, le=500)] = 60) -> TraceChart:
    """The filter's traces over time, in at most so many buckets of a round length."""
    seconds, points = totals.chart(store, wanted, buckets)
    return TraceChart(bucket_s=seconds, points=[ChartPoint.model_validate(point) for point in points])


@router.get("/facets")
def get_trace_facets(wanted: Filter, store: TraceStore) -> TraceFacets:
    """Which values occur, and how often."""
    found = totals.facets(store, wanted)
    return TraceFacets(
        **{field: [FacetValue.model_validate(value) for value in values] for field, values in found.items()}
    )


@router.get("/{trace_id}")
def get_trace(
    access: ProjectReader, store: TraceStore, trace_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
) -> Trace:
    """One trace with all its spans."""
    found = traces.read_trace(store, access.project_id, trace_id)
    if found is None:
        raise NotFound("There is no such trace. A new one can be read about a second after its call.")
    row, spans = found
    return Trace(trace=TraceRow.model_validate(row), spans=[Span.model_validate(span) for span in spans])


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    match decode_cursor(cursor):
        case [int(micros), str(trace_id)]:
            return Place(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros), trace_id)
    raise Invalid("This cursor was not given out here; ask for the first page again.", param="cursor")


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
