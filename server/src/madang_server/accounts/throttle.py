"""Slows down guessing of passwords: counts failures per account and address, and per address alone.

Kept in memory: a restart forgives, and a database under attack is not written to.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from madang_server.accounts.problems import TooManyAttempts

_FREE_FAILURES_OF_ACCOUNT = 5
_FREE_FAILURES_OF_ADDRESS = 50
_FIRST_WAIT_S = 30.0
_LONGEST_WAIT_S = 900.0
_MOST_REMEMBERED = 50_000


@dataclass(frozen=True)
class _Failures:
    count: int
    waits_until_s: float


class SignInThrottle:
    """Times are seconds of any clock that does not go back."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = Lock()

    def admit(self, email: str, address: str, *, now_s: float) -> None:
        """Raises `TooManyAttempts` while this account, from this address, has to wait."""
        with self._lock:
            waits = [
                self._failures[name].waits_until_s - now_s for name in _names(email, address) if name in self._failures
            ]
        longest = max(waits, default=0.0)
        if longest > 0:
            seconds = math.ceil(longest)
            raise TooManyAttempts(
                f"Too many failed attempts to sign in. Try again in {seconds} seconds.", retry_after_s=seconds
            )

    def failed(self, email: str, address: str, *, now_s: float) -> None:
        """Remember a failure; each one beyond the free ones doubles the wait, up to 15 minutes."""
        account, alone = _names(email, address)
        with self._lock:
            self._count(account, _FREE_FAILURES_OF_ACCOUNT, now_s)
            self._count(alone, _FREE_FAILURES_OF_ADDRESS, now_s)

    def succeeded(self, email: str, address: str) -> None:
        """Forget the account's failures. The address keeps its own, or one right password would free a sprayer."""
        account, _ = _names(email, address)
        with self._lock:
            self._failures.pop(account, None)

    def _count(self, name: str, free: int, now_s: float) -> None:
        before = self._failures.pop(name, _Failures(0, now_s))
        quiet_s = now_s - before.waits_until_s
        count = 1 if quiet_s > _LONGEST_WAIT_S else before.count + 1
        beyond = count - free
        wait_s = min(_FIRST_WAIT_S * 2 ** min(beyond, 10), _LONGEST_WAIT_S) if beyond >= 0 else 0.0
        self._failures[name] = _Failures(count, now_s + wait_s)
        while len(self._failures) > _MOST_REMEMBERED:
            self._failures.popitem(last=False)


def _names(email: str, address: str) -> tuple[str, str]:
    return f"{email} {address}", f" {address}"
