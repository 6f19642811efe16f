"""Commands run in this process against a running control plane, on SQLite alone: they do not see the engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.studio.conftest import settings as settings
from tests.studio.conftest import world as world
from tests.studio.world import World

from madang_server.cli.main import main


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copyfile(sqlite_template, tmp_path / "madang.db")
    return f"sqlite:///{tmp_path / 'madang.db'}"


@pytest.fixture
def madang(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Runs a command in an environment of its own: `madang("apply", "file", MADANG_API_KEY=…)`."""
    for name in os.environ:
        if name.startswith("MADANG_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)

    def run(*arguments: str, **environ: str) -> Ran:
        with monkeypatch.context() as during:
            during.setenv("MADANG_HOME", str(tmp_path / "home"))
            for name, value in environ.items():
                during.setenv(name, value)
            code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def at_world(world: World) -> dict[str, str]:
    """The environment of a command that changes Alice's project Menu."""
    return {"MADANG_BASE_URL": f"http://127.0.0.1:{world.port}", "MADANG_API_KEY": world.menu_secret_key}
