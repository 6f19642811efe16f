"""The first start, later starts, and what is printed at each."""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from madang_server.accounts import keys, links, organisations, users
from madang_server.accounts.passwords import Passwords
from madang_server.accounts.problems import Invalid
from madang_server.models.sandbox import sandbox_models
from madang_server.models.store import models_of
from madang_server.settings import Settings, read_settings
from madang_server.storage.sql.engine import Database
from madang_server.studio.first_start import Greeting, prepare

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PASSWORDS = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def settings_of(tmp_path: Path, **environ: str) -> Settings:
    return read_settings({"MADANG_HOME": str(tmp_path / "home"), **environ})


def start(database: Database, settings: Settings, now: datetime = NOW) -> Greeting:
    return prepare(database, settings, now=now, random_bytes=secrets.token_bytes, passwords=PASSWORDS)


def test_the_first_start_makes_an_owner_a_project_and_a_sandbox(database: Database, tmp_path: Path) -> None:
    greeting = start(database, settings_of(tmp_path))
    assert greeting.is_first_start
    with database.reading() as connection:
        owner = users.first_user(connection)
        assert owner is not None
        places = organisations.places_of(connection, owner.id)
    assert [(place.organisation.name, place.role) for place in places] == [("My organisation", "owner")]
    assert [(one.name, one.is_sandbox) for one in places[0].projects] == [("My project", False), ("Sandbox", True)]


def test_the_printed_link_signs_the_owner_in(database: Database, tmp_path: Path) -> None:
    link = start(database, settings_of(tmp_path)).sign_in_link
    assert link is not None
    assert link.startswith("http://127.0.0.1:7600/sign-in?token=")
    with database.transaction() as connection:
        owner = users.first_user(connection)
        assert owner is not None
        assert links.redeem_link(connection, link.partition("token=")[2], now=NOW) == owner.id


def test_the_sandbox_has_simulated_models_with_prices(database: Database, tmp_path: Path) -> None:
    start(database, settings_of(tmp_path))
    with database.reading() as connection:
        models = models_of(connection, organisations.sandbox_projects(connection)[0].id)
    assert [model.alias for model in models] == sorted(model.alias for model in sandbox_models())
    assert all(model.simulated for model in models)
    deployments = [deployment for model in models for deployment in model.deployments]
    assert all(deployment.input_usd_per_million for deployment in deployments)
    assert all((deployment.base_url or "").startswith("simulator:/d/") for deployment in deployments)


def test_the_printed_key_opens_the_sandbox_and_is_kept_privately(database: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    secret = start(database, settings).sandbox_secret_key
    assert secret is not None
    with database.reading() as connection:
        active = keys.active_key_of_secret(connection, secret)
        assert active is not None
        assert active.project_id == organisations.sandbox_projects(connection)[0].id
    path = settings.run_path / "sandbox.key"
    assert path.read_text().strip() == secret
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_later_start_prints_the_same_key_and_makes_nothing_new(database: Database, tmp_path: Path) -> None:
    first = start(database, settings_of(tmp_path))
    later = start(database, settings_of(tmp_path, MADANG_INIT_ORG="Another"), NOW + timedelta(days=1))
    assert not later.is_first_start
    assert later.sandbox_secret_key == first.sandbox_secret_key
    assert later.sign_in_link not in (None, first.sign_in_link)
    with database.reading() as connection:
        assert len(organisations.sandbox_projects(connection)) == 1


def test_a_lost_or_revoked_sandbox_key_is_replaced(database: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    first = start(database, settings).sandbox_secret_key
    (settings.run_path / "sandbox.key").unlink()
    second = start(database, settings).sandbox_secret_key
    assert first is not None
    assert second is not None
    assert second != first
    with database.transaction() as connection:
        assert keys.active_key_of_secret(connection, first) is None
        active = keys.active_key_of_secret(connection, second)
        assert active is not None
        keys.revoke_key(connection, active.project_id, active.key_id, now=NOW)
    assert start(database, settings).sandbox_secret_key not in (first, second)


def test_given_values_are_taken_as_they_are(database: Database, tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        MADANG_INIT_ORG="에이크미",
        MADANG_INIT_PROJECT="메뉴",
        MADANG_INIT_PUBLIC_KEY="pk-lf-given",
        MADANG_INIT_SECRET_KEY="sk-lf-given",
        MADANG_INIT_USER_EMAIL="Admin@Example.com",
        MADANG_INIT_USER_PASSWORD="short",
    )
    greeting = start(database, settings)
    assert greeting.sign_in_link is None
    with database.reading() as connection:
        owner = users.user_by_email(connection, "admin@example.com")
        assert owner is not None
        assert PASSWORDS.matches("short", owner.password_hash)
        place = organisations.places_of(connection, owner.id)[0]
        active = keys.active_key_of_secret(connection, "sk-lf-given")
    assert (place.organisation.name, place.projects[0].name) == ("에이크미", "메뉴")
    assert active is not None
    assert (active.project_id, active.public_key) == (place.projects[0].id, "pk-lf-given")


def test_an_unusable_given_email_stops_the_start_and_leaves_nothing(database: Database, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="e-mail"):
        start(database, settings_of(tmp_path, MADANG_INIT_USER_EMAIL="nobody"))
    with database.reading() as connection:
        assert not users.any_user(connection)


def test_of_servers_that_start_together_one_makes_everything(database: Database, tmp_path: Path) -> None:
    greetings: list[Greeting] = []
    threads = [
        threading.Thread(target=lambda: greetings.append(start(database, settings_of(tmp_path)))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(greeting.is_first_start for greeting in greetings) == [False, False, True]
    with database.reading() as connection:
        assert len(organisations.sandbox_projects(connection)) == 1


def test_no_link_is_printed_once_the_owner_has_a_password(database: Database, tmp_path: Path) -> None:
    start(database, settings_of(tmp_path))
    with database.transaction() as connection:
        owner = users.first_user(connection)
        assert owner is not None
        users.save_user(connection, replace(owner, password_hash=PASSWORDS.hash("a good password")))
    assert start(database, settings_of(tmp_path)).sign_in_link is None


def test_neither_key_nor_link_shows_in_a_log_of_the_greeting(database: Database, tmp_path: Path) -> None:
    greeting = start(database, settings_of(tmp_path))
    assert "sk-md-" not in repr(greeting)
    assert "token=" not in repr(greeting)
