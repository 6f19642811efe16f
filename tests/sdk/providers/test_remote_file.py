"""Files that a request names by URL: what is fetched, and that nothing inside our own network ever is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from madang.errors import CallFailed
from madang.providers import remote_file
from madang.providers.remote_file import FileFetcher, fetch_file, fetch_files, is_public

pytestmark = pytest.mark.anyio
OWN = FileFetcher(frozenset({"127.0.0.1"}))
PNG = b"\x89PNG..."
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def picture(_: web.Request) -> web.Response:
    return web.Response(body=PNG, headers={"content-type": "image/PNG; charset=binary"})


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def refusal(url: str, fetcher: FileFetcher = OWN) -> str:
    with pytest.raises(CallFailed) as caught:
        await fetch_file(url, fetcher)
    failed = caught.value
    assert (failed.reason, failed.status, failed.code, failed.param) == (
        "invalid_request",
        400,
        "file_not_fetched",
        "messages",
    )
    return failed.message


async def test_a_file_comes_with_its_type() -> None:
    async with serving(picture) as host:
        assert await fetch_file(f"http://{host}/cat", OWN) == ("image/png", PNG)


async def test_an_address_inside_our_network_is_not_asked_for_a_file() -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return await picture(request)

    async with serving(handler) as host:
        port = host.partition(":")[2]
        for name in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "127.1", "１２７.0.0.1", "0.0.0.0"):
            message = await refusal(f"http://{name}:{port}/secret?token=abc", FileFetcher())
            assert "was not fetched" in message and "token" not in message
    assert asked == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:0:a00:1::",
    ],
)
def test_an_address_that_leads_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


async def test_a_redirect_leads_to_the_file_but_never_inside() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/cat":
            return await picture(request)
        raise web.HTTPFound(request.query.get("to", "/round-and-round"))

    async with serving(handler) as host:
        port = host.partition(":")[2]
        assert (await fetch_file(f"http://{host}/x?to=/cat", OWN)).content == PNG
        assert "'localhost'" in await refusal(f"http://{host}/x?to=http://localhost:{port}/cat")
        assert "begin with https" in await refusal(f"http://{host}/x?to=file:///etc/passwd")
        assert "redirects more than 3 times" in await refusal(f"http://{host}/x")


async def test_a_file_that_is_too_large_is_given_up_while_it_comes() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"content-type": "image/png"})
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x" * 2**20)
        except ConnectionError:
            return answer

    async with serving(handler) as host, asyncio.timeout(30):
        assert "larger than 20 MB" in await refusal(f"http://{host}/endless")


@pytest.mark.parametrize(
    ("content_type", "encoding", "status", "words"),
    [
        ("text/html", "", 404, "answered 404"),
        ("application/x-msdownload", "", 200, "content type"),
        ("image/png", "gzip", 200, "compressed"),
    ],
)
async def test_what_is_no_usable_file_is_refused(content_type: str, encoding: str, status: int, words: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        more = {"content-encoding": encoding} if encoding else {}
        return web.Response(status=status, body=b"x", headers={"content-type": content_type, **more})

    async with serving(handler) as host:
        assert words in await refusal(f"http://{host}/x")


@pytest.mark.parametrize("url", ["ftp://example.org/x", "http://", "//example.org/x", "http://[::1/x", "", "cat.png"])
async def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    assert "was not fetched" in await refusal(url)


async def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    assert "hunter2" not in await refusal("http://me:hunter2@127.0.0.1/x")


async def test_nobody_listening_is_told_as_that() -> None:
    async with serving(picture) as host:
        pass
    assert "cannot be reached" in await refusal(f"http://{host}/x")


async def test_the_files_of_one_request_are_fetched_once_each() -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return await picture(request)

    async with serving(handler) as host:
        files = await fetch_files([f"http://{host}/{name}" for name in "aba"], OWN)
    assert sorted(asked) == ["/a", "/b"] and len(files) == 2


async def test_too_many_files_are_refused_before_any_is_fetched() -> None:
    with pytest.raises(CallFailed, match="50 files"):
        await fetch_files([f"http://127.0.0.1/{i}" for i in range(remote_file.MOST_FILES + 1)], OWN)
