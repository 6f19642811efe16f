"""Where a vendor's own API is, for callers who speak it themselves, and the headers that open its door.

A path is the vendor's own, version included (`v1/files`, `v1beta/models/…:generateContent`, `model/…/converse`), below the
credential's address or, without one, the vendor's public one. Which paths exist is for the vendor to say.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from madang.calls.transport import Transport
from madang.errors import CallFailed
from madang.providers.anthropic.call import DEFAULT_BASE_URL as ANTHROPIC_URL
from madang.providers.anthropic.call import DEFAULT_VERSION as ANTHROPIC_VERSION
from madang.providers.bedrock.access import Access
from madang.providers.bedrock.address import base_of
from madang.providers.gemini.address import GEMINI_URL, unversioned, vertex_host
from madang.providers.gemini.service_account import AccessTokens, read_key
from madang.providers.openai import DEFAULT_BASE_URL as OPENAI_URL

NATIVE_VENDORS = ("openai", "azure", "anthropic", "gemini", "vertex", "bedrock")
_AZURE_V1 = "/openai/v1"
_LOCATION = re.compile(r"(?:^|/)locations/([a-z0-9-]+)(?:/|$)")


class NativeAsk(NamedTuple):
    """A request in a vendor's own words. `path` has no slash at its start and is percent-encoded; `query` too, without "?".

    `base_url`, `api_version` and `api_key` are the credential's; `region` is for vendors that have them.
    """

    vendor: str
    method: str
    path: str
    query: str
    body: bytes
    base_url: str
    api_version: str
    api_key: str
    region: str = ""


class OpenDoor(NamedTuple):
    """`headers` go before the caller's own; `secrets` are what must not come back."""

    url: str
    headers: dict[str, str]
    secrets: tuple[str, ...]


class NativeDoors:
    """Opens every vendor's door. `now_s` gives Unix seconds, for what is signed."""

    def __init__(self, transport: Transport, now_s: Callable[[], float]) -> None:
        self._access = Access()
        self._tokens = AccessTokens(transport, now_s=now_s)
        self._now_s = now_s

    async def open(self, ask: NativeAsk) -> OpenDoor:
        """Raises CallFailed for a path that is none of the vendor's, and for a credential that cannot work."""
        match ask.vendor:
            case "openai":
                return _openai(ask)
            case "azure":
                return _azure(ask)
            case "anthropic":
                base = ask.base_url.rstrip("/").removesuffix("/v1") or ANTHROPIC_URL
                headers = {"anthropic-version": ask.api_version or ANTHROPIC_VERSION}
                return OpenDoor(_url(base, ask), headers | _key("x-api-key", ask.api_key), (ask.api_key,))
            case "gemini":
                base = unversioned(ask.base_url or GEMINI_URL)
                return OpenDoor(_url(base, ask), _key("x-goog-api-key", ask.api_key), (ask.api_key,))
            case "vertex":
                return await self._vertex(ask)
            case "bedrock":
                return self._bedrock(ask)
        raise CallFailed(
            f"There is no pass-through to {ask.vendor!r}; there is one to {', '.join(NATIVE_VENDORS)}.",
            reason="not_found",
            status=404,
            code="unknown_vendor",
        )

    async def _vertex(self, ask: NativeAsk) -> OpenDoor:
        found = _LOCATION.search(ask.path)
        base = unversioned(ask.base_url or vertex_host(found[1] if found else "global"))
        if not ask.api_key.lstrip().startswith("{"):
            return OpenDoor(_url(base, ask), _key("x-goog-api-key", ask.api_key), (ask.api_key,))
        account = read_key(ask.api_key)
        token = await self._tokens.token(account)
        return OpenDoor(_url(base, ask), {"authorization": f"Bearer {token}"}, (account.private_key, token))

    def _bedrock(self, ask: NativeAsk) -> OpenDoor:
        if ask.method != "POST":
            raise _no_such_path("Bedrock's runtime is passed through by POST only, to paths such as model/ID/converse")
        url = _url(base_of(ask.base_url, ask.region), ask)
        headers = self._access.headers(ask.api_key, ask.region, url, ask.body, self._now_s())
        return OpenDoor(url, dict(headers), self._access.secrets(ask.api_key, ask.region))


def _openai(ask: NativeAsk) -> OpenDoor:
    """The credential's address stands for OpenAI's `/v1`, whatever it ends with."""
    version, _, rest = ask.path.partition("/")
    if version != "v1" or not rest:
        raise _no_such_path("OpenAI's paths begin with v1/, such as v1/files")
    base = ask.base_url.rstrip("/") or OPENAI_URL
    door = _key("authorization", f"Bearer {ask.api_key}" if ask.api_key else "")
    return OpenDoor(_url(base, ask._replace(path=rest)), door, (ask.api_key,))


def _azure(ask: NativeAsk) -> OpenDoor:
    if not ask.path.startswith("openai/"):
        raise _no_such_path("Azure OpenAI's paths begin with openai/, such as openai/v1/files")
    query = ask.query
    if ask.api_version and "api-version=" not in query and not f"/{ask.path}".startswith(f"{_AZURE_V1}/"):
        query += ("&" if query else "") + f"api-version={ask.api_version}"
    base = ask.base_url.rstrip("/").removesuffix(_AZURE_V1)
    return OpenDoor(_url(base, ask._replace(query=query)), _key("api-key", ask.api_key), (ask.api_key,))


def _url(base: str, ask: NativeAsk) -> str:
    return f"{base.rstrip('/')}/{ask.path}" + (f"?{ask.query}" if ask.query else "")


def _key(header: str, value: str) -> dict[str, str]:
    return {header: value} if value else {}  # servers of one's own often ask for none


def _no_such_path(right: str) -> CallFailed:
    return CallFailed(f"{right}.", reason="not_found", status=404, code="unknown_url")
