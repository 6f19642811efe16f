"""The documentation names everything there is: settings, commands, failure reasons, error codes. Its links lead somewhere."""

import ast
import re
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, all_pages, broken_links, headings, page, python_in

from madang.errors import FAILURE_REASONS
from madang_server.cli.main import COMMANDS
from madang_server.settings import NAMES

GATEWAY = ROOT / "server" / "src" / "madang_server" / "gateway"
LAYERS = ROOT / "sdk" / "src" / "madang" / "layers"
USERS_PAGES = (
    *(
        "gateway.md",
        "api.md",
        "sdk.md",
        "models-and-credentials.md",
        "coming-from-litellm.md",
        "prices.md",
        "drill.md",
        "traces.md",
    ),
    "operating.md",
)

# Commands whose file is not called as people type them.
TYPED = {"import_config": "import", "sign_in_link": "sign-in-link"}


def codes_in(folder: Path) -> set[str]:
    """The error codes that the files of a folder give to callers: code="…", and the second argument of a refusal."""
    found: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                if isinstance(node.func, ast.Name) and node.func.id == "_refusal":
                    given.append(node.args[1])
                found |= {one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


def test_every_setting_is_explained() -> None:
    rows = re.findall(r"^\| (`MADANG_.*?) \|", page("operating.md"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(MADANG_\w+)`", row)} == set(NAMES)


@pytest.mark.parametrize("command", [TYPED.get(name, name) for name in COMMANDS])
def test_every_command_is_explained(command: str) -> None:
    assert re.search(rf"^\| `madang {command}\b", page("operating.md"), re.MULTILINE)


@pytest.mark.parametrize("reason", FAILURE_REASONS)
def test_every_failure_reason_is_explained(reason: str) -> None:
    assert re.search(rf"^\| .*`{reason}`.* \|", page("sdk.md"), re.MULTILINE)


@pytest.mark.parametrize("code", sorted(codes_in(GATEWAY) | codes_in(LAYERS)))
def test_every_error_code_of_the_gateway_is_explained(code: str) -> None:
    assert re.search(rf"^\| \d.*`{code}`", page("gateway.md"), re.MULTILINE)


def test_error_codes_are_found_where_they_are_given() -> None:
    assert {"missing_api_key", "spool_full", "internal_error"} <= codes_in(GATEWAY)
    assert {"no_deployment", "deployment_misconfigured", "timeout"} <= codes_in(LAYERS)


@pytest.mark.parametrize("path", all_pages(), ids=str)
def test_every_link_leads_somewhere(path: Path) -> None:
    assert broken_links(path, (ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("link", ["nowhere.md", "sdk.md#no-such-heading", "#no-such-heading"])
def test_a_planted_dead_link_is_reported(link: str) -> None:
    assert broken_links(Path("docs/gateway.md"), f"See [there]({link}).") == [link]


def test_headings_become_anchors_as_on_a_web_page() -> None:
    assert headings("## Retries, fallback, rest\n```\n# not a heading\n```\n") == {"retries-fallback-rest"}


@pytest.mark.parametrize("name", USERS_PAGES)
def test_a_page_for_users_stays_short_and_is_in_the_index(name: str) -> None:
    assert len(page(name).splitlines()) <= 120
    assert f"]({name})" in page("README.md")


@pytest.mark.parametrize("name", USERS_PAGES)
def test_python_in_a_page_is_python(name: str) -> None:
    for block in python_in(page(name)):
        compile(block, name, "exec")
