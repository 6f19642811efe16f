"""Writes docs/vendors.md from the matrix: `python -m tests.matrix.table`. What stands there is what the tests hold true."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.matrix.columns import COLUMNS, Column
from tests.matrix.failures import FAILURES, Answered, Expected, FailureClass
from tests.matrix.features import FEATURES
from tests.matrix.parameters import handling
from tests.matrix.support import missing

PAGE = Path(__file__).parents[2] / "docs" / "vendors.md"
TEMPLATE = Path(__file__).with_name("vendors.md.template")

_TITLES = {"own server": "OpenAI-compatible", "litellm": "LiteLLM (Groq)"}


def page() -> str:
    """The whole page: the template with its tables filled in."""
    written = TEMPLATE.read_text(encoding="utf-8")
    for name, lines in (("features", _features()), ("failures", _told()), ("parameters", _handled())):
        written = written.replace(f"{{{{{name}}}}}", "\n".join(lines))
    return written


def _features() -> Iterable[str]:
    notes: list[str] = []

    def cell(feature: str, column: Column) -> str:
        lack = missing(feature, column)
        if lack is None:
            return "✓"
        if lack.why not in notes:
            notes.append(lack.why)
        return f"– {_raised(notes.index(lack.why) + 1)}"

    rows = [[feature.title, *(cell(feature.name, column) for column in COLUMNS)] for feature in FEATURES]
    yield from _rows(["", *(_TITLES.get(column.name, column.name) for column in COLUMNS)], rows)
    yield ""
    yield from (f"{_raised(number)} {why}  " for number, why in enumerate(notes, start=1))


def _told() -> Iterable[str]:
    yield from _rows(["failure", "reason", "status, `code`", "otherwise"], [_failure_row(each) for each in FAILURES])


def _failure_row(failure: FailureClass) -> list[str]:
    usual = list(dict.fromkeys(failure.expected.values()))
    others: dict[str, list[str]] = {}
    for column in COLUMNS:
        told = {how: failure.expected_of(column, how) for how in failure.expected}
        for how, one in told.items():
            if one != failure.expected[how]:
                way = "" if len(set(told.values())) == 1 else f" {how}"
                others.setdefault(_shown(one, usual[0]), []).append(_TITLES.get(column.name, column.name) + way)
    reasons = dict.fromkeys(told.reason if not isinstance(told, Answered) else "an answer" for told in usual)
    otherwise = "; ".join(f"{', '.join(dict.fromkeys(names))}: {told}" for told, names in others.items())
    return [
        failure.title,
        ", ".join(f"`{reason}`" if " " not in reason else reason for reason in reasons),
        " · ".join(_shown(told) for told in usual),
        otherwise,
    ]


def _shown(told: Expected, usual: Expected | None = None) -> str:
    """Status and code; beside the usual case only what differs."""
    if isinstance(told, Answered):
        return f"`finish_reason` is `{told.finish}`"
    code = f"`{told.code}`" if told.code else "the vendor's own"
    if usual is None or isinstance(usual, Answered):
        return f"{told.status or '–'}, {code}"
    reason = "" if told.reason == usual.reason else f"`{told.reason}`, "
    return f"{reason}{code}" if told.status == usual.status else f"{reason}{told.status or '–'}, {code}"


def _handled() -> Iterable[str]:
    titles = {"anthropic": "Anthropic", "gemini": "Gemini, Vertex", "bedrock": "Bedrock"}
    rows = []
    for vendor, title in titles.items():
        found = handling(vendor)
        rows.append([title, *(", ".join(f"`{name}`" for name in names) for names in found)])
    yield from _rows(["", "translated", "left out", "refused"], rows)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _raised(number: int) -> str:
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(number))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"Written: {PAGE}\n")
