"""The UI's types are generated from the API; these tests fail when the API changed and the types did not."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from madang_server.studio.openapi import document

ROOT = Path(__file__).resolve().parents[2]
UI = ROOT / "ui"
ADVICE = "The UI's types are stale: run `python3 dev.py api` and commit what it writes."


def test_the_openapi_document_is_that_of_the_code() -> None:
    assert json.loads((UI / "openapi.json").read_text(encoding="utf-8")) == document(), ADVICE


@pytest.mark.xdist_group("node")
def test_the_uis_types_are_those_of_the_document(tmp_path: Path) -> None:
    fresh = tmp_path / "schema.d.ts"
    tool = ["node", "node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", str(fresh)]
    hook = str(ROOT / "server" / "hatch_build.py")
    subprocess.run([sys.executable, hook, "install"], check=True, capture_output=True)
    subprocess.run([sys.executable, hook, *tool], check=True, capture_output=True)
    assert (UI / "src" / "api" / "schema.d.ts").read_text(encoding="utf-8") == fresh.read_text(encoding="utf-8"), ADVICE


def test_the_ui_writes_no_types_of_the_api_by_hand() -> None:
    for path in (UI / "src").rglob("*.ts*"):
        if path.name != "schema.d.ts" and re.search(r"(?<![a-zA-Z])fetch\(", path.read_text(encoding="utf-8")):
            assert path.parent.name == "api", f"{path.relative_to(ROOT)} calls the API past its typed client"
