"""Async tests of the SDK run on asyncio, each in an event loop of its own."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
