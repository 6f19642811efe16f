"""`madang apply FILE`, from a file to a changed project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cli.conftest import Command
from tests.studio.world import World

DOCUMENT = """
credentials:
  - {name: openai, vendor: openai, api_key: "${VENDOR_KEY}"}
models:
  - alias: gpt-4o
    deployments:
      - {name: main, vendor: openai, vendor_model: gpt-4o, credential: openai, input_usd_per_million: 2.5}
"""


def write(tmp_path: Path, text: str = DOCUMENT) -> str:
    path = tmp_path / "madang.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def models(world: World) -> Any:
    return world.bob.get(f"/api/projects/{world.menu}/models").json["items"]


def test_a_file_is_applied_and_the_changes_are_listed(
    world: World, madang: Command, at_world: dict[str, str], tmp_path: Path
) -> None:
    ran = madang("apply", write(tmp_path), VENDOR_KEY="sk-vendor-9876", **at_world)
    assert (ran.code, ran.err) == (0, "")
    assert "+ credential openai" in ran.out
    assert "+ model gpt-4o" in ran.out
    assert "2 created" in ran.out
    assert [model["alias"] for model in models(world)] == ["gpt-4o"]
    credential = world.bob.get(f"/api/projects/{world.menu}/credentials").json["items"][0]
    assert credential["secret_hint"] == "9876"


def test_applying_again_says_that_nothing_changed(madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    madang("apply", write(tmp_path), VENDOR_KEY="sk-vendor-9876", **at_world)
    ran = madang("apply", write(tmp_path), VENDOR_KEY="sk-vendor-9876", **at_world)
    assert ran.out.strip().endswith(": 2 unchanged.")


def test_a_dry_run_changes_nothing(world: World, madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    ran = madang("apply", write(tmp_path), "--dry-run", VENDOR_KEY="sk-vendor-9876", **at_world)
    assert ran.code == 0
    assert "nothing was written" in ran.out
    assert models(world) == []


def test_prune_removes_what_the_file_does_not_name(
    world: World, madang: Command, at_world: dict[str, str], tmp_path: Path
) -> None:
    madang("apply", write(tmp_path), VENDOR_KEY="sk-vendor-9876", **at_world)
    ran = madang("apply", write(tmp_path, "models: []"), "--prune", **at_world)
    assert "- model gpt-4o" in ran.out
    assert models(world) == []


def test_variables_that_are_not_set_are_all_named_and_nothing_is_sent(
    world: World, madang: Command, at_world: dict[str, str], tmp_path: Path
) -> None:
    text = DOCUMENT.replace("gpt-4o, credential", "os.environ/MODEL_NAME, credential")
    ran = madang("apply", write(tmp_path, text), **at_world)
    assert ran.code == 1
    assert "VENDOR_KEY (at credentials.0.api_key)" in ran.err
    assert "MODEL_NAME (at models.0.deployments.0.vendor_model)" in ran.err
    assert models(world) == []


def test_a_mistake_is_told_with_its_place(madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    text = DOCUMENT.replace("vendor_model: gpt-4o", "vendor_model: gpt-4o, weight: -1")
    ran = madang("apply", write(tmp_path, text), VENDOR_KEY="sk-vendor-9876", **at_world)
    assert ran.code == 1
    assert "Model 'gpt-4o'" in ran.err
    assert "models.0.deployments.0.weight" in ran.err


def test_a_misspelt_field_is_told(madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    ran = madang("apply", write(tmp_path, "modles: []"), **at_world)
    assert ran.code == 1
    assert "'modles' is not known" in ran.err


def test_broken_yaml_is_told_with_its_line(madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    ran = madang("apply", write(tmp_path, "models:\n  - [unclosed\n"), **at_world)
    assert ran.code == 1
    assert "line 3" in ran.err


def test_a_missing_file_is_told(madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    ran = madang("apply", str(tmp_path / "nowhere.yaml"), **at_world)
    assert ran.code == 1
    assert "No such file" in ran.err


def test_without_a_key_the_command_says_where_to_get_one(madang: Command, tmp_path: Path) -> None:
    ran = madang("apply", write(tmp_path, "models: []"))
    assert ran.code == 1
    assert "MADANG_API_KEY" in ran.err


def test_a_wrong_key_is_told_without_repeating_it(madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    ran = madang("apply", write(tmp_path, "models: []"), **{**at_world, "MADANG_API_KEY": "sk-md-wrong-one"})
    assert ran.code == 1
    assert "Check MADANG_API_KEY" in ran.err
    assert "wrong-one" not in ran.err


def test_a_server_that_is_not_there_is_told(madang: Command, tmp_path: Path) -> None:
    ran = madang("apply", write(tmp_path, "models: []"), MADANG_BASE_URL="http://127.0.0.1:1", MADANG_API_KEY="sk-md-x")
    assert ran.code == 1
    assert "No Madang answers at http://127.0.0.1:1" in ran.err


def test_an_unknown_setting_is_told(madang: Command, tmp_path: Path) -> None:
    ran = madang("apply", write(tmp_path), MADANG_APIKEY="x")
    assert ran.code == 2
    assert "did you mean MADANG_API_KEY?" in ran.err
