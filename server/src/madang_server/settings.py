"""Everything that can be set from outside, read once at start into one typed object.

Reading touches nothing but the environment given and the files that `…_FILE` names point to. Every problem is found in one
pass, so that an operator mends them together.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAMES: Mapping[str, str] = {
    "MADANG_HOME": "directory that holds the database, the spool and the embedded store (default ~/.madang)",
    "MADANG_HOST": "address to listen on (default 127.0.0.1)",
    "MADANG_PORT": "port to listen on (default 7600)",
    "MADANG_DATABASE_URL": "sqlite:///… or postgresql://… (default: SQLite in the home)",
    "MADANG_CLICKHOUSE_URL": "http://user:password@host:8123/madang (default: the embedded store)",
    "MADANG_REDIS_URL": "redis://… shared by several gateways (default: none)",
    "MADANG_FILE_HOSTS": "hosts in your own network whose files calls may name by URL, separated by commas (default: none)",
    "MADANG_SECRET_KEY": "encrypts vendor credentials (default: made once and kept in the home)",
    "MADANG_INIT_ORG": "name of the first organisation",
    "MADANG_INIT_PROJECT": "name of the first project",
    "MADANG_INIT_PUBLIC_KEY": "public key of the first project",
    "MADANG_INIT_SECRET_KEY": "secret key of the first project",
    "MADANG_INIT_USER_EMAIL": "e-mail of the first owner",
    "MADANG_INIT_USER_PASSWORD": "password of the first owner",
    "MADANG_BASE_URL": "where people and programs reach the platform",
    "MADANG_API_KEY": "project secret key used by the SDK and the command-line tool",
    "MADANG_STORE_PASSWORD": "password between the platform's own processes and the embedded store",
    "MADANG_STORE_MEMORY_MB": "memory the embedded store may use, in MB (default 1500)",
    "MADANG_SIMULATOR_URL": "where the simulated models answer; set by the supervisor",
}

_SECRET_SUFFIXES = ("_KEY", "_PASSWORD", "_URL")
_SMALLEST_STORE_MB = 256


class SettingsError(Exception):
    """The environment cannot be used; `problems` has one sentence for each thing to mend, never a secret's value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings in force. Fields that hold secrets stay out of the representation."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 7600
    database_url: str = field(repr=False)
    clickhouse_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    file_hosts: frozenset[str] = frozenset()
    secret_key: str | None = field(default=None, repr=False)
    init_org: str | None = None
    init_project: str | None = None
    init_public_key: str | None = None
    init_secret_key: str | None = field(default=None, repr=False)
    init_user_email: str | None = None
    init_user_password: str | None = field(default=None, repr=False)
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    store_password: str | None = field(default=None, repr=False)
    store_memory_mb: int = 1500
    simulator_url: str | None = None

    @property
    def secret_key_path(self) -> Path:
        return self.home / "secret.key"

    @property
    def spool_path(self) -> Path:
        return self.home / "spool"

    @property
    def run_path(self) -> Path:
        return self.home / "run"

    @property
    def logs_path(self) -> Path:
        return self.home / "logs"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`. Raises `SettingsError` naming all problems at once."""
    problems: list[str] = unknown_names(environ)
    given = _values(environ, problems)
    home = _home(given.get("MADANG_HOME"), environ)
    host = given.get("MADANG_HOST", "127.0.0.1")
    port = _whole_number(given, "MADANG_PORT", 7600, 1, 65_535, problems)
    if host == "" or re.search(r"[\s/]", host):
        problems.append(f"MADANG_HOST is {host!r}; give an address such as 127.0.0.1 or 0.0.0.0.")
    settings = Settings(
        home=home,
        host=host,
        port=port,
        database_url=_url(given, "MADANG_DATABASE_URL", _is_database_url, "sqlite:///PATH or postgresql://…", problems)
        or f"sqlite:///{home / 'madang.db'}",
        clickhouse_url=_url(
            given, "MADANG_CLICKHOUSE_URL", _is_http_url, "http://user:password@host:8123/madang", problems
        ),
        redis_url=_url(given, "MADANG_REDIS_URL", _is_redis_url, "redis://host:6379/0", problems),
        file_hosts=_hosts(given, "MADANG_FILE_HOSTS", problems),
        secret_key=_secret_key(given.get("MADANG_SECRET_KEY"), problems),
        init_org=given.get("MADANG_INIT_ORG"),
        init_project=given.get("MADANG_INIT_PROJECT"),
        init_public_key=given.get("MADANG_INIT_PUBLIC_KEY"),
        init_secret_key=given.get("MADANG_INIT_SECRET_KEY"),
        init_user_email=given.get("MADANG_INIT_USER_EMAIL"),
        init_user_password=given.get("MADANG_INIT_USER_PASSWORD"),
        base_url=(
            _url(given, "MADANG_BASE_URL", _is_http_url, "https://madang.example.com", problems)
            or f"http://{_reachable(host)}:{port}"
        ).rstrip("/"),
        api_key=given.get("MADANG_API_KEY"),
        store_password=given.get("MADANG_STORE_PASSWORD"),
        store_memory_mb=_whole_number(given, "MADANG_STORE_MEMORY_MB", 1500, _SMALLEST_STORE_MB, 1_048_576, problems),
        simulator_url=_url(given, "MADANG_SIMULATOR_URL", _is_http_url, "http://127.0.0.1:7700", problems),
    )
    problems.extend(_half_given_pairs(given))
    if problems:
        raise SettingsError(tuple(problems))
    return settings


def unknown_names(environ: Mapping[str, str]) -> list[str]:
    """One sentence for each `MADANG_*` name that means nothing here, with the nearest name that does."""
    return [
        f"{name} is not a setting{_nearest(name)} Unset it or correct its name."
        for name in sorted(environ)
        if name.startswith("MADANG_") and name not in _known_names()
    ]


def _known_names() -> set[str]:
    return set(NAMES) | {f"{name}_FILE" for name in NAMES if name.endswith(_SECRET_SUFFIXES)}


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, sorted(_known_names()), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else "."


def _values(environ: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """Values by name, those of `…_FILE` read in. An empty value counts as not given, as compose files produce them."""
    given: dict[str, str] = {}
    for name in NAMES:
        direct = environ.get(name, "")
        path = environ.get(f"{name}_FILE", "") if name.endswith(_SECRET_SUFFIXES) else ""
        if direct and path:
            problems.append(f"Both {name} and {name}_FILE are set; keep one.")
        elif path:
            value = _file_value(f"{name}_FILE", Path(path), problems)
            if value:
                given[name] = value
        elif direct:
            given[name] = direct
    return given


def _file_value(name: str, path: Path, problems: list[str]) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problems.append(f"{name} points to {str(path)!r}, which cannot be read: {reason}.")
        return ""
    if not value:
        problems.append(f"{name} points to {str(path)!r}, which is empty.")
    return value


def _home(given: str | None, environ: Mapping[str, str]) -> Path:
    if given is None:
        return Path(environ.get("HOME") or "~").expanduser() / ".madang"
    return Path(given).expanduser().absolute()


def _whole_number(
    given: Mapping[str, str], name: str, default: int, smallest: int, largest: int, problems: list[str]
) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not smallest <= int(text) <= largest:
        problems.append(f"{name} is {text!r}; give a whole number from {smallest} to {largest}.")
        return default
    return int(text)


def _url(
    given: Mapping[str, str], name: str, is_valid: Callable[[str], bool], example: str, problems: list[str]
) -> str | None:
    """The URL given under `name`. Its value never appears in a problem: it may carry a password."""
    text = given.get(name)
    if text is None:
        return None
    if not is_valid(text):
        problems.append(f"{name} is not an address that can be used here; give one like {example}.")
        return None
    return text


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _hosts(given: Mapping[str, str], name: str, problems: list[str]) -> frozenset[str]:
    hosts = [one.strip().lower() for one in given.get(name, "").split(",") if one.strip()]
    for host in hosts:
        if re.search(r"[\s/@]", host):
            problems.append(
                f"{name} holds {host!r}; give names or addresses without https:// and path, such as files.lan."
            )
    return frozenset(hosts)


def _is_redis_url(text: str) -> bool:
    return text.startswith(("redis://", "rediss://", "unix://"))


def _is_database_url(text: str) -> bool:
    return text.startswith(("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://"))


def _secret_key(text: str | None, problems: list[str]) -> str | None:
    if text is not None and len(text) < 16:
        problems.append("MADANG_SECRET_KEY is shorter than 16 characters; make one with: openssl rand -base64 32")
    return text


def _half_given_pairs(given: Mapping[str, str]) -> list[str]:
    pairs = (
        ("MADANG_INIT_PUBLIC_KEY", "MADANG_INIT_SECRET_KEY"),
        ("MADANG_INIT_USER_PASSWORD", "MADANG_INIT_USER_EMAIL"),
    )
    problems = [
        f"{first} is set without {second}; give both."
        for first, second in pairs
        if first in given and second not in given
    ]
    if "MADANG_INIT_SECRET_KEY" in given and "MADANG_INIT_PUBLIC_KEY" not in given:
        problems.append("MADANG_INIT_SECRET_KEY is set without MADANG_INIT_PUBLIC_KEY; give both.")
    return problems


def _reachable(host: str) -> str:
    """The address to print for `host`: listening everywhere is reached here by loopback."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
