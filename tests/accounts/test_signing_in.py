"""Passwords, throttling and keys below the HTTP surface."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from madang_server.accounts import keys, organisations
from madang_server.accounts.organisations import Organisation, Project
from madang_server.accounts.passwords import Passwords
from madang_server.accounts.problems import Conflict, TooManyAttempts
from madang_server.accounts.randomness import new_id, new_secret
from madang_server.accounts.throttle import SignInThrottle
from madang_server.storage.sql.engine import Database

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def project_id(database: Database) -> str:
    with database.transaction() as connection:
        organisations.add_organisation(connection, Organisation(id="o", name="Acme", created_at=NOW))
        project = Project(id="p", organisation_id="o", name="Menu", is_sandbox=False, created_at=NOW)
        organisations.add_project(connection, project)
    return project.id


def test_passwords_are_kept_as_argon2id_and_recognised() -> None:
    passwords = Passwords()
    kept = passwords.hash("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert passwords.matches("correct horse battery", kept)
    assert not passwords.matches("correct horse", kept)


def test_no_password_opens_an_account_without_one() -> None:
    passwords = Passwords()
    assert not passwords.matches("nobody has this password", None)
    assert not passwords.matches("", None)


def test_a_password_of_a_megabyte_is_refused_without_hashing_it() -> None:
    passwords = Passwords()
    assert not passwords.matches("x" * 1_000_000, passwords.hash("correct horse battery"))


def test_each_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    throttle = SignInThrottle()
    waits = []
    now_s = 0.0
    for _ in range(12):
        throttle.failed("a@example.com", "10.0.0.1", now_s=now_s)
        try:
            throttle.admit("a@example.com", "10.0.0.1", now_s=now_s)
            waits.append(0)
        except TooManyAttempts as refusal:
            waits.append(refusal.retry_after_s)
            now_s += refusal.retry_after_s
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_the_owner_at_another_address_is_not_locked_out() -> None:
    throttle = SignInThrottle()
    for _ in range(10):
        throttle.failed("a@example.com", "10.0.0.1", now_s=0)
    throttle.admit("a@example.com", "10.0.0.2", now_s=0)


def test_trying_one_password_on_many_accounts_is_slowed_down_by_address() -> None:
    throttle = SignInThrottle()
    for number in range(50):
        throttle.failed(f"user{number}@example.com", "10.0.0.1", now_s=0)
    with pytest.raises(TooManyAttempts):
        throttle.admit("another@example.com", "10.0.0.1", now_s=0)


def test_a_success_forgives_the_account() -> None:
    throttle = SignInThrottle()
    for _ in range(4):
        throttle.failed("a@example.com", "10.0.0.1", now_s=0)
    throttle.succeeded("a@example.com", "10.0.0.1")
    throttle.failed("a@example.com", "10.0.0.1", now_s=0)
    throttle.admit("a@example.com", "10.0.0.1", now_s=0)


def test_ids_are_plain_and_secrets_long() -> None:
    assert len(new_id(secrets.token_bytes)) == 16
    assert new_id(secrets.token_bytes).isalnum()
    assert len(new_secret(secrets.token_bytes)) == 43


def test_all_active_keys_are_listed_without_the_revoked_ones(database: Database, project_id: str) -> None:
    with database.transaction() as connection:
        for number in ("1", "2"):
            pair = keys.new_key_pair(secrets.token_bytes)
            keys.add_key(connection, project_id, pair, key_id=number, name=number, created_by=None, now=NOW)
        keys.revoke_key(connection, project_id, "1", now=NOW)
        assert [key.key_id for key in keys.all_active(connection)] == ["2"]


def test_a_key_pair_can_be_stored_once(database: Database, project_id: str) -> None:
    pair = keys.new_key_pair(secrets.token_bytes)
    with database.transaction() as connection:
        keys.add_key(connection, project_id, pair, key_id="1", name="1", created_by=None, now=NOW)
        with pytest.raises(Conflict):
            keys.add_key(connection, project_id, pair, key_id="2", name="2", created_by=None, now=NOW)


def test_last_use_only_moves_forward(database: Database, project_id: str) -> None:
    with database.transaction() as connection:
        pair = keys.new_key_pair(secrets.token_bytes)
        keys.add_key(connection, project_id, pair, key_id="1", name="1", created_by=None, now=NOW)
        keys.mark_used(connection, {"1": NOW + timedelta(minutes=5)})
        keys.mark_used(connection, {"1": NOW})
        assert keys.key(connection, project_id, "1").last_used_at == NOW + timedelta(minutes=5)


def test_a_short_secret_gives_no_hint() -> None:
    assert keys.hint("short") == ""
    assert keys.hint("sk-md-long-enough") == "ough"
