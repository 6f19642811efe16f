"""The one small request by which a vendor tells whether a credential opens anything. Free; nothing of users is in it.

Sources: the vendors' API references (Anthropic "List Models", Gemini "models.list", Azure OpenAI "Models - List"), Amazon
Bedrock's "Converse", and Google's "Using OAuth 2.0 for server to server applications".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from madang.errors import CallFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from madang_server.credentials.store import OpenedCredential

_PUBLIC = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com",
}
_AZURE_API_VERSION = "2024-10-21"
_ANTHROPIC_VERSION = "2023-06-01"
# No model: who may not come in at all is told so before anybody looks at the name.
_NO_MODEL = "madang.credential-check"
_ANY_REGION = "us-east-1"
_REGION_IN_HOST = re.compile(r"bedrock-runtime\.([a-z0-9-]+)\.amazonaws\.")
_TOKEN_SCOPE = "https://www.googleapis.com/auth/cloud-platform"  # noqa: S105 - a scope's name
_TOKEN_LIFE_S = 600


class NotAskable(Exception):
    """There is no request that would tell; the message says what to do instead."""


@dataclass(frozen=True, kw_only=True)
class CheckRequest:
    """`proves` are the statuses that a vendor only gives to those it lets in, beside success."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)  # None: a GET
    proves: frozenset[int] = frozenset()
    refuses: frozenset[int] = frozenset({401, 403})

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


def check_request(credential: OpenedCredential, *, region: str, now_s: float) -> CheckRequest:
    """The request for this credential. `region`: where Bedrock is asked; `now_s`: seconds since the epoch.

    Raises `NotAskable`.
    """
    key = credential.api_key or ""
    base_url = (credential.base_url or _PUBLIC.get(credential.vendor, "")).rstrip("/")
    if credential.vendor == "openai":
        return _get(f"{base_url}/models", {"authorization": f"Bearer {key}"} if key else {})
    if credential.vendor == "azure":
        return _get(_azure_url(base_url, credential.api_version), {"api-key": key})
    if credential.vendor == "anthropic":
        url = f"{base_url.removesuffix('/v1')}/v1/models?limit=1"
        return _get(url, {"x-api-key": key, "anthropic-version": _ANTHROPIC_VERSION})
    if credential.vendor == "gemini":
        return _gemini(base_url, key)
    if credential.vendor == "vertex":
        return _token_exchange(key, now_s)
    if credential.vendor == "bedrock":
        return _converse(credential, region or _ANY_REGION, now_s)
    raise NotAskable("Which vendor this opens is said by the model; make a test call of a model that uses it.")


def _get(url: str, headers: Mapping[str, str]) -> CheckRequest:
    return CheckRequest(url=url, headers={"accept": "application/json", "user-agent": "madang", **headers})


def _azure_url(base_url: str, api_version: str | None) -> str:
    if base_url.endswith("/v1"):
        return f"{base_url}/models"
    query = urlencode({"api-version": api_version or _AZURE_API_VERSION})
    return f"{base_url.removesuffix('/openai')}/openai/models?{query}"


def _gemini(base_url: str, key: str) -> CheckRequest:
    root = base_url.removesuffix("/v1beta").removesuffix("/v1")
    headers = {"accept": "application/json", "user-agent": "madang", "x-goog-api-key": key}
    # A wrong key is an invalid argument there: 400 with API_KEY_INVALID.
    return CheckRequest(url=f"{root}/v1beta/models?pageSize=1", headers=headers, refuses=frozenset({400, 401, 403}))


def _token_exchange(key: str, now_s: float) -> CheckRequest:
    from google.auth import crypt, jwt  # untyped, hence the ignores below

    account = json.loads(key)
    claims = {
        "iss": account["client_email"],
        "scope": _TOKEN_SCOPE,
        "aud": account["token_uri"],
        "iat": int(now_s),
        "exp": int(now_s) + _TOKEN_LIFE_S,
    }
    signer = crypt.RSASigner.from_service_account_info(account)  # type: ignore[no-untyped-call]
    assertion: bytes = jwt.encode(signer, claims)  # type: ignore[no-untyped-call]
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion.decode("ascii")}
    return CheckRequest(
        url=account["token_uri"],
        headers={"content-type": "application/x-www-form-urlencoded", "user-agent": "madang"},
        body=urlencode(form).encode("ascii"),
        refuses=frozenset({400, 401, 403}),
    )


def _converse(credential: OpenedCredential, region: str, now_s: float) -> CheckRequest:
    from madang.providers.bedrock.access import Access

    base_url = (credential.base_url or f"https://bedrock-runtime.{region}.amazonaws.com").rstrip("/")
    found = _REGION_IN_HOST.search(base_url)
    url = f"{base_url}/model/{_NO_MODEL}/converse"
    body = json.dumps(
        {"messages": [{"role": "user", "content": [{"text": "."}]}], "inferenceConfig": {"maxTokens": 1}}
    ).encode()
    try:
        headers = Access().headers(credential.api_key or "", found[1] if found else region, url, body, now_s)
    except CallFailed as failure:
        raise NotAskable(failure.message) from None
    return CheckRequest(url=url, headers=headers, body=body, proves=frozenset({400, 404}))
