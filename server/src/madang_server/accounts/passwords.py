"""Passwords: the rule for a new one, and argon2id for keeping and checking them."""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from madang_server.accounts.problems import Invalid

SHORTEST_PASSWORD = 10
# Argon2 reads all of it: without a bound, a huge password would be a way to keep the server busy.
LONGEST_PASSWORD = 200


# Each hash takes 64 MB for a moment: without a bound, many sign-ins at once would take all the memory there is.
_AT_ONCE = 4


class Passwords:
    """Hashes and checks passwords. An unknown account costs as much time as a wrong password."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._hash_of_nobody: str | None = None
        self._turns = BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str) -> str:
        """The argon2id hash to keep."""
        with self._turns:
            return self._hasher.hash(password)

    def matches(self, password: str, kept_hash: str | None) -> bool:
        """Whether `password` belongs to `kept_hash`; False for None, after the same work."""
        if len(password) > LONGEST_PASSWORD:
            return False
        known_hash = kept_hash or self._nobody()
        with self._turns:
            try:
                return self._hasher.verify(known_hash, password) and kept_hash is not None
            except (VerificationError, InvalidHashError):
                return False

    def _nobody(self) -> str:
        if self._hash_of_nobody is None:
            self._hash_of_nobody = self.hash("nobody has this password")
        return self._hash_of_nobody


def check_new_password(password: str) -> None:
    """Raises `Invalid` unless `password` is long enough. Length is what matters, so nothing else is asked for."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(f"Choose a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.", param="password")
