"""Limits on the page: set, used up by calls, lifted; and the rule that joins equal calls, with what that saved."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.signed_in import signed_in_page
from tests.support.running_platform import Platform, until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def place(platform: Platform) -> tuple[str, str]:
    """Id and secret key of a project of its own, so that no other test's calls count."""
    return platform.new_project()


@pytest.fixture
def signed_in(browser: Browser, platform: Platform, place: tuple[str, str]) -> Iterator[Page]:
    with signed_in_page(browser, platform, "en", "light") as page:
        page.goto(f"{platform.url}/p/{place[0]}/limits")
        yield page


def test_a_limit_is_set_seen_in_use_changed_and_lifted(
    signed_in: Page, platform: Platform, place: tuple[str, str]
) -> None:
    page, (_, secret_key) = signed_in, place
    model = platform.model(platform.deployment(), key=secret_key)
    page.get_by_role("button", name="Add the first limit").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Limit whose use").click()
    page.get_by_role("option", name="Users").click()
    form.get_by_label("What is limited").click()
    page.get_by_role("option", name="Requests a minute").click()
    form.get_by_label("At most").fill("many")
    expect(form.get_by_text("Write a whole number of 1 or more.")).to_be_visible()
    form.get_by_label("At most").fill("2")
    expect(form.get_by_text("At most 2 requests a minute for each user of this project.")).to_be_visible()
    before = platform.config_version()
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    row = page.get_by_role("row").filter(has_text="Each user")
    expect(row).to_contain_text("2 requests a minute")
    expect(row).to_contain_text("owner@example.com")

    until(lambda: platform.config_version() > before, "the limit is in force")
    calls = [platform.chat(model, key=secret_key, headers={"x-madang-user-id": "hungry"}) for _ in range(3)]
    assert [call.status for call in calls] == [200, 200, 429]
    expect(row).to_contain_text("hungry", timeout=15_000)
    expect(row.get_by_role("gridcell").nth(3)).to_have_text("1")
    row.click()
    pane = page.get_by_role("complementary", name="Each user")
    expect(pane.get_by_role("row", name=re.compile("^hungry"))).to_contain_text("/ 2")
    pane.get_by_role("button", name="Edit").click()
    form.get_by_label("At most").fill("5,000")
    form.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("5,000 requests a minute")
    pane.get_by_role("button", name="Remove").click()
    page.get_by_label("Type 5,000 to confirm").fill("5,000")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Nothing is limited yet")).to_be_visible()


def test_the_rule_for_equal_calls_is_set_and_what_it_saved_is_seen(
    signed_in: Page, platform: Platform, place: tuple[str, str]
) -> None:
    page, (_, secret_key) = signed_in, place
    expect(page.get_by_role("heading", name="Nothing came twice")).to_be_visible()
    model = platform.model(platform.deployment(), key=secret_key)
    before = platform.config_version()
    page.get_by_role("switch", name="Join equal calls of this project").check()
    page.get_by_label("Also after it ended, for (seconds)").fill("600")
    expect(page.get_by_text("or ended up to 600 s ago, gets its answer")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()

    until(lambda: platform.config_version() > before, "the rule is in force")
    first, second = (platform.chat(model, key=secret_key, headers={"x-madang-user-id": "twice"}) for _ in range(2))
    assert second.headers["x-madang-joined"] == first.headers["x-madang-trace-id"]
    platform.trace(second.headers["x-madang-trace-id"], place[0])
    page.reload()
    row = page.get_by_role("grid", name="Saved by key and user").get_by_role("row").filter(has_text="twice")
    expect(row).to_contain_text("made by a test")
    expect(row.get_by_role("gridcell").nth(2)).to_have_text("1")
    expect(row.get_by_role("gridcell").nth(4)).to_contain_text("$0.0")
    page.get_by_text("Last 7 days").click()
    expect(page).to_have_url(re.compile("hours=168"))
    expect(row).to_be_visible()


def test_who_may_only_look_is_told_who_can_change_limits(
    browser: Browser, platform: Platform, place: tuple[str, str]
) -> None:
    organisation = platform.browser().get("/api/session").json["organisations"][0]["id"]
    invitation = {"email": "looker@example.com", "role": "viewer"}
    invited = platform.browser().post(f"/api/organisations/{organisation}/members", invitation)
    assert invited.status == 201, invited.body
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-US")
    try:
        page = context.new_page()
        page.goto(invited.json["sign_in_link"])
        page.wait_for_url("**/p/*")
        page.goto(f"{platform.url}/p/{place[0]}/limits")
        button = page.get_by_role("button", name="Add the first limit")
        expect(button).to_have_attribute("aria-disabled", "true")
        button.hover()
        reason = "Your role (viewer) may look but not change."
        expect(
            page.get_by_role("tooltip").filter(has_text=re.compile(re.escape(reason), re.IGNORECASE))
        ).to_be_visible()
        expect(page.get_by_role("switch", name="Join equal calls of this project")).to_be_disabled()
    finally:
        context.close()
