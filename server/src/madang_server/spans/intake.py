"""Spans that arrived from outside into the spool: kept when they would survive a power cut, or refused as a whole."""

from collections.abc import Sequence
from typing import Protocol

from madang.calls.span import Span
from madang_server.spans.row import encode_row
from madang_server.storage.spool.writer import SpoolFailed, SpoolFull


class SpanSpool(Protocol):
    """Where rows wait for the store; `madang_server.storage.spool` keeps this promise."""

    def append_many(self, payloads: Sequence[bytes]) -> int: ...

    async def durable(self, position: int) -> None: ...


class NoRoom(Exception):
    """The spool is full; the sender should try again later."""


class NotKept(Exception):
    """The disk did not confirm the spans; the sender should try again."""


def spans_to_rows(project_id: str, spans: Sequence[Span], version: int, retention_days: int) -> list[bytes]:
    """One row for each span."""
    return [encode_row(project_id, span, version, retention_days) for span in spans]


async def keep_rows(rows: Sequence[bytes], spool: SpanSpool) -> None:
    """Returns when the rows are durable. Raises NoRoom, having kept none, or NotKept."""
    if not rows:
        return
    try:
        await spool.durable(spool.append_many(rows))
    except SpoolFull as error:
        raise NoRoom(str(error)) from error
    except SpoolFailed as error:
        raise NotKept(str(error)) from error
