"""Seals vendor keys with AES-256-GCM under a key derived from the installation's secret key.

A sealed value reads `1.KEYID.NONCE+CIPHERTEXT`. The key id tells which secret key sealed it, so that a wrong one is
noticed before decrypting and a later rotation can tell old values from new. Project and credential are authenticated with
the value: a sealed key copied into another row does not open.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Callable

_NONCE_BYTES = 12


class WrongSecretKey(Exception):
    """A credential does not open with the secret key in force."""


class Cipher:
    """Seals and opens under one secret key."""

    def __init__(self, secret_key: str) -> None:
        self._aead = AESGCM(_derive(secret_key, b"madang credentials 1", 32))
        self.key_id = _derive(secret_key, b"madang credentials key id", 4).hex()

    def seal(self, plain: str, *, project_id: str, credential_id: str, random_bytes: Callable[[int], bytes]) -> str:
        """`plain` sealed for this credential of this project."""
        nonce = random_bytes(_NONCE_BYTES)
        sealed = nonce + self._aead.encrypt(nonce, plain.encode("utf-8"), _bound_to(project_id, credential_id))
        return f"1.{self.key_id}.{base64.urlsafe_b64encode(sealed).decode('ascii')}"

    def open(self, sealed: str, *, project_id: str, credential_id: str) -> str:
        """What was sealed. Raises `WrongSecretKey`."""
        form, _, rest = sealed.partition(".")
        key_id, _, encoded = rest.partition(".")
        if form != "1" or key_id != self.key_id:
            raise WrongSecretKey(_ADVICE)
        try:
            raw = base64.urlsafe_b64decode(encoded)
            plain = self._aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound_to(project_id, credential_id))
        except (InvalidTag, binascii.Error, ValueError):
            raise WrongSecretKey(_ADVICE) from None
        return plain.decode("utf-8")


_ADVICE = (
    "A stored vendor credential does not open with the secret key in force. Start with the MADANG_SECRET_KEY (or the "
    "secret.key file in MADANG_HOME) that was in force when the credential was saved, or enter the vendor's key again."
)


def _derive(secret_key: str, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(secret_key.encode("utf-8"))


def _bound_to(project_id: str, credential_id: str) -> bytes:
    return f"{project_id}/{credential_id}".encode()
