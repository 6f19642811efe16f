"""Keeps what was counted under limits over restarts: read at start, written every two seconds and at the end.

A crash forgets what the last two seconds counted. A database that is down delays the writing; nothing is lost by it.
"""

import asyncio
import logging
from datetime import UTC, datetime

from madang_server.limits.book import Counts, LimitBook
from madang_server.limits.counts import add_counts, current_counts, forget_old_counts
from madang_server.storage.sql.engine import Database

SAVE_EVERY_S = 2.0

_log = logging.getLogger(__name__)


class LimitCounts:
    """Owns the writing; `run` until cancelled, `save` once more afterwards."""

    def __init__(self, book: LimitBook, database: Database) -> None:
        self._book = book
        self._database = database
        self._has_warned = False

    def load(self) -> None:
        """What all gateways counted today and this month. Raises SQLAlchemyError."""
        now = datetime.now(UTC)
        with self._database.transaction() as connection:
            forget_old_counts(connection, now)
            self._book.note_saved(current_counts(connection, now))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await self.save()

    async def save(self) -> None:
        """Writes what is new, and learns what other gateways counted of the same."""
        # The book belongs to the event loop; the thread gets what was taken out of it.
        unsaved = self._book.take_unsaved()
        if not unsaved:
            return
        writing = asyncio.create_task(asyncio.to_thread(self._add, unsaved))
        try:
            sums = await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait((writing,))  # what is being written must not be written again at the end
            if writing.exception() is not None:
                self._book.give_back_unsaved(unsaved)
            raise
        except Exception as error:  # noqa: BLE001 - the edge of the writing: told once, and tried again in two seconds
            self._book.give_back_unsaved(unsaved)
            if not self._has_warned:
                self._has_warned = True
                _log.error(
                    "What limits counted cannot be written (%s); tried again until it can.", type(error).__name__
                )
            return
        self._has_warned = False
        self._book.note_saved(sums)

    def _add(self, unsaved: Counts) -> Counts:
        with self._database.transaction() as connection:
            return add_counts(connection, unsaved)
