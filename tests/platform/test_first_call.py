"""What the terminal shows after the first start: a call that works as pasted and a link that signs in once."""

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from tests.studio.world import Browser
from tests.support.running_platform import Platform, running_platform, until


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform as a newcomer starts it, without any first owner or key of their own."""
    names = ("PUBLIC_KEY", "SECRET_KEY", "USER_EMAIL", "USER_PASSWORD")
    given: dict[str, Any] = {f"MADANG_INIT_{name}": "" for name in names}
    with running_platform(tmp_path_factory.mktemp("first") / "home", **given) as running:
        until(lambda: "Stop with Ctrl-C" in running.output.read_text(), "the terminal shows the welcome")
        yield running


def printed_curl(platform: Platform) -> str:
    """The command as somebody would mark and copy it."""
    found = re.search(r"^ *curl .*?(?=\n\s*\n)", platform.output.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0]


def printed_link(platform: Platform) -> str:
    found = re.search(rf"{platform.url}/\S*token\S*", platform.output.read_text())
    assert found is not None, platform.output.read_text()
    return found[0]


def test_the_printed_call_works_as_pasted(platform: Platform) -> None:
    ended = subprocess.run(
        ["bash", "-c", printed_curl(platform)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "Simulated answer:" in ended.stdout


def test_the_printed_call_is_marked_as_simulated(platform: Platform) -> None:
    command = printed_curl(platform).replace("curl ", "curl --silent --include ", 1)
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert "x-madang-simulated: true" in ended.stdout.lower()


def test_the_printed_link_signs_in_once(platform: Platform) -> None:
    token = re.split(r"token=|token/", printed_link(platform))[1]
    browser = Browser(platform.port)
    assert browser.post("/api/sign-in/link", {"token": token}).status == 200
    projects = browser.get("/api/session").json["organisations"][0]["projects"]
    assert {project["is_sandbox"] for project in projects} == {True, False}
    assert Browser(platform.port).post("/api/sign-in/link", {"token": token}).status == 401


def test_the_printed_link_opens_a_page(platform: Platform) -> None:
    path = printed_link(platform).removeprefix(platform.url).partition("#")[0]
    answer = Browser(platform.port).get(path)
    assert answer.headers["content-type"].startswith("text/html")


def test_the_sandbox_falls_over_to_its_second_deployment(platform: Platform) -> None:
    command = printed_curl(platform).replace("sandbox-chat", "sandbox-fallback").replace("curl ", "curl -s -i ", 1)
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert "x-madang-attempts: 2" in ended.stdout.lower()
