"""Brings the trace store's tables up to date from numbered files, each applied once and recorded in a table.

A file holds statements ended by ";" at the end of a line. `{{…}}` differ between one server and a cluster; a statement
after the line "-- cluster only" is left out on one server. Statements must be repeatable: a file that was cut short is
run again from its top.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from madang_server.storage.clickhouse.client import Store

Layout = Literal["single", "cluster"]

_WORDS: dict[Layout, dict[str, str]] = {
    "single": {
        "local": "",
        "on_cluster": "",
        "replicated": "",
        "replica": "",
        "deduplication_window": "non_replicated_deduplication_window",
    },
    "cluster": {
        "local": "_local",
        "on_cluster": " ON CLUSTER '{cluster}'",
        "replicated": "Replicated",
        "replica": "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}', ",
        "deduplication_window": "replicated_deduplication_window",
    },
}
_CLUSTER_ONLY = "-- cluster only"
_APPLIED = """CREATE TABLE IF NOT EXISTS schema_migrations (name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplacingMergeTree ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"""


@dataclass(frozen=True)
class Migration:
    """One file: its name and its statements, rendered."""

    name: str
    statements: tuple[str, ...]


def migrations(layout: Layout = "single") -> list[Migration]:
    """All migrations in order, rendered for a layout."""
    folder = resources.files("madang_server.storage.clickhouse.migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [Migration(file.name[:-4], tuple(_statements(file.read_text("utf-8"), layout))) for file in files]


def migrate(store: Store) -> list[str]:
    """Apply what is missing and give back its names. Raises StoreUnavailable or StoreRefused."""
    store.run(f"CREATE DATABASE IF NOT EXISTS `{_identifier(store.database)}` ENGINE = Atomic", database="default")
    store.run(_APPLIED)
    done = {row["name"] for row in store.rows("SELECT DISTINCT name FROM schema_migrations")}
    applied = []
    for migration in migrations():
        if migration.name in done:
            continue
        for statement in migration.statements:
            store.run(statement)
        store.insert_json("schema_migrations", f'{{"name":"{migration.name}"}}\n'.encode(), ["name"])
        applied.append(migration.name)
    return applied


def _statements(text: str, layout: Layout) -> Iterable[str]:
    for part in re.split(r";[ \t]*(?:\n|\Z)", text):
        lines = [line for line in part.strip().splitlines() if not line.lstrip().startswith("--")]
        if not lines or (layout == "single" and _CLUSTER_ONLY in part):
            continue
        yield re.sub(r"\{\{(\w+)\}\}", lambda found: _WORDS[layout][found.group(1)], "\n".join(lines))


def _identifier(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            f"Database name {name!r} in MADANG_CLICKHOUSE_URL is not an identifier; use letters and digits"
        )
    return name
