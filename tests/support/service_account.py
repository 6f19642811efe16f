"""A service account's JSON key, made on the spot."""

import json
from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@lru_cache(maxsize=1)
def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def service_account(token_uri: str, *, name: str = "caller", project: str = "my-project") -> dict[str, str]:
    """The key as Google writes it; tokens are to be had at `token_uri`."""
    return {
        "type": "service_account",
        "project_id": project,
        "private_key_id": "1" * 40,
        "private_key": _private_key(),
        "client_email": f"{name}@{project}.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": token_uri,
    }


def service_account_text(token_uri: str, *, name: str = "caller", project: str = "my-project") -> str:
    return json.dumps(service_account(token_uri, name=name, project=project))
