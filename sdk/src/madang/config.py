"""The SDK's settings: explicit argument, then environment, then default; read once when a client is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from madang.errors import ConfigError

Mode = Literal["direct", "gateway"]
DEFAULT_BASE_URL = "http://127.0.0.1:7600"


@dataclass(frozen=True, slots=True)
class Config:
    """`base_url` has no trailing slash. In mode "direct" vendors are called from here, in "gateway" by the platform."""

    api_key: str = field(repr=False)
    base_url: str
    mode: Mode
    environment: str
    release: str


def read_config(
    environ: Mapping[str, str],
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    mode: Mode = "direct",
    environment: str = "default",
    release: str = "",
) -> Config:
    """Raises ConfigError with what is missing or wrong."""
    key = (api_key or _secret(environ, "MADANG_API_KEY")).strip()
    if not key:
        raise ConfigError(
            "No API key: pass api_key='sk-md-…' or set MADANG_API_KEY. Keys are made on the platform's API keys page."
        )
    if key.startswith("pk-md-"):
        raise ConfigError("This is a public key (pk-md-…); the SDK needs the secret one, which starts with sk-md-.")
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigError("The API key contains characters that no key has, such as spaces; copy it again.")
    url = (base_url or environ.get("MADANG_BASE_URL") or DEFAULT_BASE_URL).strip().rstrip("/")
    if not _is_address(url):
        raise ConfigError(f"base_url {url!r} is not an http or https address, such as {DEFAULT_BASE_URL!r}.")
    if mode not in ("direct", "gateway"):
        raise ConfigError(f"mode {mode!r} is unknown; it is 'direct' or 'gateway'.")
    return Config(key, url.removesuffix("/v1"), mode, environment, release)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket that is not closed, a port that is no number
        return False


def _secret(environ: Mapping[str, str], name: str) -> str:
    if environ.get(name):
        return environ[name]
    path = environ.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs a tenth of this package's import
            return file.read().strip()
    except OSError as error:
        raise ConfigError(f"{name}_FILE names {path!r}, which cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{name}_FILE names {path!r}, which is not a text file.") from None
