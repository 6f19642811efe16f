"""What opens Bedrock: an API key that is sent as it is, or a key pair with which every request is signed.

Signing is botocore's (SigV4, service name "bedrock"); it is loaded when the first request has to be signed. Format of the
credential text: a Bedrock API key, or JSON with the names that AWS's credential files use.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from madang.errors import CallFailed

_SERVICE = "bedrock"
_MOST_SIGNERS = 256


class KeyPair(NamedTuple):
    """Long-lived, or with the token of a session."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


class _Given(msgspec.Struct):
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str | None = None


def read_credential(text: str) -> KeyPair | str:
    """The key pair, or the API key. Raises CallFailed(authentication) when it is neither."""
    text = text.strip()
    if not text.startswith("{"):
        if not text or not (text.isascii() and text.isprintable()) or " " in text:
            raise _unusable("is neither a Bedrock API key nor JSON with an access key")
        return text
    try:
        given = msgspec.json.decode(text, type=_Given)
    except msgspec.DecodeError:
        raise _unusable("looks like JSON but cannot be read") from None
    if not given.access_key_id or not given.secret_access_key:
        raise _unusable("has no access_key_id or no secret_access_key")
    return KeyPair(given.access_key_id, given.secret_access_key, given.session_token or "")


Signer = Callable[[str, bytes, float], dict[str, str]]
"""From a URL, a JSON body and the time in seconds since the epoch to all headers that the request needs."""


class Access:
    """Headers for requests to Bedrock. Keeps what was read and derived for each credential and region."""

    def __init__(self) -> None:
        self._signers: dict[tuple[str, str], tuple[Signer, tuple[str, ...]]] = {}

    def headers(self, credential: str, region: str, url: str, body: bytes, now_s: float) -> dict[str, str]:
        """Raises CallFailed when the credential cannot work."""
        return self._signer(credential, region)[0](url, body, now_s)

    def secrets(self, credential: str, region: str) -> tuple[str, ...]:
        """What of the credential must not come back in errors."""
        return self._signer(credential, region)[1]

    def _signer(self, credential: str, region: str) -> tuple[Signer, tuple[str, ...]]:
        known = self._signers.get((credential, region))
        if known is None:
            if len(self._signers) >= _MOST_SIGNERS:
                self._signers.clear()
            known = self._signers[credential, region] = _signer_of(read_credential(credential), region)
        return known


def _signer_of(opener: KeyPair | str, region: str) -> tuple[Signer, tuple[str, ...]]:
    if isinstance(opener, str):
        headers = {"content-type": "application/json", "authorization": f"Bearer {opener}"}
        return lambda _url, _body, _now_s: headers, (opener,)
    if not region:
        raise CallFailed(
            "Bedrock signs requests for a region, and this deployment has none; set one such as 'us-east-1'.",
            reason="not_found",
            status=502,
            code="unknown_region",
        )
    secrets = (opener.secret_access_key, opener.session_token, opener.access_key_id)
    return _signing(opener, region), tuple(secret for secret in secrets if secret)


def _signing(pair: KeyPair, region: str) -> Signer:
    auth = _daily_auth(pair, region)
    request_of = load_botocore("awsrequest").AWSRequest

    def sign(url: str, body: bytes, now_s: float) -> dict[str, str]:
        timestamp = datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {"content-type": "application/json", "x-amz-date": timestamp}
        if pair.session_token:
            headers["x-amz-security-token"] = pair.session_token
        request = request_of(method="POST", url=url, headers=headers, data=body)
        request.context["timestamp"] = timestamp
        to_sign = auth.string_to_sign(request, auth.canonical_request(request))
        signed = auth.signed_headers(auth.headers_to_sign(request))
        signature = auth.signature(to_sign, request)
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={signed}, Signature={signature}"
        )
        return headers

    return sign


def _daily_auth(pair: KeyPair, region: str) -> Any:
    """botocore's SigV4Auth, deriving the signing key once a day instead of for every request."""
    auth = load_botocore("auth")
    credentials = load_botocore("credentials").Credentials(
        pair.access_key_id, pair.secret_access_key, pair.session_token
    )

    class DailyAuth(auth.SigV4Auth):  # type: ignore[misc, name-defined]  # botocore is loaded only now, and untyped
        _day = ""
        _key = b""

        def signature(self, string_to_sign: str, request: Any) -> str:
            day = request.context["timestamp"][:8]
            if day != self._day:
                key = f"AWS4{pair.secret_access_key}".encode()
                for step in (day, region, _SERVICE, "aws4_request"):
                    key = hmac.digest(key, step.encode(), hashlib.sha256)
                self._day, self._key = day, key
            return hmac.digest(self._key, string_to_sign.encode(), hashlib.sha256).hex()

    return DailyAuth(credentials, _SERVICE, region)


def load_botocore(part: str) -> Any:
    """The module `botocore.PART`. Raises CallFailed that says what to install."""
    import importlib

    try:
        return importlib.import_module(f"botocore.{part}")
    except ImportError:
        raise CallFailed(
            "Bedrock needs botocore, which is not installed here; install madang[bedrock].",
            reason="not_found",
            status=502,
            code="library_missing",
        ) from None


def _unusable(what: str) -> CallFailed:
    return CallFailed(
        f"The deployment's credential {what}. Bedrock takes an API key, or JSON with access_key_id, "
        "secret_access_key and, for a session, session_token.",
        reason="authentication",
        status=401,
        code="invalid_credential",
    )
