"""Vendor keys on loan: kept in memory only, renewed before they end.

A key whose lease has ended is still used while the platform cannot be asked: a platform that is down must not stop calls.
Once the platform refuses to renew, the key is forgotten.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from madang.errors import PlatformRefused, PlatformUnavailable

RENEW_BEFORE_END = 0.33  # of a lease's life


@dataclass(frozen=True, slots=True)
class Lease:
    """A vendor's key until `ends_at`; it should be renewed from `renew_at` on. Seconds since the epoch."""

    api_key: str = field(repr=False)
    renew_at: float
    ends_at: float


class Leases:
    """The leases of one client. `ask` fetches several at once, as `Platform.lease` does."""

    def __init__(self, ask: Callable[[list[str]], Mapping[str, Any]], now: Callable[[], float]) -> None:
        self._ask = ask
        self._now = now
        self._held: dict[str, Lease] = {}
        self._lock = Lock()

    def key_of(self, credential_id: str) -> str | None:
        """The vendor's key, or None when it has to be fetched first."""
        lease = self._held.get(credential_id)
        return lease.api_key if lease else None

    def fetch(self, credential_ids: Iterable[str]) -> None:
        """Fetches those that are not held. Raises PlatformUnavailable or PlatformRefused."""
        with self._lock:
            missing = sorted(set(credential_ids) - self._held.keys())
            if missing:
                self._take(missing)

    def renew(self) -> None:
        """Renews what will end soon. Raises PlatformUnavailable; after a refusal the keys are gone."""
        with self._lock:
            now = self._now()
            due = sorted(name for name, lease in self._held.items() if lease.renew_at <= now)
            if not due:
                return
            try:
                self._take(due)
            except PlatformRefused:
                for name in due:
                    self._held.pop(name, None)
                raise

    def _take(self, credential_ids: list[str]) -> None:
        now = self._now()
        granted = self._ask(credential_ids)
        try:
            self._held |= {name: _lease(lease, now) for name, lease in granted.items()}
        except (KeyError, TypeError, ValueError):  # the platform is of another version; what is held still holds
            raise PlatformUnavailable("The platform lent credentials in a way that this version cannot read.") from None


def _lease(granted: Mapping[str, str], now: float) -> Lease:
    ends_at = datetime.fromisoformat(granted["expires_at"]).timestamp()
    return Lease(granted["api_key"], ends_at - RENEW_BEFORE_END * (ends_at - now), ends_at)
