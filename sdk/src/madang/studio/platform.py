"""A thin client of the platform: configuration, credential leases, spans. Blocking; called from threads that may wait.

It uses the standard library, because it must work in a thread of its own whatever event loops the application runs.
"""

import gzip
import http.client
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from madang.errors import PlatformRefused, PlatformUnavailable

_TIMEOUT_S = 10.0


class FetchedConfig(NamedTuple):
    """The project's models as the platform describes them, and the tag of this version."""

    document: Mapping[str, Any]
    etag: str


class Platform:
    """One request at a time on its own connection, so it may be used from several threads."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._parts = urlsplit(base_url)
        self._authorization = f"Bearer {api_key}"

    def config(self, etag: str = "") -> FetchedConfig | None:
        """The models and their routing, or None when `etag` is still the newest version."""
        status, headers, body = self._ask("GET", "/api/sdk/config", {"if-none-match": etag} if etag else {}, b"")
        if status == 304:
            return None
        return FetchedConfig(_checked(status, body), headers.get("etag", ""))

    def lease(self, credential_ids: list[str]) -> Mapping[str, Any]:
        """By credential id: `api_key`, and `expires_at` as ISO 8601."""
        body = msgspec.json.encode({"credential_ids": credential_ids})
        status, _, answer = self._ask("POST", "/api/sdk/lease", {"content-type": "application/json"}, body)
        leases: Mapping[str, Any] = _checked(status, answer)["credentials"]
        return leases

    def send_spans(self, otlp_json: bytes) -> None:
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        status, _, answer = self._ask("POST", "/v1/traces", headers, gzip.compress(otlp_json, 1))
        _checked(status, answer)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.netloc, timeout=_TIMEOUT_S)
        try:
            connection.request(
                method, self._parts.path + path, body or None, {"authorization": self._authorization, **headers}
            )
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            where = f"{self._parts.scheme}://{self._parts.hostname}"
            raise PlatformUnavailable(f"The platform at {where} did not answer ({type(error).__name__}).") from error
        finally:
            connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, answer


def _checked(status: int, body: bytes) -> Mapping[str, Any]:
    try:
        answer = msgspec.json.decode(body) if body else {}
    except msgspec.DecodeError:
        answer = {}
    if status >= 400 or not isinstance(answer, dict):
        error = answer.get("error") if isinstance(answer, dict) else None
        words = error.get("message") if isinstance(error, dict) else None
        raise PlatformRefused(str(words or f"The platform answered {status}."), status)
    return answer
