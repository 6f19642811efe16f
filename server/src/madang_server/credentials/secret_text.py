"""What the secret of a credential is, vendor by vendor, in its stored form; and the few characters of it that may be shown.

Most vendors give one key. Bedrock takes an API key or a key pair as JSON, Vertex AI a service account's key file, and
LiteLLM's vendors a key or JSON with the parameters that theirs needs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from madang_server.accounts.keys import hint
from madang_server.accounts.problems import Invalid
from madang_server.accounts.vendor_url import is_forbidden_address

if TYPE_CHECKING:
    from typing import Any

LONGEST_SECRET = 20_000
_LONGEST_KEY = 4_000
_PLAIN_VALUES = (str, int, float, bool)

_BEDROCK = (
    "For Bedrock give an API key, or JSON with access_key_id, secret_access_key and, for a session, session_token."
)
_VERTEX = (
    "For Vertex AI paste the whole JSON key file of a service account, with type, project_id, client_email, private_key "
    "and token_uri."
)


def tidy_secret(vendor: str, text: str) -> str | None:
    """The secret as it is stored; None for an empty one. Raises `Invalid`, which never repeats any of it."""
    secret = text.strip()
    if not secret:
        return None
    if vendor == "vertex":
        return _tidy_service_account(secret)
    if vendor in ("bedrock", "litellm") and secret.startswith("{"):
        return _tidy_key_pair(secret) if vendor == "bedrock" else _tidy_parameters(secret)
    if len(secret) > _LONGEST_KEY or not secret.isascii() or not secret.isprintable():
        raise Invalid(
            "This is not a vendor key: give it as one line of plain letters, digits and signs.", param="api_key"
        )
    if vendor == "bedrock" and " " in secret:
        raise Invalid(_BEDROCK, param="api_key")
    return secret


def secret_hint(vendor: str, secret: str) -> str:
    """Up to four characters by which people tell keys apart: the end of the key, or of its public id in a JSON."""
    if not secret.startswith("{"):
        return hint(secret)
    values: dict[str, Any] = json.loads(secret)
    public = {"bedrock": "access_key_id", "vertex": "private_key_id"}.get(vendor, "")
    return hint(str(values.get(public, "")))


def _tidy_key_pair(secret: str) -> str:
    values = _json_object(secret, _BEDROCK)
    known = ("access_key_id", "secret_access_key", "session_token")
    for name in values:
        if name not in known:
            raise Invalid(_BEDROCK, param="api_key")
    kept = {name: str(values[name]).strip() for name in known if values.get(name)}
    if "access_key_id" not in kept or "secret_access_key" not in kept:
        raise Invalid(_BEDROCK, param="api_key")
    if any(not value.isascii() or not value.isprintable() or " " in value for value in kept.values()):
        raise Invalid(_BEDROCK, param="api_key")
    return _json_text(kept)


def _tidy_service_account(secret: str) -> str:
    values = _json_object(secret, _VERTEX)
    if values.get("type") != "service_account":
        raise Invalid(_VERTEX, param="api_key")
    for name in ("project_id", "client_email", "private_key", "token_uri"):
        if not isinstance(values.get(name), str) or not values[name].strip():
            raise Invalid(f"The key file has no {name}. {_VERTEX}", param="api_key")
    _check_private_key(values["private_key"])
    _check_token_uri(values["token_uri"])
    return _json_text(values)


def _check_private_key(pem: str) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise Invalid("The private_key in the key file cannot be read; paste the file unchanged.", param="api_key")


def _check_token_uri(token_uri: str) -> None:
    """Its answer becomes the token that is sent to Google, and the signed request for it opens the account."""
    try:
        parts = urlsplit(token_uri)
        host = parts.hostname or ""
        is_fine = bool(host) and parts.port != 0 and not (parts.username or parts.password)
    except ValueError:
        is_fine, parts, host = False, urlsplit(""), ""
    is_own = parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost")
    if not is_fine or not (parts.scheme == "https" or is_own) or is_forbidden_address(host):
        raise Invalid("The token_uri in the key file must begin with https://.", param="api_key")


def _tidy_parameters(secret: str) -> str:
    advice = "Give a key, or JSON with LiteLLM's parameters for this vendor, such as api_key, as plain values."
    values = _json_object(secret, advice)
    if not values or not all(isinstance(value, _PLAIN_VALUES) for value in values.values()):
        raise Invalid(advice, param="api_key")
    return _json_text(values)


def _json_object(secret: str, advice: str) -> dict[str, Any]:
    if len(secret) > LONGEST_SECRET:
        raise Invalid(f"This is too long. {advice}", param="api_key")
    try:
        values = json.loads(secret)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise Invalid(f"This is not JSON. {advice}", param="api_key")
    return values


def _json_text(values: dict[str, Any]) -> str:
    """In one form, however it was written, so that a file that is applied again changes nothing."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"))
