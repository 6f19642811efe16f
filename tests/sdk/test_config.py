"""The SDK's settings: where they come from, and what is said when they cannot work."""

from pathlib import Path

import pytest

from madang.config import DEFAULT_BASE_URL, read_config
from madang.errors import ConfigError

KEY = "sk-md-1"


def test_an_argument_goes_before_the_environment_and_that_before_the_default() -> None:
    environ = {"MADANG_API_KEY": "sk-md-env", "MADANG_BASE_URL": "http://env:1"}
    assert read_config(environ).api_key == "sk-md-env"
    assert read_config(environ).base_url == "http://env:1"
    given = read_config(environ, api_key=KEY, base_url="http://given:2")
    assert (given.api_key, given.base_url) == (KEY, "http://given:2")
    assert read_config({}, api_key=KEY).base_url == DEFAULT_BASE_URL


@pytest.mark.parametrize(
    "url", ["https://m.example", "https://m.example/", "https://m.example/v1", "https://m.example/v1/"]
)
def test_the_address_may_be_given_as_openais_clients_want_it(url: str) -> None:
    assert read_config({}, api_key=KEY, base_url=url).base_url == "https://m.example"


def test_a_platform_below_a_path_keeps_it() -> None:
    assert read_config({}, api_key=KEY, base_url="https://m.example/llm/").base_url == "https://m.example/llm"


def test_the_key_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert read_config({"MADANG_API_KEY_FILE": str(tmp_path / "key")}).api_key == KEY


def test_a_line_end_copied_with_the_key_does_no_harm() -> None:
    assert read_config({"MADANG_API_KEY": f" {KEY}\n"}).api_key == KEY


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match="MADANG_API_KEY_FILE names"):
        read_config({"MADANG_API_KEY_FILE": str(path)})


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "MADANG_API_KEY"),
        ("pk-md-1", "public key"),
        ("sk-md-1\nx-evil: 1", "characters that no key has"),
        ("sk-md-한글", "characters that no key has"),
        ("Bearer sk-md-1", "characters that no key has"),
    ],
)
def test_a_key_that_cannot_work_is_refused_without_being_shown(key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read_config({}, api_key=key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:7600", "ftp://m", "http://", "http://[::1", "http://m:port", "http://m:99999"]
)
def test_an_address_that_cannot_work_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="is not an http or https address"):
        read_config({}, api_key=KEY, base_url=url)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="'direct' or 'gateway'"):
        read_config({}, api_key=KEY, mode="proxy")  # type: ignore[arg-type]
