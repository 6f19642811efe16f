"""What an operator may set, and what they are told when it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from madang_server.settings import NAMES, Settings, SettingsError, read_settings


def problems_of(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        read_settings(environ)
    return refusal.value.problems


def test_without_anything_set_the_defaults_hold() -> None:
    settings = read_settings({"HOME": "/home/alice"})
    assert settings.home == Path("/home/alice/.madang")
    assert (settings.host, settings.port) == ("127.0.0.1", 7600)
    assert settings.database_url == "sqlite:////home/alice/.madang/madang.db"
    assert settings.base_url == "http://127.0.0.1:7600"
    assert settings.clickhouse_url is None
    assert settings.store_memory_mb == 1500


def test_what_is_set_is_used() -> None:
    settings = read_settings(
        {
            "MADANG_HOME": "/srv/madang",
            "MADANG_HOST": "0.0.0.0",
            "MADANG_PORT": "8080",
            "MADANG_DATABASE_URL": "postgresql://u:p@db/madang",
            "MADANG_BASE_URL": "https://madang.example.com/",
        }
    )
    assert (settings.home, settings.host, settings.port) == (Path("/srv/madang"), "0.0.0.0", 8080)
    assert settings.database_url == "postgresql://u:p@db/madang"
    assert settings.base_url == "https://madang.example.com"


def test_listening_everywhere_is_reached_by_loopback() -> None:
    assert read_settings({"MADANG_HOST": "0.0.0.0"}).base_url == "http://127.0.0.1:7600"
    assert read_settings({"MADANG_HOST": "::1"}).base_url == "http://[::1]:7600"


def test_a_misspelt_name_is_refused_with_the_nearest_one() -> None:
    assert problems_of({"MADANG_PROT": "1"}) == (
        "MADANG_PROT is not a setting; did you mean MADANG_PORT? Unset it or correct its name.",
    )


def test_names_of_others_are_left_alone() -> None:
    assert read_settings({"MADAM_PORT": "1", "PORT": "x"}).port == 7600


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "7600.0", "٧٦٠٠"])
def test_an_impossible_port_is_refused(port: str) -> None:
    assert problems_of({"MADANG_PORT": port}) == (f"MADANG_PORT is {port!r}; give a whole number from 1 to 65535.",)


def test_all_problems_are_told_at_once() -> None:
    environ = {"MADANG_PORT": "x", "MADANG_DATABASE_URL": "mysql://x", "MADANG_NONSENSE": "1"}
    assert len(problems_of(environ)) == 3


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key-from-a-file\n")
    settings = read_settings({"MADANG_SECRET_KEY_FILE": str(tmp_path / "key")})
    assert settings.secret_key == "a-key-from-a-file"


def test_an_unreadable_secret_file_is_named(tmp_path: Path) -> None:
    problem = problems_of({"MADANG_SECRET_KEY_FILE": str(tmp_path / "none")})[0]
    assert "MADANG_SECRET_KEY_FILE" in problem
    assert "No such file" in problem


def test_an_empty_secret_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")
    assert "is empty" in problems_of({"MADANG_SECRET_KEY_FILE": str(tmp_path / "key")})[0]


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key-from-a-file")
    environ = {"MADANG_SECRET_KEY": "another-long-key", "MADANG_SECRET_KEY_FILE": str(tmp_path / "key")}
    assert problems_of(environ) == ("Both MADANG_SECRET_KEY and MADANG_SECRET_KEY_FILE are set; keep one.",)


def test_what_is_no_secret_has_no_file_variant() -> None:
    assert "MADANG_PORT_FILE is not a setting" in problems_of({"MADANG_PORT_FILE": "/x"})[0]


def test_hosts_of_files_are_a_list() -> None:
    assert read_settings({"MADANG_FILE_HOSTS": "files.lan, 10.0.0.7,Files.LAN"}).file_hosts == {"files.lan", "10.0.0.7"}
    assert "'https://files.lan'; give names" in problems_of({"MADANG_FILE_HOSTS": "https://files.lan"})[0]


def test_an_empty_value_counts_as_not_given() -> None:
    assert read_settings({"MADANG_CLICKHOUSE_URL": "", "MADANG_PORT": ""}).port == 7600


def test_half_a_key_pair_is_refused() -> None:
    assert "give both" in problems_of({"MADANG_INIT_SECRET_KEY": "sk-md-x"})[0]
    assert "give both" in problems_of({"MADANG_INIT_PUBLIC_KEY": "pk-md-x"})[0]


def test_no_secret_shows_in_a_problem_or_a_representation() -> None:
    secret = "geheim-geheim-geheim"
    names = [name for name in NAMES if name.endswith(("_KEY", "_PASSWORD"))]
    environ = dict.fromkeys(names, secret) | {
        "MADANG_INIT_USER_EMAIL": "a@b.c",
        "MADANG_DATABASE_URL": f"postgresql://u:{secret}@h/d",
        "MADANG_CLICKHOUSE_URL": f"http://u:{secret}@h:8123/d",
        "MADANG_INIT_PUBLIC_KEY": "pk-md-public",
    }
    settings = read_settings(environ)
    assert isinstance(settings, Settings)
    assert secret not in repr(settings)
    broken = problems_of({**environ, "MADANG_DATABASE_URL": f"mysql://u:{secret}@h", "MADANG_CLICKHOUSE_URL": secret})
    assert secret not in " ".join(broken)
