"""One running store for all tests of this folder that do not stop it."""

import itertools
from collections.abc import Iterator

import pytest
from tests.store.store_process import StoreProcess

from madang_server.storage.clickhouse.client import Store
from madang_server.storage.clickhouse.migrate import migrate

_numbers = itertools.count()


@pytest.fixture(scope="session")
def store_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    """A store process; tests that kill or fill one start their own."""
    process = StoreProcess(tmp_path_factory.mktemp("store"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="session")
def store(store_process: StoreProcess) -> Iterator[Store]:
    """A client of the running store, its tables up to date."""
    client = Store(store_process.url)
    migrate(client)
    yield client
    client.close()


@pytest.fixture
def project() -> str:
    """A project that no other test writes to."""
    return f"project-{next(_numbers)}"
