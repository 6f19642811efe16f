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
_MAY_PASS = (408, 429)


class FetchedConfig(NamedTuple):
    """The project's models as the platform describes them, and the tag of this version."""

    document: Mapping[str, Any]
    etag: str


class Platform:
    """One request at a time on its own connection, so it may be used from several threads. `timeout_s` holds for each
    read. Raises PlatformRefused when the platform says no, PlatformUnavailable for everything that may pass.
    """

    def __init__(self, base_url: str, api_key: str, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._parts = urlsplit(base_url)
        self._authorization = f"Bearer {api_key}"
        self._timeout_s = timeout_s

    def config(self, etag: str = "") -> FetchedConfig | None:
        """The models and their routing, or None when `etag` is still the newest version."""
        status, headers, body = self._ask("GET", "/api/sdk/config", {"if-none-match": etag} if etag else {}, b"")
        if status == 304:
            return None
        return FetchedConfig(self._checked(status, body), headers.get("etag", ""))

    def lease(self, credential_ids: list[str]) -> Mapping[str, Any]:
        """By credential id: `api_key`, and `expires_at` as ISO 8601."""
        body = msgspec.json.encode({"credential_ids": credential_ids})
        status, _, answer = self._ask("POST", "/api/sdk/lease", {"content-type": "application/json"}, body)
        leases = self._checked(status, answer).get("credentials")
        if not isinstance(leases, dict):
            raise self._garbled(status)
        return leases

    def send_spans(self, otlp_json: bytes) -> None:
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        status, _, answer = self._ask("POST", "/v1/traces", headers, gzip.compress(otlp_json, 1))
        self._checked(status, answer)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.netloc, timeout=self._timeout_s)
        try:
            connection.request(
                method, self._parts.path + path, body or None, {"authorization": self._authorization, **headers}
            )
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise PlatformUnavailable(
                f"The platform at {self._where} did not answer ({type(error).__name__}). "
                "Is it running, and is base_url (or MADANG_BASE_URL) its address?"
            ) from error
        finally:
            connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, answer

    def _checked(self, status: int, body: bytes) -> Mapping[str, Any]:
        """The answer's JSON object. What a broken platform or a proxy before it says is no refusal: it may pass."""
        try:
            answer = msgspec.json.decode(body) if body else {}
        except msgspec.DecodeError:
            answer = None
        error = answer.get("error") if isinstance(answer, dict) else None
        words = error.get("message") if isinstance(error, dict) else None
        if status in _MAY_PASS or status >= 500:
            raise PlatformUnavailable(f"The platform at {self._where} answered {status}.")
        if status >= 400:
            raise PlatformRefused(str(words or f"The platform at {self._where} answered {status}."), status)
        if status >= 300 or not isinstance(answer, dict):
            raise self._garbled(status)
        return answer

    def _garbled(self, status: int) -> PlatformUnavailable:
        return PlatformUnavailable(
            f"What answers at {self._where} (status {status}) does not speak as Madang does. "
            "Is base_url (or MADANG_BASE_URL) the platform's address?"
        )

    @property
    def _where(self) -> str:
        return f"{self._parts.scheme}://{self._parts.netloc.rpartition('@')[2]}"
