"""Who may call: API keys, and the OAuth tokens that service accounts get here for their signed claims.

Source: Google's "Using OAuth 2.0 for Server to Server Applications". The signature is not checked, as nobody has told the
simulator the accounts' public keys; everything that is claimed is.
"""

import base64
from typing import Any
from urllib.parse import parse_qs

import msgspec

from madang_simulator.incoming import Incoming
from madang_simulator.keys import bearer
from madang_simulator.refusals import Refusal
from madang_simulator.wires.gemini.refusals import UNAUTHENTICATED
from madang_simulator.wires.wire import Reply

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME_S = 3_600
_PREFIX = "ya29.simulated-"
_WRONG_KEYS = ("sk-wrong", "AIza-wrong")


def check_access(incoming: Incoming, now_s: float, *, is_vertex: bool) -> None:
    """Raises Refusal unless there is a key that does not say it is wrong, or a token that has not expired."""
    token = bearer(incoming.headers)
    key = incoming.headers.get("x-goog-api-key") or incoming.query.get("key")
    if token is not None:
        if token.startswith("sk-wrong") or _expires_s(token) < now_s:
            raise Refusal(kind="unauthorized", code=UNAUTHENTICATED)
        return
    if key and key.startswith(_WRONG_KEYS):
        raise Refusal(kind="unauthorized")
    if not key and is_vertex:
        raise Refusal(kind="unauthorized", code=UNAUTHENTICATED)
    if not key:
        message = (
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
            "form of API consumer identity to call this API."
        )
        raise Refusal(kind="permission_denied", message=message)


def token_reply(incoming: Incoming) -> Reply:
    """The token endpoint's answer to a signed claim. An account whose name begins with "wrong" has been disabled."""
    form = {name: values[0] for name, values in parse_qs(incoming.body.decode("latin-1")).items()}
    if form.get("grant_type") != _GRANT:
        return _refused("unsupported_grant_type", "Invalid grant_type")
    claims = _claims(form.get("assertion", ""))
    if claims is None or not str(claims.get("aud", "")).endswith(f"/{incoming.path}"):
        return _refused("invalid_grant", "Invalid JWT: Failed audience check.")
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or not isinstance(expires, int) or not 0 < expires - issued <= _LIFETIME_S:
        return _refused(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
        )
    if str(claims.get("iss", "wrong")).startswith("wrong"):
        return _refused("invalid_grant", "Invalid grant: account not found")
    told = {"access_token": f"{_PREFIX}{issued + _LIFETIME_S}", "expires_in": _LIFETIME_S - 1, "token_type": "Bearer"}
    return Reply(200, msgspec.json.encode(told))


def _expires_s(token: str) -> float:
    """When a token of ours ends, in Unix seconds; any other is good for ever."""
    end = token.removeprefix(_PREFIX)
    return float(end) if token.startswith(_PREFIX) and end.isdigit() else float("inf")


def _claims(assertion: str) -> dict[str, Any] | None:
    parts = assertion.split(".")
    if len(parts) != 3 or not parts[2]:
        return None
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, msgspec.DecodeError):
        return None
    return claims if isinstance(claims, dict) else None


def _refused(error: str, description: str) -> Reply:
    return Reply(400, msgspec.json.encode({"error": error, "error_description": description}))
