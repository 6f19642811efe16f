"""A page of the browser in which the owner is signed in."""

import contextlib
from collections.abc import Iterator
from typing import Literal

from playwright.sync_api import Browser, Page
from tests.support.running_platform import EMAIL, PASSWORD, Platform


@contextlib.contextmanager
def signed_in_page(
    browser: Browser, platform: Platform, language: str, scheme: Literal["light", "dark"]
) -> Iterator[Page]:
    """A page in which the owner is signed in, in one language and colour scheme."""
    context = browser.new_context(
        viewport={"width": 1366, "height": 768},
        locale="ko-KR" if language == "ko" else "en-US",
        color_scheme=scheme,
        timezone_id="Asia/Seoul",
    )
    page = context.new_page()
    page.goto(f"{platform.url}/sign-in")
    page.locator("input[type=email]").fill(EMAIL)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    page.wait_for_url("**/p/*")
    yield page
    context.close()
