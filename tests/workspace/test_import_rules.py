"""The import rules hold, and they object when somebody breaks them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("sdk/src", "server/src", "simulator/src")


def check_imports(root: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(root / source) for source in SOURCES)
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--config", str(root / ".importlinter"), "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and the rules, to be broken."""
    for source in SOURCES:
        shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("_ui", "__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_the_tree_keeps_its_import_rules() -> None:
    checked = check_imports(ROOT)
    assert checked.returncode == 0, checked.stdout


def test_a_planted_upward_import_is_reported(copy: Path) -> None:
    usage = copy / "sdk/src/madang/calls/usage.py"
    usage.write_text(usage.read_text() + "\nfrom madang.client import Madang\n")
    checked = check_imports(copy)
    assert checked.returncode != 0
    assert "madang.calls is not allowed to import madang.client" in checked.stdout


def test_a_planted_import_of_the_server_by_the_sdk_is_reported(copy: Path) -> None:
    usage = copy / "sdk/src/madang/calls/usage.py"
    usage.write_text(usage.read_text() + "\nimport madang_server.settings\n")
    checked = check_imports(copy)
    assert checked.returncode != 0
    assert "madang is not allowed to import madang_server" in checked.stdout


def test_a_route_that_reaches_for_the_database_is_reported(copy: Path) -> None:
    keys = copy / "server/src/madang_server/studio/keys.py"
    keys.write_text(keys.read_text() + "\nimport sqlalchemy\n")
    checked = check_imports(copy)
    assert checked.returncode != 0
    assert "madang_server.studio is not allowed to import sqlalchemy" in checked.stdout


@pytest.mark.parametrize("place", ["sdk/src/madang", "server/src/madang_server"])
def test_a_planted_utils_file_has_no_place(copy: Path, place: str) -> None:
    (copy / place / "utils.py").write_text('"""Odds and ends."""\n')
    checked = check_imports(copy)
    assert checked.returncode != 0
    assert "utils" in checked.stdout
