"""A planner rehearses an outage on the page: chooses, starts, watches, reads what callers would see, sends the address on."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.signed_in import signed_in_page
from tests.browser.test_pages import AXE, LOOKS
from tests.support.running_platform import Platform, until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def model(platform: Platform) -> str:
    """A model in two regions, with a fallback at nobody else."""
    return platform.model(
        platform.deployment(region="eastus") | {"name": "openai-eastus"},
        platform.deployment(region="koreacentral") | {"name": "openai-korea"},
        alias="chat-in-two-regions",
    )


@pytest.fixture
def signed_in(browser: Browser, platform: Platform) -> Iterator[Page]:
    with signed_in_page(browser, platform, "en", "light") as page:
        yield page


def address(platform: Platform, model: str) -> str:
    return f"{platform.url}/p/{platform.project_id()}/drill?model={model}"


def calm(page: Page) -> None:
    """Makes the planned drill a short one: three calls a second over three minutes."""
    page.get_by_label("Calls per second").fill("3")
    page.get_by_label("Minutes", exact=True).fill("3")


def drill(platform: Platform, **scenario: Any) -> str:
    """The id of a drill that was played."""
    drills = f"/api/projects/{platform.project_id()}/drills"
    started = platform.browser().post(drills, {"minutes": 3, "per_second": 3, **scenario}).json

    def is_done() -> bool:
        return bool(platform.browser().get(f"{drills}/{started['id']}").json["state"] == "done")

    until(is_done, "the drill is done", within_s=90)
    return str(started["id"])


def test_an_outage_is_planned_played_and_read(signed_in: Page, platform: Platform, model: str) -> None:
    page = signed_in
    page.goto(address(platform, model))
    expect(page.get_by_role("combobox", name="Model")).to_have_value(model)
    first = page.get_by_role("radio", name="OpenAI eastus is down")
    expect(first).to_be_checked()
    calm(page)
    expect(page.get_by_text("540 calls")).to_be_visible()
    page.get_by_role("button", name="Start drill").click()

    page.wait_for_url(re.compile(r"/drill/[a-z0-9]+$"))
    verdict = page.get_by_role("status")
    expect(verdict).to_contain_text("Callers saw no error.", timeout=90_000)
    expect(verdict).to_contain_text("openai-eastus was out of the way after")
    expect(verdict).to_contain_text("While it lasted, calls took")
    for chart in ("Answered: 100%", "Latency", "Answered by", "Cost per minute"):
        expect(page.get_by_role("img", name=chart).first).to_be_visible()
    table = page.get_by_role("grid", name="By minute")
    expect(table.get_by_role("row")).to_have_count(4)
    expect(table.get_by_role("row").nth(2)).to_contain_text("openai-korea")

    shared = page.url
    page.goto(f"{platform.url}/p/{platform.project_id()}/drill")
    page.get_by_role("link", name=model).filter(has_text="No error").first.click()
    expect(page).to_have_url(shared)
    page.get_by_role("link", name="Run again").click()
    expect(page.get_by_label("Calls per second")).to_have_value("3")
    expect(page.get_by_role("radio", name="OpenAI eastus is down")).to_be_checked()


def test_what_callers_would_see_is_said_with_its_reason(signed_in: Page, platform: Platform, model: str) -> None:
    page = signed_in
    everything = {"kind": "down", "vendor": "openai", "from_minute": 1, "to_minute": 2}
    drill_id = drill(platform, model=model, disturbances=[everything])
    page.goto(f"{platform.url}/p/{platform.project_id()}/drill/{drill_id}")
    expect(page.get_by_role("status")).to_contain_text(
        re.compile(r"Callers saw \d+ errors in 540 calls .* no connection")
    )
    expect(page.get_by_role("grid", name="By minute")).to_contain_text(re.compile(r"no connection \d+"))


def test_two_drills_of_a_model_stand_side_by_side(signed_in: Page, platform: Platform, model: str) -> None:
    page = signed_in
    quiet = drill(platform, model=model, seed=5)
    loud = drill(platform, model=model, seed=5, per_second=2)
    page.goto(f"{platform.url}/p/{platform.project_id()}/drill/{quiet}?beside={loud}")
    calls = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Calls", exact=True))
    expect(calls.get_by_role("cell")).to_have_text(["540", "360"])


def test_a_drill_is_stopped_and_says_how_far_it_came(signed_in: Page, platform: Platform, model: str) -> None:
    page = signed_in
    page.goto(address(platform, model))
    page.get_by_label("Calls per second").fill("16")
    page.get_by_label("Minutes", exact=True).fill("60")
    page.get_by_role("button", name="Start drill").click()
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"Playing: [1-9]\d* of 60 minutes"), timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"Stopped after \d+ of 60 minutes"))
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_what_is_wrong_with_a_plan_is_said_where_it_is_wrong(signed_in: Page, platform: Platform, model: str) -> None:
    page = signed_in
    page.goto(address(platform, model))
    page.get_by_text("Details", exact=True).click()
    page.get_by_label("To minute").fill("1")
    page.get_by_role("button", name="Start drill").click()
    expect(page.get_by_text("A disturbance must end after it begins.")).to_be_visible()
    expect(page.get_by_label("To minute")).to_have_attribute("aria-invalid", "true")


def test_a_project_without_models_is_told_what_comes_first(signed_in: Page, platform: Platform) -> None:
    page = signed_in
    project_id, _ = platform.new_project()
    page.reload()
    page.goto(f"{platform.url}/p/{project_id}/drill")
    expect(page.get_by_role("heading", name="A drill needs a model")).to_be_visible()


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
def test_plan_and_result_are_whole_and_accessible(
    browser: Browser, platform: Platform, model: str, language: str, scheme: Any
) -> None:
    drill_id = drill(platform, model=model, disturbances=[{"kind": "down", "from_minute": 1, "to_minute": 2}])
    base = f"{platform.url}/p/{platform.project_id()}/drill"
    found: list[str] = []
    with signed_in_page(browser, platform, language, scheme) as page:
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
        for path in (f"?model={model}", f"/{drill_id}"):
            page.goto(base + path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.get_by_role("status").or_(page.get_by_role("radio")).first).to_be_visible()
            page.wait_for_timeout(600)  # for the charts
            wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            found += [f"{path}: {wider} px too wide"] if wider > 0 else []
            page.evaluate(AXE.read_text(encoding="utf-8"))
            violations = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            found += [
                f"{path}: {violation['id']} at {violation['nodes'][0]['target']}"
                for violation in violations
                if violation["impact"] in ("serious", "critical")
            ]
    assert found == []
