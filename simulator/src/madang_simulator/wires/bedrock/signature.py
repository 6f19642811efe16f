"""Checks AWS's signature (version 4) of a request, for the one key pair that the simulator knows.

Algorithm: AWS's "IAM user guide", "Create a signed AWS API request". The path is encoded once more on top of what was
sent, as for every service but S3. Any session token is good, except one that begins with "expired".
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from madang_simulator.incoming import Incoming
from madang_simulator.refusals import Refusal

ACCESS_KEY_ID = "AKIASIMULATED0000000"
SECRET_ACCESS_KEY = "simulated+secret+access+key+0123456789ab"  # noqa: S105 - opens nothing but the simulator
_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "bedrock"
_MOST_SKEW_S = 300
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM} +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{{64}})"
)
_NEEDED = frozenset({"host", "x-amz-date"})


class _Signed(NamedTuple):
    """What the Authorization header says. `scope` is day/region/service/aws4_request."""

    access_key_id: str
    scope: str
    headers: list[str]
    signature: str


def check_signature(incoming: Incoming, now_s: float) -> None:
    """Raises Refusal unless the request is signed with the simulator's key pair; `now_s` in Unix seconds."""
    signed = _read(incoming)
    if signed.access_key_id != ACCESS_KEY_ID:
        raise _refused("UnrecognizedClientException", "The security token included in the request is invalid.")
    timestamp = incoming.headers.get("x-amz-date", "")
    _check_time(timestamp, signed.scope, now_s)
    if incoming.headers.get("x-amz-security-token", "").startswith("expired"):
        raise _refused("ExpiredTokenException", "The security token included in the request is expired")
    day, region, service, end = signed.scope.split("/")
    if service != _SERVICE:
        raise _refused("InvalidSignatureException", f"Credential should be scoped to correct service: '{_SERVICE}'.")
    digest = hashlib.sha256(_canonical_request(incoming, signed.headers).encode()).hexdigest()
    to_sign = "\n".join((_ALGORITHM, timestamp, signed.scope, digest))
    key = f"AWS4{SECRET_ACCESS_KEY}".encode()
    for step in (day, region, service, end):
        key = hmac.digest(key, step.encode(), "sha256")
    if not hmac.compare_digest(hmac.digest(key, to_sign.encode(), "sha256").hex(), signed.signature):
        raise _refused(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )


def _read(incoming: Incoming) -> _Signed:
    header = incoming.headers.get("authorization", "")
    if not header:
        raise _refused("MissingAuthenticationTokenException", "Missing Authentication Token")
    found = _AUTHORIZATION.fullmatch(header.strip())
    key_id, _, scope = found[1].partition("/") if found else ("", "", "")
    if found is None or scope.count("/") != 3:
        message = "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters."
        raise _refused("IncompleteSignatureException", message)
    signed = _Signed(key_id, scope, found[2].split(";"), found[3])
    missing = [name for name in _NEEDED if name not in signed.headers]
    missing += [name for name in signed.headers if name not in incoming.headers]
    if "x-amz-security-token" in incoming.headers and "x-amz-security-token" not in signed.headers:
        missing.append("x-amz-security-token")
    if missing:
        message = f"'{sorted(missing)[0]}' must be sent and be a 'SignedHeader' in the AWS Authorization."
        raise _refused("InvalidSignatureException", message)
    return signed


def _check_time(timestamp: str, scope: str, now_s: float) -> None:
    try:
        signed_at = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        message = "Date must be in ISO-8601 'basic format'."
        raise _refused("IncompleteSignatureException", message) from None
    if not scope.startswith(timestamp[:8]):
        message = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
        raise _refused("InvalidSignatureException", message)
    if abs(signed_at.timestamp() - now_s) > _MOST_SKEW_S:
        word = "expired" if signed_at.timestamp() < now_s else "not yet current"
        now = datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")
        raise _refused("InvalidSignatureException", f"Signature {word}: {timestamp} is too far from {now} (5 min.)")


def _canonical_request(incoming: Incoming, names: list[str]) -> str:
    parts = urlsplit(incoming.target)
    headers = "".join(f"{name}:{' '.join(incoming.headers[name].split())}\n" for name in names)
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    payload = hashlib.sha256(incoming.body).hexdigest()
    return "\n".join((incoming.method, quote(parts.path, safe="/~"), query, headers, ";".join(names), payload))


def _refused(name: str, message: str) -> Refusal:
    return Refusal(kind="unauthorized", code=name, message=message)
