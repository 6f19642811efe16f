"""The trace store's tables: made once, the same whoever makes them, and also written for a cluster."""

import pytest

from madang_server.storage.clickhouse.client import Store
from madang_server.storage.clickhouse.migrate import migrate, migrations


def test_migrating_again_changes_nothing(store: Store) -> None:
    assert migrate(store) == []


def test_a_migration_that_was_cut_short_is_finished(store: Store) -> None:
    again = Store(store_url(store, "cut_short"))
    store.run("CREATE DATABASE IF NOT EXISTS cut_short ENGINE = Atomic", database="default")
    again.run(migrations()[0].statements[0])
    assert migrate(again) == [migration.name for migration in migrations()]
    again.insert_json("spans", b'{"project_id":"p","start_time":"1700000000.5"}\n')
    store.run("DROP DATABASE cut_short", database="default")


@pytest.mark.parametrize(
    "setting", ["fsync_after_insert", "fsync_part_directory", "min_compressed_bytes_to_fsync_after_merge"]
)
def test_spans_are_on_the_disk_before_they_are_acknowledged(store: Store, setting: str) -> None:
    engine = store.rows("SELECT engine_full FROM system.tables WHERE database = 'madang' AND name = 'spans'")[0][
        "engine_full"
    ]
    assert f"{setting} = 1" in engine


def test_the_cluster_rendering_is_valid_sql_though_no_cluster_ran_it(store: Store) -> None:
    for migration in migrations("cluster"):
        for statement in migration.statements:
            assert store.rows(f"EXPLAIN AST {statement}")
            assert "{{" not in statement
    assert any("Distributed" in statement for migration in migrations("cluster") for statement in migration.statements)


def store_url(store: Store, database: str) -> str:
    return store.url.rsplit("/", 1)[0] + "/" + database
