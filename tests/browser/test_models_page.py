"""Models and credentials as people meet them: the list, the picture of a route, what one can do, the forms."""

import json
import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.browser.signed_in import signed_in_page
from tests.support.running_platform import Platform, until
from tests.support.service_account import service_account

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DEAD = {"kind": "server_error", "probability": 1.0}


@pytest.fixture
def page_of(browser: Browser, platform: Platform) -> Iterator[Page]:
    """A page in English that complains about nothing."""
    heard: list[str] = []
    with signed_in_page(browser, platform, "en", "light") as page:
        page.on("pageerror", lambda error: heard.append(str(error)))
        yield page
    assert heard == []


@pytest.fixture(scope="session")
def menu(platform: Platform) -> str:
    """A model of three deployments, one of which is dead, that falls back to another model."""
    spare = platform.model({**platform.deployment(), "name": "mini", "region": "us-east-1"}, alias="gpt-mini")
    alias = platform.model(
        {**platform.deployment(), "name": "seoul", "region": "koreacentral", "weight": 3, "supports": ["vision"]},
        {**platform.deployment(), "name": "tokyo", "region": "japaneast", "supports": ["tools"]},
        {**platform.deployment(DEAD), "name": "eastus", "region": "eastus", "order": 2},
        alias="menu",
        fallbacks=[spare],
    )
    for _ in range(3):
        platform.trace_of(platform.chat(alias, stream=True))
    platform.trace_of(platform.chat(f"eastus/{alias}"))
    return alias


def open_page(page: Page, platform: Platform, path: str) -> None:
    page.goto(f"{platform.url}/p/{platform.project_id()}{path}")


def card(page: Page, name: str) -> Locator:
    """The box of a deployment in the picture of the route."""
    return page.get_by_role("region", name="Where calls go").get_by_role("listitem").filter(has_text=name).last


def test_the_list_tells_how_each_model_does_and_finds_by_words(page_of: Page, platform: Platform, menu: str) -> None:
    page = page_of
    open_page(page, platform, "/models")
    row = page.get_by_role("row").filter(has_text=menu)
    expect(row.get_by_role("img", name=re.compile(r"\d+ calls, \d+ of them failed"))).to_be_visible()
    expect(row).to_contain_text("koreacentral")
    page.get_by_label("Filter", exact=True).fill("japaneast menu")
    expect(page.get_by_role("grid").get_by_role("row")).to_have_count(2)  # with the head
    page.get_by_label("Filter", exact=True).fill("no such words")
    expect(page.get_by_text("No model matches")).to_be_visible()


def test_the_picture_shows_shares_now_and_turns_after_an_outage(page_of: Page, platform: Platform, menu: str) -> None:
    page = page_of
    open_page(page, platform, f"/models/view/{menu}")
    expect(card(page, "seoul")).to_contain_text("75%")
    expect(card(page, "tokyo")).to_contain_text("25%")
    page.get_by_text("Outage", exact=True).click()
    expect(page).to_have_url(re.compile("after=outage"))
    expect(card(page, "seoul")).to_contain_text("fails")
    expect(card(page, "tokyo")).to_contain_text("Asked as number 1")
    expect(page.get_by_text("more are asked, numbered in the picture")).to_be_visible()
    page.get_by_text("Blocked", exact=True).click()
    expect(page.get_by_text("Nobody else is asked: the caller gets the refusal.")).to_be_visible()


def test_a_call_that_needs_more_passes_over_who_cannot(page_of: Page, platform: Platform, menu: str) -> None:
    open_page(page_of, platform, f"/models/view/{menu}?needs=tools")
    expect(card(page_of, "tokyo")).to_contain_text("100%")
    expect(card(page_of, "seoul")).to_contain_text("Cannot serve this call")
    expect(page_of.get_by_text("cannot: Tools")).to_be_visible()


def test_failures_of_a_deployment_are_told_by_their_kind(page_of: Page, platform: Platform, menu: str) -> None:
    open_page(page_of, platform, f"/models/view/{menu}")
    row = page_of.get_by_role("row").filter(has_text="eastus")
    expect(row).to_contain_text("server error")
    expect(row).to_contain_text("100%")


def test_a_deployment_is_taken_out_and_put_back(page_of: Page, platform: Platform) -> None:
    page = page_of
    alias = platform.model({**platform.deployment(), "name": "one"}, {**platform.deployment(), "name": "two"})
    open_page(page, platform, f"/models/view/{alias}")
    row = page.get_by_role("row").filter(has_text="one")
    row.get_by_role("button", name="Take out").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Left in service: two.")
    dialog.get_by_role("button", name="Take out").click()
    expect(row).to_contain_text("Out of service")
    expect(card(page, "two")).to_contain_text("100%")
    assert {platform.trace_of(platform.chat(alias))["trace"]["deployment"] for _ in range(3)} == {"two"}

    page.get_by_role("row").filter(has_text="two").get_by_role("button", name="Take out").click()
    page.get_by_role("dialog").get_by_role("button", name="Take out").click()
    expect(page.get_by_role("alert")).to_contain_text("is the last deployment")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    row.get_by_role("button", name="Put back").click()
    page.get_by_role("dialog").get_by_role("button", name="Put back").click()
    expect(card(page, "one")).to_contain_text("50%")


def test_a_test_call_shows_the_answer_and_leads_to_its_trace(page_of: Page, platform: Platform, menu: str) -> None:
    page = page_of
    open_page(page, platform, f"/models/view/{menu}")
    page.get_by_role("button", name="Test call").click()
    page.get_by_label("Message").fill("Which palace should I see first?")
    page.get_by_role("button", name="Call", exact=True).click()
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Answered", timeout=20_000)
    expect(result).to_contain_text("order 1, weight")
    expect(result).to_contain_text("$0.0")
    result.get_by_role("link", name="Open its trace").click()
    expect(page.get_by_text("Which palace should I see first?").first).to_be_visible(timeout=15_000)


def test_a_test_call_that_fails_says_why_in_words(page_of: Page, platform: Platform, menu: str) -> None:
    page = page_of
    open_page(page, platform, f"/models/view/{menu}")
    page.get_by_role("row").filter(has_text="eastus").get_by_role("button", name="Test").click()
    page.get_by_role("button", name="Call", exact=True).click()
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("The vendor had an error of its own", timeout=30_000)


def test_a_model_is_made_with_what_its_vendor_needs(page_of: Page, platform: Platform) -> None:
    page = page_of
    alias = f"made-{secrets.token_hex(3)}"
    open_page(page, platform, "/models/new")
    page.get_by_label("Name").first.fill(alias)
    deployment = page.get_by_role("group", name="Add deployment")
    deployment.get_by_role("combobox", name="Vendor", exact=True).click()
    page.get_by_role("option", name="AWS Bedrock").click()
    deployment.get_by_label("Name").fill("claude")
    deployment = page.get_by_role("group", name="claude")
    deployment.get_by_label("Vendor's model").fill("anthropic.claude-3-5-sonnet-20241022-v2:0")
    expect(deployment.get_by_label("API version")).to_have_count(0)
    expect(deployment.get_by_text("price from genai-prices")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(deployment.get_by_text("Choose a credential for bedrock.")).to_be_visible()

    deployment.get_by_role("combobox", name="Vendor", exact=True).click()
    page.get_by_role("option", name="Fake (for tests)").click()
    page.get_by_text("Time limits, retries").click()
    page.get_by_label("Pause in a stream (seconds)").fill("soon")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Give a time limit above 0")).to_be_visible()
    page.get_by_label("Pause in a stream (seconds)").fill("20")
    page.get_by_text("How calls are shared").click()
    page.get_by_role("radio", name="Cheapest").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name=alias)).to_be_visible()
    expect(page.get_by_text("Cheapest")).to_be_visible()


def test_which_vendors_may_follow_a_refusal_is_chosen_for_the_project(page_of: Page, platform: Platform) -> None:
    page = page_of
    open_page(page, platform, "/models")
    page.get_by_role("button", name="After a content filter refuses").click()
    page.get_by_role("checkbox", name="Anthropic").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    routing = f"/api/projects/{platform.project_id()}/routing"
    assert platform.browser().get(routing).json == {"policy_block_vendors": ["anthropic"]}
    platform.browser().put(routing, {"policy_block_vendors": []})


def test_a_service_accounts_file_is_read_and_not_shown(page_of: Page, platform: Platform) -> None:
    page = page_of
    key_file = service_account("https://oauth2.googleapis.com/token")
    name = f"vertex-{secrets.token_hex(3)}"
    open_page(page, platform, "/credentials?add=true")
    page.get_by_role("combobox", name="Vendor").click()
    page.get_by_role("option", name="Google Vertex AI").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Key file of a service account").fill('{"type": "authorized_user"}')
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("For Vertex AI paste the whole JSON key file")).to_be_visible()
    page.get_by_label("Key file of a service account").fill("")
    page.locator("input[type=file]").set_input_files(
        {"name": "key.json", "mimeType": "application/json", "buffer": json.dumps(key_file).encode()}
    )
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Google Vertex AI")
    assert key_file["private_key"][40:80] not in page.content()


def test_a_key_pair_for_bedrock_is_typed_in_its_halves(page_of: Page, platform: Platform) -> None:
    page = page_of
    name = f"bedrock-{secrets.token_hex(3)}"
    open_page(page, platform, "/credentials?add=true")
    page.get_by_role("combobox", name="Vendor").click()
    page.get_by_role("option", name="AWS Bedrock").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Access key ID").fill("AKIAEXAMPLE00007777")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("For Bedrock give an API key, or JSON")).to_be_visible()
    page.get_by_label("Secret access key").fill("of-the-tests-0123456789")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("7777")


def test_a_trace_store_that_is_away_leaves_the_route_on_the_page(page_of: Page, platform: Platform, menu: str) -> None:
    page = page_of
    error = {"message": "The trace store does not answer.", "type": "server_error", "code": "store_down", "param": None}
    page.route("**/activity?*", lambda route: route.fulfill(status=503, json={"error": error}))
    open_page(page, platform, f"/models/view/{menu}")
    expect(page.get_by_role("alert")).to_contain_text("The trace store does not answer.", timeout=15_000)
    expect(card(page, "seoul")).to_be_visible()


def test_a_model_that_is_not_there_is_said(page_of: Page, platform: Platform) -> None:
    open_page(page_of, platform, "/models/view/no-such-model")
    expect(page_of.get_by_text("There is nothing here")).to_be_visible()


def test_a_name_with_slashes_has_its_page(page_of: Page, platform: Platform) -> None:
    alias = platform.model(platform.deployment(), alias=f"team/{secrets.token_hex(3)}")
    open_page(page_of, platform, "/models")
    page_of.get_by_role("row").filter(has_text=alias).click()
    expect(page_of.get_by_role("heading", level=1, name=alias)).to_be_visible()
    until(lambda: "/models/view/team/" in page_of.url, "the address tells the whole name")
