"""The newcomer's way: the printed link, a call by the official client, and its trace on the screen."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.support.running_platform import Platform, until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def sign_in_link(platform: Platform) -> str:
    """The link in what the terminal shows."""

    def printed() -> str | None:
        found = re.search(r"http\S+/sign-in\?token=\S+", platform.output.read_text())
        return found[0] if found else None

    return until(printed, "a sign-in link is printed")


def test_the_trace_of_a_call_made_a_moment_before(page: Page, fresh_platform: Platform, complaints: list[str]) -> None:
    platform = fresh_platform
    page.goto(sign_in_link(platform))
    expect(page).to_have_url(re.compile(r"/p/[a-z0-9]+"))

    model = platform.model(
        platform.deployment({"kind": "server_error", "probability": 1.0}, order=1),
        platform.deployment(order=2),
    )
    stream = platform.openai().chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Which palace should I see first?"}], stream=True
    )
    answer = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert answer

    session = page.evaluate("fetch('/api/session').then(answer => answer.json())")
    projects = [project for organisation in session["organisations"] for project in organisation["projects"]]
    project_id = next(project["id"] for project in projects if not project["is_sandbox"])
    page.goto(f"{platform.url}/p/{project_id}/traces")
    row = page.get_by_role("row").filter(has_text=model).first
    expect(row).to_be_visible(timeout=10_000)
    row.click()

    expect(page.get_by_text("Which palace should I see first?").last).to_be_visible()
    expect(page.get_by_text(answer[:40]).last).to_be_visible()
    page.get_by_role("tab", name="Attempts").click()
    expect(page.get_by_text("server_error").or_(page.get_by_text("500")).first).to_be_visible()
    body = page.locator("body").inner_text()
    traced = platform_trace(page, project_id, model)
    assert traced["attempts"] == 2
    assert f"${float(traced['cost_usd']):.6f}".rstrip("0")[:6] in body
    assert str(traced["total_tokens"]) in body
    assert complaints == []


def platform_trace(page: Page, project_id: str, model: str) -> dict[str, Any]:
    """The newest trace of the model, as the page's own API tells it."""
    found = page.evaluate(f"fetch('/api/projects/{project_id}/traces?model={model}').then(answer => answer.json())")
    trace: dict[str, Any] = found["items"][0]
    return trace
