"""What a person is told of a vendor that could not be reached, by both clients that make connections."""

import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from tests.sdk.request_builder import target

from madang.providers.aiohttp_transport import AiohttpTransport
from madang.providers.unreachable import cause_of, unreachable
from madang_server.gateway.http_client import HttpClient

pytestmark = pytest.mark.anyio
both_clients = pytest.mark.parametrize("client", [AiohttpTransport, HttpClient])


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def cause(client: Callable[[], Any], url: str) -> str:
    transport = client()
    try:
        with pytest.raises(ConnectionError) as failed:
            await transport.send("POST", url, {}, b"{}")
    finally:
        await transport.close()
    return str(failed.value)


@both_clients
async def test_a_name_that_does_not_resolve_is_told(client: Callable[[], Any]) -> None:
    assert await cause(client, "http://nowhere.invalid/v1") == "its name does not resolve"


@both_clients
async def test_a_port_where_nobody_listens_is_told(client: Callable[[], Any]) -> None:
    assert await cause(client, f"http://127.0.0.1:{closed_port()}/v1") == "nobody listens there"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionResetError(104, "reset"), "the connection was closed"),
        (OSError(113, "No route to host"), "there is no way to its network"),
        (ssl.SSLCertVerificationError(1, "self-signed"), "its certificate is not trusted"),
        (TimeoutError(), "connecting took too long"),
        (OSError("Multiple exceptions: …"), "OSError"),
    ],
)
def test_causes_have_words(error: BaseException, words: str) -> None:
    assert cause_of(error) == words


def test_the_cause_is_found_behind_other_errors() -> None:
    outer = RuntimeError("with sk-a-secret")
    outer.__cause__ = socket.gaierror(-2, "Name or service not known")
    assert cause_of(outer) == "its name does not resolve"


def test_the_message_names_host_and_region_and_nothing_of_the_path() -> None:
    failed = unreachable(
        target("east", region="eu-west-9"), "https://host.invalid/v1?key=secret", ConnectionError("why")
    )
    assert failed.message == "Deployment 'east' could not be reached at 'host.invalid' (region 'eu-west-9'): why."
    assert (failed.reason, failed.status, failed.code) == ("connection", 502, "connection_failed")
