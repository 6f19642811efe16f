"""What tests of several parts need: a migrated control-plane database of their own, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from madang_server.storage.sql.engine import Database, open_database
from madang_server.storage.sql.migrate import upgrade

# Lets test files share builders by `from tests.… import …`, however pytest was started.
sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.support.running_platform import Platform, running_platform


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop running in the main thread from its first use on."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


# Nothing here has to survive a power cut.
_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=60")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server started for this test run, without a database's name."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed; on Debian: apt-get install postgresql")
    # In a directory with a short name: the server's socket lies there, and a socket's path must stay under 108 bytes.
    home = Path(tempfile.mkdtemp(prefix="madang-pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(home, user)
    cluster = home / "cluster"
    port = free_port()
    subprocess.run(
        [programs / "initdb", "-D", cluster, "-U", "madang", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        user=user,
        check=True,
        capture_output=True,
        cwd=home,
    )
    server = subprocess.Popen(
        [programs / "postgres", "-D", cluster, "-h", "127.0.0.1", "-p", str(port), "-k", home, *_FAST],
        user=user,
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"postgresql://madang@127.0.0.1:{port}"
        _wait_until_it_answers(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The name of a migrated, empty database to make copies of."""
    _administer(postgresql_server, "CREATE DATABASE template_madang")
    database = open_database(f"{postgresql_server}/template_madang")
    upgrade(database)
    database.close()
    return "template_madang"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file to make copies of."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh migrated database; a test that asks for it runs once on each engine."""
    if request.param == "sqlite":
        path = tmp_path / "madang.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: str = request.getfixturevalue("postgresql_server")
    template: str = request.getfixturevalue("postgresql_template")
    name = f"test_{os.urandom(6).hex()}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield f"{server}/{name}"
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh migrated database, once on each engine."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A running platform that tests share: each brings models and keys of its own, and none stops a part of it."""
    with running_platform(tmp_path_factory.mktemp("platform") / "home") as running:
        yield running


def free_port() -> int:
    """A port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _postgresql_programs() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            _administer(url, "SELECT 1")
        except sqlalchemy.exc.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _administer(server: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(
        server.replace("postgresql://", "postgresql+psycopg://") + "/postgres",
        isolation_level="AUTOCOMMIT",
        poolclass=sqlalchemy.NullPool,
    )
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(statement))
