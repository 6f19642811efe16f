"""A file is called after the one thing it holds; these names say nothing."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "service", "services"} | {
    "base",
    "core",
    "misc",
    "shared",
}
CODE = (".py", ".ts", ".tsx")


def nameless(paths: list[Path]) -> list[Path]:
    """Code files that, or whose folders, are called after nothing in particular."""
    return [path for path in paths if EMPTY_NAMES & {part.lower() for part in (*path.parent.parts, path.stem)}]


def tracked_code() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(line) for line in listed.stdout.splitlines() if line.endswith(CODE)]


def test_every_code_file_has_a_telling_name() -> None:
    assert nameless(tracked_code()) == []


@pytest.mark.parametrize(
    "planted", ["sdk/src/madang/calls/utils.py", "ui/src/common/Table.tsx", "server/src/helpers.py"]
)
def test_a_planted_name_is_reported(planted: str) -> None:
    assert nameless([Path(planted)]) == [Path(planted)]
