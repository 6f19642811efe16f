"""What a list, a total or a chart is over: one project, a time range, and conditions on a trace's root spans.

Only names written here become SQL; every value travels as a bound parameter.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_LISTS = ("status", "model", "deployment", "environment", "kind", "error_type")
_MOST_WORDS = 20
_COLUMNS: Mapping[str, str] = {"user": "user_id", "session": "session_id"}


@dataclass(frozen=True, kw_only=True)
class TraceFilter:
    """Conditions joined by "and"; several values of one field by "or". `start` is included, `end` is not."""

    project_id: str
    start: datetime
    end: datetime
    status: Sequence[str] = ()
    model: Sequence[str] = ()
    deployment: Sequence[str] = ()
    environment: Sequence[str] = ()
    kind: Sequence[str] = ()
    error_type: Sequence[str] = ()
    user: str | None = None
    session: str | None = None
    min_duration_ms: float | None = None
    min_cost_usd: Decimal | None = None
    text: str | None = None  # words, or parts of words, that all occur in input or output; case does not matter

    def without(self, field: str) -> "TraceFilter":
        """The same without its condition on one field."""
        empty: Any = () if field in _LISTS else None
        return replace(self, **{field: empty})

    def has(self, field: str) -> bool:
        return bool(getattr(self, field))


@dataclass(frozen=True)
class Condition:
    """SQL and the parameters it names."""

    sql: str
    parameters: Mapping[str, Any]


def in_range(wanted: TraceFilter) -> Condition:
    """Spans of the project in the time range."""
    sql = "project_id = {project:String} AND start_time >= {start:DateTime64(6, 'UTC')}"
    sql += " AND start_time < {end:DateTime64(6, 'UTC')}"
    parameters = {"project": wanted.project_id, "start": time_text(wanted.start), "end": time_text(wanted.end)}
    return Condition(sql, parameters)


def matching_root(wanted: TraceFilter) -> Condition:
    """Root spans that meet the conditions; says nothing of project and time."""
    parts = ["is_root"]
    parameters: dict[str, Any] = {}
    for field in _LISTS:
        if wanted.has(field):
            parts.append(f"{field} IN {{{field}:Array(String)}}")
            parameters[field] = list(getattr(wanted, field))
    for field, column in _COLUMNS.items():
        if wanted.has(field):
            parts.append(f"{column} = {{{field}:String}}")
            parameters[field] = getattr(wanted, field)
    if wanted.min_duration_ms is not None:
        parts.append("duration_us >= {min_duration_us:UInt64}")
        parameters["min_duration_us"] = int(wanted.min_duration_ms * 1000)
    if wanted.min_cost_usd is not None:
        parts.append("cost_usd >= {min_cost:Decimal(18, 9)}")
        parameters["min_cost"] = wanted.min_cost_usd
    for number, word in enumerate(_words(wanted.text or "")):
        # Exactly the expression of the text index, one word at a time: its dictionary is of words.
        parts.append(f"lower(concat(input, ' ', output)) LIKE {{word_{number}:String}}")
        parameters[f"word_{number}"] = f"%{_like(word)}%"
    return Condition(" AND ".join(parts), parameters)


def settings_for(wanted: TraceFilter) -> Mapping[str, Any]:
    """Settings of the engine for the filter: short parts of words, and parts that many words share, by the text index."""
    if not wanted.text:
        return {}
    return {"text_index_like_min_pattern_length": 2, "text_index_like_max_postings_to_read": 1000}


def time_text(moment: datetime) -> str:
    """A moment as the store reads it, to the microsecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _words(text: str) -> list[str]:
    """What the text index takes for words: runs of ASCII letters and digits and of anything beyond ASCII, in small ASCII
    letters. Text without any is looked for as it is."""
    words = re.findall(r"[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+", text)[:_MOST_WORDS]
    return [re.sub("[A-Z]+", lambda found: found[0].lower(), word) for word in words or text.split()]


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
