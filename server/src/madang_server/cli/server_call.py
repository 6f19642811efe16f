"""Asks a running platform with the project's secret key, and turns what can go wrong into a sentence."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from madang_server.settings import Settings

_TIMEOUT_S = 60.0


class CallRefused(Exception):
    """The platform could not be reached or did not accept what was sent; the message says what to do."""


def post(settings: Settings, path: str, document: Any) -> Any:
    """What the platform at MADANG_BASE_URL answers to `document`. Raises `CallRefused`."""
    return _ask(settings, "POST", path, json.dumps(document, default=str).encode("utf-8"))


def get(settings: Settings, path: str) -> Any:
    """What the platform at MADANG_BASE_URL has at `path`. Raises `CallRefused`."""
    return _ask(settings, "GET", path, None)


def _ask(settings: Settings, method: str, path: str, body: bytes | None) -> Any:
    if not settings.api_key:
        raise CallRefused(
            "MADANG_API_KEY is not set: set it to the secret key (sk-md-…) of the project. "
            "Keys are made on the page Gateway → API keys."
        )
    request = urllib.request.Request(
        f"{settings.base_url}{path}",
        data=body,
        headers={"authorization": f"Bearer {settings.api_key}", "content-type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        raise CallRefused(_refusal(error, settings.base_url)) from None
    except (OSError, http.client.HTTPException, ValueError):
        raise CallRefused(
            f"No Madang answers at {settings.base_url}. Start it with `madang up`, or set MADANG_BASE_URL to its address."
        ) from None


def _refusal(error: urllib.error.HTTPError, base_url: str) -> str:
    try:
        problem = json.loads(error.read())["error"]
        message, param = str(problem["message"]), problem["param"]
    except (ValueError, KeyError, TypeError, OSError):
        return f"What answers at {base_url} is no Madang (status {error.code}). Check MADANG_BASE_URL."
    if error.code == 401:
        return f"{message} Check MADANG_API_KEY."
    return f"{message} (at {param})" if param else message
