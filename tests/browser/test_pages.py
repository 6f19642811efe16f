"""Every page, in both languages, light and dark, at the smallest screen we promise: it comes up, is whole and accessible."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.signed_in import signed_in_page
from tests.support.running_platform import Platform

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = Path(__file__).resolve().parents[2] / "ui/node_modules/axe-core/axe.min.js"
PAGES = (
    "",
    "/traces",
    "/traces/{trace}",
    "/models",
    "/models/new",
    "/models/view/{model}",
    "/models/view/{model}?after=outage&needs=vision&stream=true",
    "/models/edit/{model}",
    "/credentials?add=true",
    "/prices",
    "/prices?own=true",
    "/limits",
    "/drill",
    "/credentials",
    "/keys",
    "/settings/project",
    "/settings/members",
    "/settings/profile",
)
LOOKS: list[tuple[str, Literal["light", "dark"]]] = [("en", "light"), ("ko", "dark")]


@pytest.fixture(scope="session")
def places(platform: Platform) -> dict[str, str]:
    """A project with a model and a trace, and what its addresses need."""
    model = platform.model(
        platform.deployment({"kind": "server_error", "probability": 1.0}, order=1), platform.deployment()
    )
    trace_id = platform.chat(model).headers["x-madang-trace-id"]
    platform.trace(trace_id)
    return {"project": platform.project_id(), "model": model, "trace": trace_id}


@pytest.fixture(params=LOOKS, ids=["en-light", "ko-dark"])
def signed_in(request: pytest.FixtureRequest, browser: Browser, platform: Platform) -> Iterator[Page]:
    with signed_in_page(browser, platform, *request.param) as page:
        yield page


def test_every_page_comes_up_whole_and_accessible(signed_in: Page, platform: Platform, places: dict[str, str]) -> None:
    page = signed_in
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    found: list[str] = []
    for path in PAGES:
        page.goto(f"{platform.url}/p/{places['project']}{path.format(**places)}")
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        page.wait_for_timeout(400)  # for the motion, at most 150 ms, and the first data
        wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wider > 0:
            found.append(f"{path}: the page is {wider} px wider than the screen")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        report = page.evaluate("axe.run({resultTypes: ['violations']})")
        found += [
            f"{path}: {violation['id']} at {violation['nodes'][0]['target']}"
            for violation in report["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
    assert found == []
    assert heard == []


def test_the_korean_pages_speak_korean(signed_in: Page, platform: Platform, places: dict[str, str]) -> None:
    page = signed_in
    language = page.evaluate("document.documentElement.lang")
    page.goto(f"{platform.url}/p/{places['project']}/keys")
    heading = page.get_by_role("heading", level=1).first
    expect(heading).to_have_text("API 키" if language == "ko" else "API keys")


def test_a_trace_store_that_is_away_is_said_and_not_shown_as_nothing(
    browser: Browser, platform: Platform, places: dict[str, str]
) -> None:
    error = {"message": "The trace store does not answer.", "type": "server_error", "code": "store_down", "param": None}
    with signed_in_page(browser, platform, "en", "light") as page:
        page.route("**/traces?*", lambda route: route.fulfill(status=503, json={"error": error}))
        page.goto(f"{platform.url}/p/{places['project']}/traces")
        expect(page.get_by_role("alert").first).to_be_visible(timeout=15_000)
        expect(page.get_by_role("button", name=re.compile("again|retry", re.IGNORECASE)).first).to_be_visible()
