"""`madang doctor`, `migrate` and `sign-in-link`, as an operator on the machine runs them."""

from __future__ import annotations

import secrets
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.conftest import free_port
from tests.studio.world import World

from madang_server.credentials import store
from madang_server.credentials.cipher import Cipher
from madang_server.credentials.store import Sealing, Wanted


@pytest.fixture
def port() -> str:
    return str(free_port())


def test_a_sign_in_link_from_the_machine_works_in_the_browser(world: World, madang: Command, database_url: str) -> None:
    ran = madang("sign-in-link", "bob@example.com", MADANG_DATABASE_URL=database_url)
    assert ran.code == 0
    token = ran.out.strip().partition("token=")[2]
    assert world.browser().post("/api/sign-in/link", {"token": token}).json["user"]["name"] == "Bob"


def test_a_sign_in_link_for_nobody_is_refused(madang: Command, database_url: str) -> None:
    ran = madang("sign-in-link", "nobody@example.com", MADANG_DATABASE_URL=database_url)
    assert ran.code == 1
    assert "'nobody@example.com'" in ran.err


def test_a_sign_in_link_before_the_first_start_says_what_to_run(madang: Command) -> None:
    ran = madang("sign-in-link")
    assert ran.code == 1
    assert "madang up" in ran.err


def test_migrating_twice_does_it_once(madang: Command) -> None:
    assert "applied 0001, 0002" in madang("migrate").out
    assert "Database: up to date." in madang("migrate").out


def test_migrating_where_nothing_can_be_written_is_told(madang: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = madang("migrate", MADANG_HOME=str(tmp_path / "file"))
    assert ran.code == 1
    assert "madang migrate:" in ran.err


def test_a_fresh_machine_is_in_order(madang: Command, port: str) -> None:
    ran = madang("doctor", MADANG_PORT=port)
    assert ran.code == 0
    assert f"Port {port} is free" in ran.out
    assert "Everything needed is in order." in ran.out


def test_a_taken_port_is_found_and_the_setting_named(madang: Command, port: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(port)))
        taken.listen()
        ran = madang("doctor", MADANG_PORT=port)
    assert ran.code == 1
    assert "MADANG_PORT" in ran.out


def test_a_key_file_that_others_can_read_is_found(madang: Command, port: str, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secret.key").write_text("k" * 44)
    (tmp_path / "home" / "secret.key").chmod(0o644)
    ran = madang("doctor", MADANG_PORT=port)
    assert ran.code == 1
    assert "chmod 600" in ran.out


def test_a_wrong_secret_key_is_found_and_named(world: World, madang: Command, database_url: str, port: str) -> None:
    sealing = Sealing(cipher=Cipher("the key of yesterday"), random_bytes=secrets.token_bytes)
    wanted = Wanted(name="o", vendor="openai", base_url=None, api_version=None, api_key="sk-vendor-9876")
    with world.database.transaction() as connection:
        store.add_credential(connection, world.menu, wanted, credential_id="c", sealing=sealing, now=datetime.now(UTC))
    environ = {"MADANG_DATABASE_URL": database_url, "MADANG_SECRET_KEY": "k" * 32, "MADANG_PORT": port}
    ran = madang("doctor", **environ)
    assert ran.code == 1
    assert "MADANG_SECRET_KEY" in ran.out
    assert "sk-vendor" not in ran.out


def test_settings_that_cannot_be_used_are_all_listed(madang: Command) -> None:
    ran = madang("doctor", MADANG_PROT="7600", MADANG_STORE_MEMORY_MB="lots")
    assert ran.code == 1
    assert "did you mean MADANG_PORT?" in ran.out
    assert "MADANG_STORE_MEMORY_MB" in ran.out


def test_a_clickhouse_that_does_not_answer_is_found(madang: Command, port: str) -> None:
    ran = madang("doctor", MADANG_PORT=port, MADANG_CLICKHOUSE_URL="http://madang:geheim@127.0.0.1:1/madang")
    assert ran.code == 1
    assert "ClickHouse does not answer" in ran.out
    assert "geheim" not in ran.out
