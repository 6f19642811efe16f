"""A Google service account's key file, in Google's form, with a new key that opens nothing."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def service_account(**fields: str) -> dict[str, str]:
    """The file's content; `fields` replace those given here."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    plain = {
        "type": "service_account",
        "project_id": "menu-1",
        "private_key_id": "0123456789abcdef",
        "private_key": pem,
        "client_email": "menu@menu-1.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return plain | fields
