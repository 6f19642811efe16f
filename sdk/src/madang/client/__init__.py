"""The clients an application holds: `Madang`, and `AsyncMadang` for event loops."""

from madang.client.async_client import AsyncMadang
from madang.client.sync_client import Madang

__all__ = ["AsyncMadang", "Madang"]
