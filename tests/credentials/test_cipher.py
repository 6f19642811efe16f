"""Vendor keys at rest: sealed, bound to their place, and opened only with the right secret key."""

from __future__ import annotations

import os
import secrets
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang_server.accounts.problems import Invalid
from madang_server.accounts.vendor_url import is_forbidden_address, tidy_base_url
from madang_server.credentials.cipher import Cipher, WrongSecretKey
from madang_server.credentials.secret_key import SecretKeyUnavailable, secret_key
from madang_server.settings import Settings, read_settings

CIPHER = Cipher("a secret key of some length")


def seal(plain: str, cipher: Cipher = CIPHER) -> str:
    return cipher.seal(plain, project_id="p", credential_id="c", random_bytes=secrets.token_bytes)


def settings_of(tmp_path: Path, **environ: str) -> Settings:
    return read_settings({"MADANG_HOME": str(tmp_path / "home"), **environ})


@given(st.text())
def test_what_was_sealed_opens_again(plain: str) -> None:
    assert CIPHER.open(seal(plain), project_id="p", credential_id="c") == plain


def test_sealing_twice_gives_two_values() -> None:
    assert seal("sk-vendor") != seal("sk-vendor")


def test_another_secret_key_is_refused_by_name() -> None:
    with pytest.raises(WrongSecretKey, match="MADANG_SECRET_KEY"):
        Cipher("another secret key here").open(seal("sk-vendor"), project_id="p", credential_id="c")


@pytest.mark.parametrize(("project_id", "credential_id"), [("other", "c"), ("p", "other")])
def test_a_value_moved_to_another_place_does_not_open(project_id: str, credential_id: str) -> None:
    with pytest.raises(WrongSecretKey):
        CIPHER.open(seal("sk-vendor"), project_id=project_id, credential_id=credential_id)


@given(st.integers(min_value=11, max_value=60), st.integers(min_value=1, max_value=127))
def test_a_changed_value_does_not_open(place: int, change: int) -> None:
    sealed = seal("sk-vendor-secret-of-some-length")
    broken = sealed[:place] + chr((ord(sealed[place]) + change) % 128) + sealed[place + 1 :]
    with pytest.raises(WrongSecretKey):
        CIPHER.open(broken, project_id="p", credential_id="c")


def test_the_secret_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    made = secret_key(settings, secrets.token_bytes)
    assert secret_key(settings, secrets.token_bytes) == made
    assert settings.secret_key_path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(settings.home) == ["secret.key"]


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(secret_key(settings_of(tmp_path), secrets.token_bytes)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(made) == 8
    assert len(set(made)) == 1


def test_a_given_key_comes_before_the_file(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, MADANG_SECRET_KEY="given by the operator")
    assert secret_key(settings, secrets.token_bytes) == "given by the operator"
    assert not settings.secret_key_path.exists()


def test_a_cut_off_key_file_is_refused_instead_of_replaced(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    settings.home.mkdir()
    settings.secret_key_path.write_text("")
    with pytest.raises(SecretKeyUnavailable, match="backup"):
        secret_key(settings, secrets.token_bytes)
    assert settings.secret_key_path.read_text() == ""


def test_addresses_of_metadata_services_are_never_called() -> None:
    for host in ("169.254.169.254", "169.254.170.2", "fe80::1", "::ffff:169.254.169.254", "fd00:ec2::254"):
        assert is_forbidden_address(host)
    for host in ("10.0.0.1", "127.0.0.1", "api.openai.com", "::1"):
        assert not is_forbidden_address(host)


def test_an_address_is_kept_in_one_form() -> None:
    assert tidy_base_url(" https://api.example.com/v1/ ") == "https://api.example.com/v1"
    assert tidy_base_url("") is None
    assert tidy_base_url("http://[::1]:8000/v1") == "http://[::1]:8000/v1"


@pytest.mark.parametrize(
    "url",
    ["api.example.com", "file:///etc/passwd", "https://", "https://a b", "http://h:99999", "https://h/v1?key=1", "//h"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        tidy_base_url(url)
