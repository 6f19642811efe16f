"""A real Chromium: Debian's, or whatever is on PATH; MADANG_ names are for the platform, so this one is CHROMIUM."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page
from tests.support.running_platform import Platform, running_platform

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    program = os.environ.get("CHROMIUM") or next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    assert program, "These tests need Chromium; on Debian: apt-get install chromium fonts-noto-cjk"
    return {**browser_type_launch_args, "executable_path": program, "args": list(_QUIET)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1366, "height": 768}, "locale": "en-US"}


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the page's console complained about; a test asserts that it is empty."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture(scope="session")
def fresh_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform at its first start: nobody has a password yet, so the terminal prints a sign-in link."""
    home = tmp_path_factory.mktemp("browser") / "home"
    with running_platform(home, MADANG_INIT_USER_EMAIL="", MADANG_INIT_USER_PASSWORD="") as running:
        yield running
