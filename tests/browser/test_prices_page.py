"""The list of prices on the page, and a price of the project's own: found, agreed, seen in the list, taken back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.signed_in import signed_in_page
from tests.support.running_platform import Platform

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def signed_in(browser: Browser, platform: Platform) -> Iterator[Page]:
    with signed_in_page(browser, platform, "en", "light") as page:
        page.goto(f"{platform.url}/p/{platform.project_id()}/prices")
        yield page


def find(page: Page, words: str) -> None:
    page.get_by_label("Find a vendor or model").fill(words)
    expect(page).to_have_url(re.compile("q="))


def test_a_model_is_found_with_all_its_prices(signed_in: Page) -> None:
    page = signed_in
    find(page, "gemini-2.5-pro")
    page.get_by_role("gridcell", name="gemini-2.5-pro", exact=True).click()
    pane = page.get_by_role("complementary", name="gemini-2.5-pro")
    expect(pane.get_by_role("row", name=re.compile("^Input"))).to_contain_text("$1.25")
    expect(pane.get_by_role("row", name=re.compile("^Input"))).to_contain_text("$2.50")  # above 200,000 tokens
    expect(pane.get_by_text("above 200,000 tokens")).to_be_visible()
    expect(pane.get_by_title("The list does not say", exact=False).first).to_have_text("–")


def test_a_word_that_fits_nothing_is_said(signed_in: Page) -> None:
    page = signed_in
    find(page, "no-such-model-anywhere")
    expect(page.get_by_role("heading", name="No model matches")).to_be_visible()


def test_an_own_price_is_agreed_counts_in_the_list_and_is_taken_back(signed_in: Page, platform: Platform) -> None:
    page = signed_in
    find(page, "gpt-4o-mini")
    page.get_by_role("gridcell", name="gpt-4o-mini", exact=True).click()
    page.get_by_role("button", name="Set own price").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Input", exact=True).fill("cheap")
    expect(form.get_by_text("Write a number such as 2.50.")).to_be_visible()
    form.get_by_label("Input", exact=True).fill("0.125")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    expect(page.get_by_role("gridcell", name="gpt-4o-mini own price")).to_be_visible()
    expect(page.get_by_role("gridcell", name="$0.125").first).to_be_visible()

    page.goto(f"{platform.url}/p/{platform.project_id()}/prices?own=true")
    own = page.get_by_role("row").filter(has_text="gpt-4o-mini")
    expect(own).to_contain_text("owner@example.com")
    expect(own.get_by_title("Left to the price list.").first).to_have_text("–")
    page.get_by_role("button", name="Remove gpt-4o-mini").click()
    page.get_by_label("Type gpt-4o-mini to confirm").fill("gpt-4o-mini")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="No prices of your own")).to_be_visible()
