"""The database under everything: migrations, transactions, column types."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import madang_server.accounts.tables
import madang_server.credentials.tables
import madang_server.drill.tables
import madang_server.limits.tables
import madang_server.models.tables
import madang_server.prices.tables
import madang_server.responses.tables
from madang_server.storage.sql import migrate, version
from madang_server.storage.sql.engine import Database, DatabaseUnavailable, open_database
from madang_server.storage.sql.metadata import metadata
from madang_server.storage.sql.migrate import DatabaseTooNew, current_revision, downgrade, newest_revision, upgrade

REVISIONS = tuple(
    sorted(f.name[:4] for f in (Path(migrate.__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
)
NOUNS = (
    madang_server.accounts.tables,
    madang_server.credentials.tables,
    madang_server.models.tables,
    madang_server.prices.tables,
    madang_server.drill.tables,
    madang_server.limits.tables,
    madang_server.responses.tables,
)


def test_migrations_make_exactly_the_tables_that_the_nouns_define(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert {module.__name__ for module in NOUNS}


def test_going_back_to_base_leaves_no_table_and_going_up_again_works(database: Database) -> None:
    downgrade(database, "base")
    with database.reading() as connection:
        assert set(sqlalchemy.inspect(connection).get_table_names()) == {"alembic_version"}
    assert upgrade(database) == REVISIONS
    with database.reading() as connection:
        assert current_revision(connection) == newest_revision()


def test_the_names_of_the_migrations_tell_their_order() -> None:
    # A start reads the names only; Alembic follows what is inside.
    folder = Path(migrate.__file__).parent / "migrations"
    scripts = [*ScriptDirectory(str(folder)).walk_revisions()][::-1]
    names = sorted(file.name for file in (folder / "versions").glob("[0-9]*.py"))
    assert [Path(script.path).name for script in scripts] == names
    assert [script.revision for script in scripts] == [name.partition("_")[0] for name in names]
    assert newest_revision() == scripts[-1].revision


def test_a_start_with_an_up_to_date_database_does_without_heavy_imports(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'madang.db'}"
    opened = open_database(url)
    upgrade(opened)
    opened.close()
    program = (
        "import sys\n"
        "import madang_server.app.serve\n"
        "from madang_server.storage.sql.engine import open_database\n"
        "from madang_server.storage.sql.migrate import upgrade\n"
        "assert upgrade(open_database(sys.argv[1])) == ()\n"
        "print(*{'alembic', 'clickhouse_connect', 'google.protobuf'} & sys.modules.keys())\n"
    )
    started = subprocess.run(
        [sys.executable, "-c", program, url], capture_output=True, text=True, timeout=60, check=True
    )
    assert started.stdout.strip() == ""


def test_upgrading_an_up_to_date_database_does_nothing(database: Database) -> None:
    assert upgrade(database) == ()


def test_two_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    done: list[tuple[str, ...]] = []

    def migrate() -> None:
        opened = open_database(url)
        done.append(upgrade(opened))
        opened.close()

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(done) == [(), (), REVISIONS]


def test_a_database_of_a_newer_version_is_refused_with_advice(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match="newer version"):
        upgrade(database)


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    def change_and_fail() -> None:
        with database.transaction() as connection:
            version.bump(connection)
            raise RuntimeError("half-way")

    with database.reading() as connection:
        before = version.current(connection)
    with pytest.raises(RuntimeError):
        change_and_fail()
    with database.reading() as connection:
        assert version.current(connection) == before


def test_changes_from_many_threads_are_all_counted(database: Database) -> None:
    def change() -> None:
        for _ in range(10):
            with database.transaction() as connection:
                version.bump(connection)

    with database.reading() as connection:
        before = version.current(connection)
    threads = [threading.Thread(target=change) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with database.reading() as connection:
        assert version.current(connection) == before + 40


def test_reading_goes_on_while_somebody_writes(database: Database) -> None:
    with database.transaction() as writing:
        version.bump(writing)
        with database.reading() as connection:
            seen = version.current(connection)
    with database.reading() as connection:
        assert version.current(connection) == seen + 1


def test_a_time_comes_back_as_the_same_moment_in_utc(database: Database) -> None:
    seoul = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=seoul)
    organisations = madang_server.accounts.tables.organisations
    with database.transaction() as connection:
        connection.execute(sqlalchemy.insert(organisations).values(id="o", name="n", created_at=moment))
    with database.reading() as connection:
        kept = connection.execute(sqlalchemy.select(organisations.c.created_at)).scalar_one()
    assert kept == moment
    assert kept.tzinfo == UTC


def test_an_unwritable_place_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "madang.db").mkdir()
    with pytest.raises(DatabaseUnavailable, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path / 'madang.db'}")


def test_an_unreachable_postgresql_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnavailable) as refusal:
        open_database("postgresql://madang:geheim@127.0.0.1:1/madang")
    assert "127.0.0.1:1/madang" in str(refusal.value)
    assert "geheim" not in str(refusal.value)
