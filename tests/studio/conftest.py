"""A running control plane with the four people of `World`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.studio.world import CHEAP_PASSWORDS, Clock, World, populate, serving

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
    with serving(app) as port:
        yield populate(database, settings, clock, port)
