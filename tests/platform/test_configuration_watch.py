"""The Gateway's configuration while it changes: what was read later wins, whichever reader is done first."""

import asyncio
import threading
from pathlib import Path

from madang.calls.clock import Clock
from madang.providers.registry import vendor_call
from madang_server.app.configuration import ConfigurationWatch
from madang_server.credentials.cipher import Cipher
from madang_server.gateway.endpoints import Gateway
from madang_server.gateway.http_client import HttpClient
from madang_server.gateway.snapshot import Snapshot
from madang_server.storage.spool.writer import open_spool
from madang_server.storage.sql import version
from madang_server.storage.sql.engine import Database

LIMIT_S = 20.0


class HesitantGateway(Gateway):
    """Takes its first snapshot only when it is let."""

    asked: threading.Event
    may: threading.Event

    def use(self, snapshot: Snapshot) -> None:
        if not self.asked.is_set():
            self.asked.set()
            self.may.wait(LIMIT_S)
        super().use(snapshot)


def change(database: Database) -> None:
    with database.transaction() as connection:
        version.bump(connection)


def test_an_older_configuration_does_not_replace_a_newer_one(database: Database, tmp_path: Path) -> None:
    spool = open_spool(tmp_path / "spool")
    gateway = HesitantGateway(vendor_call(HttpClient()), spool, clock=Clock())
    gateway.asked, gateway.may = threading.Event(), threading.Event()
    watch = ConfigurationWatch(gateway, database, Cipher("k" * 32), None)
    change(database)
    first = threading.Thread(target=lambda: asyncio.run(watch.refresh()))
    first.start()
    assert gateway.asked.wait(LIMIT_S)
    change(database)  # a key is revoked, say
    second = threading.Thread(target=lambda: asyncio.run(watch.refresh()))
    second.start()
    second.join(0.5)  # done by now, or waiting for the first
    gateway.may.set()
    first.join(LIMIT_S)
    second.join(LIMIT_S)
    spool.close()
    with database.reading() as connection:
        assert gateway.snapshot().version == version.current(connection)
