"""The configuration is read again when a dated price begins, though nobody changed anything."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from madang.calls.clock import Clock
from madang.providers.registry import vendor_call
from madang_server.app.configuration import ConfigurationWatch
from madang_server.credentials.cipher import Cipher
from madang_server.gateway.endpoints import Gateway
from madang_server.gateway.http_client import HttpClient
from madang_server.storage.spool.writer import open_spool
from madang_server.storage.sql.engine import Database


@pytest.mark.parametrize(("begins_in", "is_read_again"), [(timedelta(0), True), (timedelta(hours=1), False)])
def test_prices_are_looked_up_again_once_one_has_begun(
    database: Database, tmp_path: Path, begins_in: timedelta, is_read_again: bool
) -> None:
    spool = open_spool(tmp_path / "spool")
    gateway = Gateway(vendor_call(HttpClient()), spool, clock=Clock())
    watch = ConfigurationWatch(gateway, database, Cipher("k" * 32), None)
    watch.load()
    known = replace(gateway.snapshot(), prices_until=datetime.now(UTC) + begins_in)
    gateway.use(known)
    asyncio.run(watch.refresh())
    spool.close()
    assert (gateway.snapshot() is not known) == is_read_again
