"""Turns the results of bench/gateway.py into the table and the list of figures that it prints."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Results = Mapping[str, Mapping[str, Any]]

_TITLES = {"direct": "direct to the vendor", "nginx": "nginx", "madang": "Madang", "litellm": "LiteLLM proxy"}


class _Column(NamedTuple):
    title: str
    cell: Callable[[Results, str], str]


class _Figure(NamedTuple):
    words: str
    value: Callable[[Results], float | None]
    is_met: Callable[[float], bool]
    shown: str


def table(results: Results, missing: Mapping[str, str]) -> str:
    """A Markdown table, one row for each target, and why rows are missing."""
    rows = [[column.title for column in _COLUMNS], ["---"] + ["---:"] * (len(_COLUMNS) - 1)]
    rows += [[column.cell(results, name) for column in _COLUMNS] for name in results]
    text = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    for name, reason in missing.items():
        text += f"\n\n{_TITLES[name]} was not measured: {reason}"
    failed = {name: result["medians"]["failed"] for name, result in results.items() if result["medians"]["failed"]}
    if failed:
        text += f"\n\nFailed calls: {failed}"
    return text


def figures(results: Results) -> str:
    """The figures that Madang is held to, each with what was measured."""
    lines = [""]
    for figure in _FIGURES:
        value = figure.value(results)
        if value is None:
            lines.append(f"?      {figure.words}: not measured")
        else:
            verdict = "holds " if figure.is_met(value) else "MISSED"
            lines.append(f"{verdict} {figure.words}: {figure.shown.format(value)}")
    return "\n".join(lines)


def _median(results: Results, name: str, key: str) -> float | None:
    value = results[name]["medians"].get(key) if name in results else None
    return None if value is None else float(value)


def _ratio(results: Results, name: str, over: str, key: str) -> float | None:
    above, below = _median(results, name, key), _median(results, over, key)
    return above / below if above is not None and below else None


def _number(key: str, form: str) -> Callable[[Results, str], str]:
    def cell(results: Results, name: str) -> str:
        value = _median(results, name, key)
        return "–" if value is None else form.format(value)

    return cell


def _times_nginx(key: str) -> Callable[[Results, str], str]:
    def cell(results: Results, name: str) -> str:
        ratio = _ratio(results, name, "nginx", key)
        return "–" if ratio is None else f"{ratio:.1f}"

    return cell


def _litellm_over(results: Results, name: str) -> str:
    ratio = _ratio(results, "litellm", name, "cpu_us")
    return "–" if ratio is None else f"{ratio:.0f}"


def _added(key: str) -> Callable[[Results, str], str]:
    def cell(results: Results, name: str) -> str:
        if name == "direct":
            return f"0 ({_median(results, name, key):.2f})"
        return f"{_median(results, name, f'added_{key}'):.2f}"

    return cell


def _start(results: Results, name: str) -> str:
    start = results[name]["start"]
    return "–" if start is None else f"{start['cpu_s']:.2f} / {start['wall_s']:.2f}"


def _memory(results: Results, name: str) -> str:
    start, after = results[name]["start"], _median(results, name, "rss_mb")
    return "–" if start is None or after is None else f"{start['rss_mb']:.0f} → {after:.0f}"


def _of_start(key: str) -> Callable[[Results], float | None]:
    def value(results: Results) -> float | None:
        start = results["madang"]["start"]
        return None if start is None else float(start[key])

    return value


def _of_madang(key: str) -> Callable[[Results], float | None]:
    return lambda results: _median(results, "madang", key)


_COLUMNS = (
    _Column("target", lambda _, name: _TITLES[name]),
    _Column("calls/s, one core", _number("calls_per_s", "{:,.0f}")),
    _Column("share of the core", _number("core_share", "{:.0%}")),
    _Column("CPU µs/call", _number("cpu_us", "{:,.0f}")),
    _Column("× nginx", _times_nginx("cpu_us")),
    _Column("LiteLLM ÷ this", _litellm_over),
    _Column("added p50 ms at 100/s", _added("p50_ms")),
    _Column("added p99 ms at 100/s", _added("p99_ms")),
    _Column("added p50 ms at 10/s", _added("low_p50_ms")),
    _Column("CPU µs/chunk", _number("chunk_cpu_us", "{:,.0f}")),
    _Column("× nginx", _times_nginx("chunk_cpu_us")),
    _Column("first token added ms", _added("first_token_ms")),
    _Column("start CPU / wall s", _start),
    _Column("RSS MB start → after", _memory),
    _Column("MB more per 10,000 calls", _number("grown_mb_per_10k", "{:.2f}")),
    _Column("trace storage CPU µs/call", _number("storing_cpu_us", "{:,.0f}")),
)

_FIGURES = (
    _Figure("at least 3,000 calls/s on one core", _of_madang("calls_per_s"), lambda v: v >= 3000, "{:,.0f}"),
    _Figure(
        "CPU per call at most 8 × nginx", lambda r: _ratio(r, "madang", "nginx", "cpu_us"), lambda v: v <= 8, "{:.1f} ×"
    ),
    _Figure("p50 added at 100/s at most 1 ms", _of_madang("added_p50_ms"), lambda v: v <= 1, "{:.2f} ms"),
    _Figure(
        "CPU per chunk at most 2.5 × nginx",
        lambda r: _ratio(r, "madang", "nginx", "chunk_cpu_us"),
        lambda v: v <= 2.5,
        "{:.1f} ×",
    ),
    _Figure(
        "first token added at most 2 ms, 6 streams", _of_madang("added_first_token_ms"), lambda v: v <= 2, "{:.2f} ms"
    ),
    _Figure("start at most 1.5 CPU s", _of_start("cpu_s"), lambda v: v <= 1.5, "{:.2f} s"),
    _Figure("memory at most 120 MB after all calls", _of_madang("rss_mb"), lambda v: v <= 120, "{:.0f} MB"),
    _Figure(
        "memory flat: at most 1 MB more per 10,000 calls",
        _of_madang("grown_mb_per_10k"),
        lambda v: v <= 1,
        "{:.2f} MB",
    ),
    _Figure("two spans stored for each call", _of_madang("spans_per_call"), lambda v: abs(v - 2) < 0.001, "{:.3f}"),
)
