"""Madang's SDK: call any model by its name, with routing, retries, cost and traces built in."""

from typing import TYPE_CHECKING, Any

from madang.errors import CallFailed, ConfigError, MadangError, PlatformRefused, PlatformUnavailable
from madang.version import __version__

if TYPE_CHECKING:
    from madang.client import AsyncMadang, Madang

__all__ = [
    "AsyncMadang",
    "CallFailed",
    "ConfigError",
    "Madang",
    "MadangError",
    "PlatformRefused",
    "PlatformUnavailable",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """The clients load the HTTP client; importing this package only for its errors or types should not."""
    if name in ("AsyncMadang", "Madang"):
        from madang import client

        return getattr(client, name)
    raise AttributeError(f"module 'madang' has no attribute {name!r}")
