"""Wrong input of callers and operators, vendor by vendor: what is refused by whom, and that nothing inside is contacted."""

from __future__ import annotations

import base64
import json
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import openai
import pytest
from tests.matrix.columns import BY_NAME, COLUMNS
from tests.support.pictures import png
from tests.support.running_platform import Platform
from tests.support.scripted_vendor import answer_head, scripted_vendor
from tests.support.service_account import service_account_text
from tests.support.simulated_vendors import AWS_KEYS

from madang import CallFailed, Madang
from madang.errors import CallFailed as Failed
from madang.providers.remote_file import FileFetcher, fetch_file

pytestmark = pytest.mark.xdist_group("platform")

every_vendor = pytest.mark.parametrize("column", [column.name for column in COLUMNS])
fetching_vendors = pytest.mark.parametrize("column", ["gemini", "vertex", "bedrock keys"])
HELLO: Any = [{"role": "user", "content": "Hello"}]


def model(platform: Platform, column: str, *, address: str = "", **settings: Any) -> tuple[str, str]:
    """A model with one deployment of the column, at `address` instead of the simulator's, and the deployment's name."""
    vendor = BY_NAME[column]
    deployment = vendor.deployment(platform.simulator, **settings)
    deployment["base_url"] = address or deployment["base_url"]
    platform.simulator.configure(deployment["name"], asks_for_key=vendor.secret is not None)
    platform.apply({"credentials": list(vendor.credentials(platform.simulator))})
    return platform.model(deployment, retries=0), deployment["name"]


_shared: dict[tuple[str, str], tuple[str, str]] = {}


def shared_model(platform: Platform, column: str) -> tuple[str, str]:
    """The same model for all tests that want nothing to arrive at its deployment, or do not mind what has."""
    known = (platform.url, column)
    if known not in _shared:
        _shared[known] = model(platform, column)
    return _shared[known]


def with_image(url: str) -> Any:
    part = {"type": "image_url", "image_url": {"url": url}}
    return [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]}]


def refusal(platform: Platform, alias: str, messages: Any, **more: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as refused:
        platform.openai(max_retries=0).chat.completions.create(model=alias, messages=messages, **more)
    return refused.value


def arrived(platform: Platform, place: str) -> list[Mapping[str, Any]]:
    requests: list[Mapping[str, Any]] = platform.simulator.requests(place)["requests"]
    return requests


@contextmanager
def listening_inside(host: str = "127.0.0.1") -> Iterator[tuple[int, list[Any]]]:
    """A port of this machine that nobody may connect to, and who did."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    guests: list[Any] = []
    with socket.create_server((host, 0), family=family) as server:

        def wait() -> None:
            while True:
                try:
                    connection, address = server.accept()
                except OSError:
                    return
                guests.append(address)
                connection.close()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield server.getsockname()[1], guests
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


# What operators enter


@pytest.mark.parametrize(
    ("credential", "settings"),
    [
        (
            {"vendor": "bedrock", "api_key": AWS_KEYS},
            {
                "region": "xx-nowhere-1",
                "vendor_model": "anthropic.claude-sonnet-4-5-20250929-v1:0",
                "base_url": "https://bedrock-runtime.xx-nowhere-1.amazonaws.invalid",
            },
        ),
        (
            {"vendor": "vertex"},
            {
                "region": "xx-nowhere1",
                "vendor_model": "gemini-2.5-flash",
                "base_url": "https://xx-nowhere1-aiplatform.googleapis.invalid",
            },
        ),
        (
            {"vendor": "azure", "api_key": "k", "base_url": "https://nobody.openai.azure.invalid"},
            {"region": "nowhere", "vendor_model": "gpt-4o", "api_version": "2024-10-21"},
        ),
    ],
    ids=["bedrock", "vertex", "azure"],
)
@pytest.mark.parametrize("mode", ["direct", "gateway"])
def test_a_region_that_does_not_exist_is_named_with_its_host(
    platform: Platform, credential: dict[str, Any], settings: dict[str, Any], mode: Any
) -> None:
    vendor = credential["vendor"]
    key = service_account_text(f"{platform.simulator.vendor_url('tokens')}/token")
    platform.apply({"credentials": [{"name": f"nowhere-{vendor}", "api_key": key, **credential}]})
    alias = platform.model(
        {"name": "nowhere", "vendor": vendor, "credential": f"nowhere-{vendor}", **settings}, retries=0
    )
    with (
        Madang(api_key=platform.key, base_url=platform.url, mode=mode) as client,
        pytest.raises(CallFailed) as failed,
    ):
        client.chat.completions.create(model=alias, messages=HELLO)
    host = str(settings.get("base_url") or credential["base_url"]).removeprefix("https://")
    assert (failed.value.reason, failed.value.status, failed.value.code) == ("connection", 502, "connection_failed")
    assert f"at {host!r} (region {settings['region']!r}): its name does not resolve" in failed.value.message


@every_vendor
def test_a_model_that_the_vendor_does_not_have_is_told_in_its_words(platform: Platform, column: str) -> None:
    names = {"litellm": "groq/no-such-model", "bedrock keys": "no-such-model", "bedrock API key": "no-such-model"}
    alias, place = model(platform, column, vendor_model=names.get(column, "no-such-model"))
    told = refusal(platform, alias, HELLO)
    assert (told.status_code, told.code) == (502, "deployment_misconfigured")
    assert place in told.message and "without an explanation" not in told.message
    assert len(arrived(platform, place)) == 1


@pytest.mark.parametrize("column", [c.name for c in COLUMNS if c.vendor not in ("gemini", "vertex") and c.secret])
def test_the_vendor_s_id_of_a_refused_request_reaches_the_caller_and_the_trace(platform: Platform, column: str) -> None:
    alias, _ = model(platform, column, credential=f"wrong-{BY_NAME[column].credential}")
    told = refusal(platform, alias, HELLO)
    trace = platform.trace(told.response.headers["x-madang-trace-id"])
    attempt = next(span for span in trace["spans"] if span["kind"] == "attempt")
    assert told.request_id
    assert attempt["attributes"]["madang.attempt.request_id"] == told.request_id


# Files by URL


@fetching_vendors
@pytest.mark.parametrize("way", ["gateway", "direct"])
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001", "0.0.0.0"])
def test_a_file_on_this_machine_is_not_fetched(platform: Platform, column: str, name: str, way: Any) -> None:
    alias, place = shared_model(platform, column)
    with listening_inside("::1" if name == "[::1]" else "127.0.0.1") as (port, guests):
        messages = with_image(f"http://{name}:{port}/secret.png?token=of-ours")
        with (
            Madang(api_key=platform.key, base_url=platform.url, mode=way) as client,
            pytest.raises(CallFailed) as failed,
        ):
            client.chat.completions.create(model=alias, messages=messages)
    assert (failed.value.reason, failed.value.status, failed.value.code) == ("invalid_request", 400, "file_not_fetched")
    assert "not a public one" in failed.value.message and "token" not in failed.value.message
    assert guests == []
    assert arrived(platform, place) == []


@fetching_vendors
@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/a.png",
        "http://192.168.1.1/a.png",
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://[fe80::1]/a.png",
    ],
)
def test_a_file_inside_the_network_is_refused_in_words(platform: Platform, column: str, url: str) -> None:
    alias, place = shared_model(platform, column)
    told = refusal(platform, alias, with_image(url))
    assert (told.status_code, told.code) == (400, "file_not_fetched")
    assert "not a public one" in told.message and "meta-data" not in told.message
    trace = platform.trace(told.response.headers["x-madang-trace-id"])["trace"]
    assert trace["error_type"] == "invalid_request"
    assert arrived(platform, place) == []


_connected: list[str] = []


def _note_connections(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        _connected.append(str(arguments[1]))


@pytest.mark.anyio
@pytest.mark.parametrize("address", ["169.254.169.254", "[fe80::1]", "10.0.0.1", "[fd00:ec2::254]"])
async def test_no_socket_is_connected_to_an_address_inside(address: str) -> None:
    sys.addaudithook(_note_connections)  # Python sees every connection of this process, whoever makes it
    with pytest.raises(Failed):
        await fetch_file(f"http://{address}/a.png", FileFetcher())
    assert not any(address.strip("[]") in each for each in _connected)


def check_refused(platform: Platform, column: str, url: str) -> None:
    alias, _ = shared_model(platform, column)
    told = refusal(platform, alias, with_image(url))
    assert told.status_code == 400, told.message
    assert len(told.message) > 20 and told.type == "invalid_request_error"


@every_vendor
@pytest.mark.parametrize("url", ["data:", "no url"])
def test_an_image_that_is_no_url_is_refused_with_400(platform: Platform, column: str, url: str) -> None:
    check_refused(platform, column, url)


@fetching_vendors
@pytest.mark.parametrize("url", ["data:image/png;base64,", "data:image/png,plain", "ftp://127.0.0.1/a.png"])
def test_an_image_that_cannot_be_translated_is_refused_with_400(platform: Platform, column: str, url: str) -> None:
    check_refused(platform, column, url)


# Too much


def test_an_image_of_30_mb_is_refused_by_us_in_words(platform: Platform) -> None:
    alias, place = model(platform, "openai")
    image = base64.b64encode(png(8, 8, padding=30 * 2**20)).decode()
    told = refusal(platform, alias, with_image(f"data:image/png;base64,{image}"))
    assert (told.status_code, told.code) == (413, "body_too_large")
    assert "larger than 32 MB" in told.message
    assert arrived(platform, place) == []


def test_a_vendor_s_own_limit_is_told_in_its_words(platform: Platform) -> None:
    words = "Request exceeds the maximum allowed number of bytes. The maximum request size is 10 MB."
    error = {"type": "error", "error": {"type": "request_too_large", "message": words}, "request_id": "req_too_large"}
    pieces = (answer_head("application/json", status="413 Payload Too Large"), json.dumps(error).encode())
    image = base64.b64encode(png(8, 8, padding=11 * 2**20)).decode()
    with scripted_vendor(*pieces) as vendor:
        alias, _ = model(platform, "anthropic", address=vendor.url)
        told = refusal(platform, alias, with_image(f"data:image/png;base64,{image}"))
    assert (told.status_code, told.request_id) == (413, "req_too_large")
    assert words in told.message
    attempt = platform.trace(told.response.headers["x-madang-trace-id"])["spans"][1]
    assert attempt["attributes"]["madang.attempt.request_id"] == "req_too_large"
    assert len(vendor.received) == 1


# What nobody knows yet


@every_vendor
def test_a_parameter_that_nobody_models_reaches_the_vendor(platform: Platform, column: str) -> None:
    alias, place = model(platform, column)
    client = platform.openai(max_retries=0)
    wish = {"feature_of_tomorrow": {"level": 3}}
    if BY_NAME[column].vendor in ("anthropic", "gemini", "vertex"):  # who refuse fields that they do not have
        told = refusal(platform, alias, HELLO, extra_body=wish)
        assert told.status_code == 400 and "feature_of_tomorrow" in told.message
    else:
        assert client.chat.completions.create(model=alias, messages=HELLO, extra_body=wish)
    (sent,) = arrived(platform, place)
    assert '"feature_of_tomorrow":{"level":3}' in json.dumps(sent["body"], separators=(",", ":"))
