"""The locks install from any mirror: every package by hash, no registry's address, and no package fresh from the press."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock")) + sorted((ROOT / "bench").glob("*.lock"))
REQUIREMENT = re.compile(r"^([a-z0-9][a-z0-9._-]*)(\[[a-z,-]+\])?==(\S+)", re.IGNORECASE)


def pinned(lock: Path) -> dict[str, str]:
    found = (REQUIREMENT.match(line) for line in lock.read_text().splitlines())
    return {match[1].lower(): match[3] for match in found if match}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_by_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert entries
    for entry in entries:
        assert REQUIREMENT.match(entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_names_a_registry(lock: Path) -> None:
    assert not re.search(r"https?://|index-url|find-links", lock.read_text())


def test_the_locks_agree_on_versions() -> None:
    everything = pinned(ROOT / "requirements" / "dev.lock")
    for name in ("server.lock", "ui.lock"):
        for package, version in pinned(ROOT / "requirements" / name).items():
            assert everything.get(package) == version, package


def test_the_uis_lock_names_no_registry_and_pins_by_hash() -> None:
    packages = json.loads((ROOT / "ui" / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert name == "" or "integrity" in package or package.get("inBundle"), name


def test_every_direct_dependency_is_explained() -> None:
    explained = (ROOT / "docs" / "dependencies.md").read_text().lower()
    for source in sorted((ROOT / "requirements").glob("*.in")):
        for line in source.read_text().splitlines():
            name = re.match(r"[a-z0-9][a-z0-9._-]*", line)
            if name:
                assert f"`{name[0]}`" in explained, f"docs/dependencies.md does not explain {name[0]}"
