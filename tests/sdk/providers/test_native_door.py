"""Where requests in vendors' own words go, with which key; and what is read from their paths."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from madang.errors import CallFailed
from madang.providers.aiohttp_transport import AiohttpTransport
from madang.providers.native_door import NativeAsk, NativeDoors, OpenDoor
from madang.providers.native_meaning import meaning_of


def opened(vendor: str, path: str, *, method: str = "GET", **more: Any) -> OpenDoor:
    fields: dict[str, Any] = {"query": "", "body": b"", "base_url": "", "api_version": "", "api_key": "the-key", **more}

    async def open_door() -> OpenDoor:
        transport = AiohttpTransport()
        try:
            return await NativeDoors(transport, lambda: 1_700_000_000.0).open(NativeAsk(vendor, method, path, **fields))
        finally:
            await transport.close()

    return asyncio.run(open_door())


@pytest.mark.parametrize(
    ("vendor", "path", "more", "url", "header"),
    [
        ("openai", "v1/files", {"query": "limit=2"}, "https://api.openai.com/v1/files?limit=2", "authorization"),
        ("openai", "v1/files", {"base_url": "https://h/openai/v9/"}, "https://h/openai/v9/files", "authorization"),
        ("anthropic", "v1/models", {"base_url": "https://h/v1"}, "https://h/v1/models", "x-api-key"),
        ("anthropic", "v1/models", {}, "https://api.anthropic.com/v1/models", "x-api-key"),
        (
            "azure",
            "openai/files",
            {"base_url": "https://r.example", "api_version": "2024-10-21"},
            "https://r.example/openai/files?api-version=2024-10-21",
            "api-key",
        ),
        (
            "azure",
            "openai/v1/files",
            {"base_url": "https://r.example/openai/v1", "api_version": "2024-10-21"},
            "https://r.example/openai/v1/files",
            "api-key",
        ),
        ("gemini", "v1beta/models", {"base_url": "https://h/v1beta"}, "https://h/v1beta/models", "x-goog-api-key"),
        (
            "vertex",
            "v1/projects/p/locations/europe-west4/models",
            {},
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/models",
            "x-goog-api-key",
        ),
        (
            "bedrock",
            "model/m/converse",
            {"method": "POST", "region": "us-east-1"},
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse",
            "authorization",
        ),
    ],
)
def test_a_request_goes_below_the_vendors_address_with_its_key(
    vendor: str, path: str, more: Mapping[str, Any], url: str, header: str
) -> None:
    door = opened(vendor, path, **more)
    assert door.url == url
    assert door.headers[header].removeprefix("Bearer ") == "the-key"
    assert door.secrets == ("the-key",)


@pytest.mark.parametrize(
    ("vendor", "path"), [("openai", "files"), ("azure", "v1/files"), ("bedrock", "model/m/converse"), ("fake", "v1/x")]
)
def test_a_path_or_method_that_is_none_of_the_vendors_is_refused(vendor: str, path: str) -> None:
    with pytest.raises(CallFailed) as failed:
        opened(vendor, path, region="us-east-1")
    assert failed.value.status == 404


@pytest.mark.parametrize(
    ("vendor", "path", "body", "expected"),
    [
        ("openai", "v1/chat/completions", {"model": "m"}, ("chat", "m")),
        ("openai", "v1/files", {}, ("", "")),
        ("azure", "openai/deployments/d/embeddings", {}, ("embeddings", "d")),
        ("azure", "openai/v1/responses", {"model": "m"}, ("responses", "m")),
        ("anthropic", "v1/messages", {"model": "m"}, ("messages", "m")),
        ("anthropic", "v1/messages/count_tokens", {"model": "m"}, ("", "m")),
        ("gemini", "v1beta/models/m:generateContent", {}, ("generate", "m")),
        ("gemini", "v1beta/models/m:countTokens", {}, ("", "m")),
        ("vertex", "v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent", {}, ("generate", "m")),
        ("bedrock", "model/m%3A0/converse-stream", {}, ("converse", "m:0")),
        ("bedrock", "model/m/invoke", {}, ("invoke", "m")),
    ],
)
def test_kind_and_model_of_a_request_are_read(
    vendor: str, path: str, body: Mapping[str, Any], expected: tuple[str, str]
) -> None:
    assert tuple(meaning_of(vendor, "POST", path, body)) == expected
