"""A running control plane with the four people of `World`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from tests.studio.world import CHEAP_PASSWORDS, Clock, World, populate

from madang_server.settings import Settings, read_settings
from madang_server.storage.sql.engine import Database
from madang_server.studio.api import create_control_plane


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return read_settings(
        {"MADANG_HOME": str(tmp_path / "home"), "MADANG_DATABASE_URL": database_url, "MADANG_SECRET_KEY": "k" * 32}
    )


@pytest.fixture
def world(database: Database, settings: Settings, tmp_path: Path) -> Iterator[World]:
    """The people above, and a server on a free port of the loopback address."""
    clock = Clock()
    app = create_control_plane(
        settings,
        database,
        version="9.9.9",
        now=clock.now,
        seconds=clock.seconds,
        passwords=CHEAP_PASSWORDS,
        ui_directory=tmp_path / "ui",
    )
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port: int = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    _wait_for(lambda: server.started)
    try:
        yield populate(database, settings, clock, port)
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listening.close()


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)
