"""Access tokens for Vertex AI from a service account's JSON key, kept until shortly before they expire.

Source: Google's "Using OAuth 2.0 for Server to Server Applications" (RFC 7523); google-auth reads the key and signs.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.openai_wire import without_keys

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME_S = 3_600
_EARLY_S = 300  # a token is renewed before a long answer could outlive it
_TIMEOUT_S = 30.0
_MOST_TOKENS = 1_000


class Key(msgspec.Struct, frozen=True):
    """What is used of a service account's JSON key."""

    client_email: str
    private_key: str
    token_uri: str
    project_id: str = ""
    private_key_id: str | None = None


@dataclass(slots=True)
class _Token:
    text: str
    expires_s: float


def read_key(text: str) -> Key:
    """The key in a credential's text. Raises CallFailed(authentication), which names what is missing, never what is there."""
    try:
        key = msgspec.json.decode(text, type=Key)
    except msgspec.DecodeError:
        raise _unusable(
            "is not a service account's JSON key with client_email, private_key and token_uri; "
            "create one in Google Cloud under IAM, Service Accounts, Keys"
        ) from None
    address = urlsplit(key.token_uri)
    is_local = address.scheme == "http" and address.hostname in ("127.0.0.1", "::1", "localhost")
    if not is_local and address.scheme != "https":
        raise _unusable("has a token_uri that is not an https address")
    return key


class AccessTokens:
    """Tokens by key. `now_s` gives Unix seconds. One token is asked for at a time per key; the others wait for it."""

    def __init__(self, transport: Transport, *, now_s: Callable[[], float]) -> None:
        self._transport = transport
        self._now_s = now_s
        self._tokens: dict[Key, _Token] = {}
        self._locks: dict[Key, asyncio.Lock] = {}

    async def token(self, key: Key) -> str:
        """A token that is good for some minutes. Raises CallFailed."""
        known = self._valid(key)
        if known:
            return known
        async with self._locks.setdefault(key, asyncio.Lock()):
            known = self._valid(key)  # another call may have got it meanwhile
            if known:
                return known
            token = await self._fetch(key)
            self._forget_expired()
            self._tokens[key] = token
            return token.text

    def forget(self, key: Key) -> None:
        """Gives up a token that Google no longer takes, as when the account's rights were changed."""
        self._tokens.pop(key, None)

    def _valid(self, key: Key) -> str:
        token = self._tokens.get(key)
        return token.text if token is not None and token.expires_s > self._now_s() else ""

    def _forget_expired(self) -> None:
        """Keys are replaced now and then; theirs would stay for ever."""
        if len(self._tokens) < _MOST_TOKENS:
            return
        now = self._now_s()
        self._tokens = {key: token for key, token in self._tokens.items() if token.expires_s > now}
        self._locks = {key: lock for key, lock in self._locks.items() if key in self._tokens or lock.locked()}

    async def _fetch(self, key: Key) -> _Token:
        issued = int(self._now_s())
        assertion = await asyncio.to_thread(_assertion, key, issued)  # signing takes milliseconds of CPU
        form = urlencode({"grant_type": _GRANT, "assertion": assertion}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "accept-encoding": "identity"}
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                response = await self._transport.send("POST", key.token_uri, headers, form)
                try:
                    status, raw = response.status, await response.read()
                finally:
                    response.close()
        except (ConnectionError, TimeoutError) as error:
            raise CallFailed(
                "Google's token endpoint could not be reached.",
                reason="connection",
                status=502,
                code="connection_failed",
            ) from error
        return _read_token(status, raw, issued)


def _assertion(key: Key, issued_s: int) -> str:
    try:
        from google.auth import crypt, jwt
    except ImportError:
        raise CallFailed(
            "Vertex AI needs google-auth, which is not installed here; install madang[vertex].",
            reason="not_found",
            status=502,
            code="library_missing",
        ) from None

    claims = {
        "iss": key.client_email,
        "sub": key.client_email,
        "scope": SCOPE,
        "aud": key.token_uri,
        "iat": issued_s,
        "exp": issued_s + _LIFETIME_S,
    }
    try:
        # google-auth has no types for these two.
        signer = crypt.RSASigner.from_string(key.private_key, key.private_key_id)  # type: ignore[no-untyped-call]
        signed: bytes = jwt.encode(signer, claims)  # type: ignore[no-untyped-call]
    except ValueError:
        raise _unusable("has a private_key that cannot be read") from None
    return signed.decode("ascii")


def _read_token(status: int, raw: bytes, issued_s: int) -> _Token:
    try:
        told: Any = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        told = None
    fields: dict[str, Any] = told if isinstance(told, dict) else {}
    token = fields.get("access_token")
    if status == 200 and isinstance(token, str) and token:
        lifetime = fields.get("expires_in")
        lasts = float(lifetime) if isinstance(lifetime, int | float) else _LIFETIME_S
        return _Token(token, issued_s + max(lasts - _EARLY_S, lasts / 2))
    words = without_keys(str(fields.get("error_description") or ""))
    if status >= 500 or status == 429 or not fields.get("error"):
        raise CallFailed(
            f"Google's token endpoint answered {status}.", reason="server_error", status=502, code="token_endpoint"
        )
    raise CallFailed(
        f"Google gives this service account no access: {words or fields['error']}",
        reason="authentication",
        status=401,
        code=str(fields["error"]),
    )


def _unusable(what: str) -> CallFailed:
    return CallFailed(f"The credential {what}.", reason="authentication", status=401, code="invalid_service_account")
