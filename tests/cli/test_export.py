"""`madang export`: what a project has, as a file that applies to it without changing anything."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command
from tests.studio.world import World

DOCUMENT = """
credentials:
  - {name: openai, vendor: openai, api_key: "${VENDOR_KEY}"}
models:
  - alias: gpt-4o
    description: For 메뉴 and $${NAMES}
    routing: {strategy: latency, prefer_regions: [koreacentral]}
    deployments:
      - name: main
        vendor: openai
        vendor_model: gpt-4o
        credential: openai
        context_window: 128000
        input_usd_per_million: "2.50"
policy_block_vendors: [azure]
"""


def filled(madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "madang.yaml"
    path.write_text(DOCUMENT, encoding="utf-8")
    assert madang("apply", str(path), VENDOR_KEY="sk-vendor-9876", **at_world).code == 0


def test_an_exported_file_changes_nothing_when_it_is_applied(
    world: World, madang: Command, at_world: dict[str, str], tmp_path: Path
) -> None:
    filled(madang, at_world, tmp_path)
    path = tmp_path / "exported.yaml"
    ran = madang("export", str(path), **at_world)
    assert (ran.code, ran.err) == (0, "")
    assert path.stat().st_mode & 0o077 == 0
    again = madang("apply", str(path), "--prune", **at_world)
    assert again.out.strip().endswith(": 4 unchanged.")
    shown = world.bob.get(f"/api/projects/{world.menu}/models").json["items"][0]
    assert shown["description"] == "For 메뉴 and ${NAMES}"


def test_an_exported_file_is_short_and_has_no_key(madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    filled(madang, at_world, tmp_path)
    said = madang("export", **at_world).out
    assert "sk-vendor" not in said
    assert "strategy: latency" in said
    assert "weight" not in said  # a default says nothing


def test_a_file_that_cannot_be_written_is_named(madang: Command, at_world: dict[str, str], tmp_path: Path) -> None:
    ran = madang("export", str(tmp_path / "nowhere" / "file.yaml"), **at_world)
    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_without_a_key_it_says_which_one_to_set(madang: Command) -> None:
    ran = madang("export")
    assert ran.code == 1
    assert "MADANG_API_KEY is not set" in ran.err
