"""Keeps the Gateway's snapshot fresh: asks the database for its version every second, and loads when it has moved on.

A database that is down changes nothing: the Gateway serves what it knew last, and the health page says so.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from madang_server.accounts.keys import all_active, mark_used
from madang_server.credentials.cipher import Cipher
from madang_server.credentials.store import all_opened
from madang_server.gateway.endpoints import Gateway
from madang_server.gateway.snapshot import Snapshot, build_snapshot
from madang_server.limits.limit import limits_by_project
from madang_server.limits.store import all_limits, organisations_of_projects
from madang_server.models.project_duplicates import all_duplicate_rules
from madang_server.models.project_routing import all_policy_block_vendors
from madang_server.models.store import all_models
from madang_server.prices.book import PriceBook, PriceList
from madang_server.prices.catalogue import bundled
from madang_server.prices.overrides import all_overrides
from madang_server.prices.remembered import RememberedList
from madang_server.storage.sql import version
from madang_server.storage.sql.engine import Database

POLL_S = 0.5
USED_KEYS_S = 30.0

_log = logging.getLogger(__name__)


class Loaded(NamedTuple):
    """A snapshot, and how many vendor credentials it lacks because the secret key in force does not open them."""

    snapshot: Snapshot
    closed_credentials: int


def load_snapshot(
    database: Database, cipher: Cipher, simulator_url: str | None, now: datetime, prices: PriceList | None = None
) -> Loaded:
    """Everything the Gateway needs, as of one moment. Raises SQLAlchemyError."""
    with database.reading() as connection:
        credentials = all_opened(connection, cipher)
        snapshot = build_snapshot(
            version.current(connection),
            all_active(connection),
            all_models(connection),
            credentials.opened,
            PriceBook(prices or bundled(), all_overrides(connection), now),
            simulator_url=simulator_url,
            created=int(time.time()),
            policy_block_vendors=all_policy_block_vendors(connection),
            duplicate_rules=all_duplicate_rules(connection),
            limits=limits_by_project(all_limits(connection), organisations_of_projects(connection)),
        )
    return Loaded(snapshot, len(credentials.closed))


class ConfigurationWatch:
    """Owns the polling; `run` until cancelled. `stale_since` is the time since when the configuration cannot be read."""

    def __init__(
        self,
        gateway: Gateway,
        database: Database,
        cipher: Cipher,
        simulator_url: str | None,
        prices: RememberedList | None = None,
    ) -> None:
        self._gateway = gateway
        self._database = database
        self._cipher = cipher
        self._simulator_url = simulator_url
        self._prices = prices
        # Of two that load at once, the one that read earlier could end later and bring back the old.
        self._loading = threading.Lock()
        self.stale_since: datetime | None = None
        self.closed_credentials = 0

    def load(self) -> None:
        now = datetime.now(UTC)
        snapshot, closed = load_snapshot(self._database, self._cipher, self._simulator_url, now, self._prices)
        self._gateway.use(snapshot)
        if self._prices is not None:
            self._prices.save()
        if closed and closed != self.closed_credentials:
            _log.error("%s", closed_advice(closed))
        self.closed_credentials = closed

    async def run(self) -> None:
        next_note = time.monotonic() + USED_KEYS_S
        while True:
            await asyncio.sleep(POLL_S)
            await self.refresh()
            if time.monotonic() >= next_note:
                next_note = time.monotonic() + USED_KEYS_S
                await self._quietly(self.note_used_keys)

    async def refresh(self) -> None:
        """Loads what changed, if anything did. A database that does not answer leaves everything as it is."""
        await self._quietly(self._refresh)

    def note_used_keys(self) -> None:
        """Stores when keys were last used, outside the calls' way."""
        used, self._gateway.used_keys = self._gateway.used_keys, {}
        if used:
            with self._database.transaction() as connection:
                mark_used(connection, used)

    def _refresh(self) -> None:
        with self._loading:
            with self._database.reading() as connection:
                newest = version.current(connection)
            known = self._gateway.snapshot()
            has_new_prices = known.prices_until is not None and known.prices_until <= datetime.now(UTC)
            if newest != known.version or has_new_prices:
                self.load()

    async def _quietly(self, work: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(work)
        except Exception as error:  # noqa: BLE001 - the edge of the polling: told once, and tried again in a moment
            if self.stale_since is None:
                self.stale_since = datetime.now(UTC)
                _log.error(
                    "The configuration cannot be read (%s); calls go on with what is known.", type(error).__name__
                )
            return
        if self.stale_since is not None:
            self.stale_since = None
            _log.warning("The configuration can be read again.")


def closed_advice(count: int) -> str:
    """What to do about credentials that do not open."""
    return (
        f"{count} vendor credential(s) do not open with the secret key in force, so their deployments are left out. Start "
        "with the MADANG_SECRET_KEY (or the secret.key file in MADANG_HOME) that was in force when they were saved, or "
        "enter the vendors' keys again."
    )
