"""The wheels of both distributions, installed where nothing else is."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_PACKAGES = 26
MOST_BYTES = 25 * 10**6

pytestmark = pytest.mark.xdist_group("wheels")


def uv() -> list[str]:
    """The installer that dev.py uses."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec and spec.loader
    dev = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dev)
    found: list[str] = dev.uv()
    return found


def run(command: Sequence[str | Path], **options: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Built wheels by the name of their folder."""
    out = tmp_path_factory.mktemp("wheels")
    for name in ("sdk", "server"):
        run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out / name], cwd=ROOT / name)
    return {name: next((out / name).glob("*.whl")) for name in ("sdk", "server")}


def environment(where: Path, *arguments: str | Path) -> Path:
    """A new environment's Python, with what the arguments make uv install."""
    run([*uv(), "venv", "--quiet", "--python", sys.executable, where])
    python = where / "bin" / "python"
    run([*uv(), "pip", "install", "--quiet", "--python", python, *arguments])
    return python


def installed_bytes(where: Path) -> int:
    site = next((where / "lib").glob("python*/site-packages"))
    return sum(file.stat().st_size for file in site.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def test_the_sdk_is_light(wheels: dict[str, Path], tmp_path: Path) -> None:
    python = environment(tmp_path / "sdk", "-c", ROOT / "requirements" / "dev.lock", wheels["sdk"])
    packages = json.loads(run([*uv(), "pip", "list", "--python", python, "--format", "json"]))
    assert len(packages) <= MOST_PACKAGES, [package["name"] for package in packages]
    assert installed_bytes(tmp_path / "sdk") <= MOST_BYTES
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MADANG_", "PYTHON"))}
    shown = run([python, "-c", "import madang; print(madang.__version__, madang.Madang)"], env=clean, cwd=tmp_path)
    assert "Madang" in shown


def test_the_server_runs_from_its_wheel(wheels: dict[str, Path], tmp_path: Path) -> None:
    lock = ROOT / "requirements" / "server.lock"
    python = environment(tmp_path / "server", "--require-hashes", "--no-deps", "-r", lock)
    run([*uv(), "pip", "install", "--quiet", "--python", python, "--no-deps", wheels["sdk"], wheels["server"]])
    checked = subprocess.run([*uv(), "pip", "check", "--python", python], capture_output=True, text=True, check=False)
    taken_anyway = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / "overrides.in").read_text(), re.MULTILINE))
    unmet = re.findall(r"requires `([\w.-]+)[^`]*`, but", checked.stderr)
    assert checked.returncode == 0 or (unmet and set(unmet) <= taken_anyway), checked.stderr
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MADANG_", "PYTHON"))}
    program = tmp_path / "server" / "bin" / "madang"
    assert "madang 0.1.0" in run([program, "--version"], env=clean, cwd=tmp_path)
    assert "--port" in run([program, "simulate", "--help"], env=clean, cwd=tmp_path)


def test_the_servers_wheel_carries_the_ui_and_the_simulator(wheels: dict[str, Path]) -> None:
    names = zipfile.ZipFile(wheels["server"]).namelist()
    assert "madang_server/http/_ui/index.html" in names
    assert any(name.startswith("madang_server/http/_ui/assets/") and name.endswith(".js") for name in names)
    assert "madang_simulator/server.py" in names
    assert any(name.startswith("madang_server/storage/sql/migrations/versions/0") for name in names)
    assert any(
        name.startswith("madang_server/storage/clickhouse/migrations/") and name.endswith(".sql") for name in names
    )


def test_the_wheels_carry_their_types_marker(wheels: dict[str, Path]) -> None:
    assert "madang/py.typed" in zipfile.ZipFile(wheels["sdk"]).namelist()
    assert "madang_server/py.typed" in zipfile.ZipFile(wheels["server"]).namelist()
