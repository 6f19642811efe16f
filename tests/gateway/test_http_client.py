"""The Gateway's HTTP client against a server that writes exactly the bytes a test wants."""

import asyncio
import gzip
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from madang_server.gateway.http_client import LARGEST_ANSWER, HttpClient

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SIZED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\nhello world"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
UNSIZED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello world"


class Server:
    """Where the scripted server listens, and what it was asked on each connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connections = 0
        self.requests: list[bytes] = []

    async def request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        whole = head + await reader.readexactly(length)
        self.requests.append(whole)
        return whole


@asynccontextmanager
async def serving(script: Callable[[Server], Script], tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server("")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            await script(server)(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    server.url = f"{scheme}://localhost:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


def answering(*pieces: bytes, closes: bool = False) -> Callable[[Server], Script]:
    """Every request gets these pieces, each as a write of its own."""

    def script(server: Server) -> Script:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                await server.request(reader)
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                if closes:
                    return

        return handle

    return script


async def ask(client: HttpClient, url: str, body: bytes = b"{}") -> tuple[int, bytes]:
    response = await client.send("POST", url, {"content-type": "application/json"}, body)
    return response.status, await response.read()


@asynccontextmanager
async def client_of() -> AsyncIterator[HttpClient]:
    client = HttpClient(connect_timeout_s=5)
    try:
        yield client
    finally:
        await client.close()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(limited())


@pytest.mark.parametrize("answer", [SIZED, CHUNKED], ids=["sized", "chunked"])
def test_an_answer_arrives_whole_wherever_it_is_cut(answer: bytes) -> None:
    async def test() -> None:
        for cut in range(1, len(answer)):
            async with serving(answering(answer[:cut], answer[cut:])) as server, client_of() as client:
                assert await ask(client, server.url + "/v1/x") == (200, b"hello world")

    run(test)


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async def test() -> None:
        async with serving(answering(UNSIZED, closes=True)) as server, client_of() as client:
            assert await ask(client, server.url) == (200, b"hello world")
            assert await ask(client, server.url) == (200, b"hello world")
            assert server.connections == 2

    run(test)


def test_connections_are_used_again() -> None:
    async def test() -> None:
        async with serving(answering(SIZED)) as server, client_of() as client:
            for _ in range(5):
                await ask(client, server.url)
            assert server.connections == 1

    run(test)


def test_requests_in_flight_have_a_connection_each() -> None:
    async def test() -> None:
        async with serving(answering(SIZED)) as server, client_of() as client:
            answers = await asyncio.gather(*(ask(client, server.url) for _ in range(20)))
            assert answers == [(200, b"hello world")] * 20
            assert server.connections <= 20

    run(test)


def test_the_request_has_path_query_host_headers_and_body() -> None:
    async def test() -> None:
        async with serving(answering(SIZED)) as server, client_of() as client:
            response = await client.send("POST", server.url + "/a/b?api-version=1", {"api-key": "k"}, b'{"x":1}')
            await response.read()
            head, _, body = server.requests[0].partition(b"\r\n\r\n")
            assert head.startswith(b"POST /a/b?api-version=1 HTTP/1.1\r\nhost: localhost:")
            assert b"\r\napi-key: k" in head
            assert body == b'{"x":1}'

    run(test)


def test_an_interim_answer_is_passed_over() -> None:
    async def test() -> None:
        interim = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        async with serving(answering(interim, SIZED)) as server, client_of() as client:
            response = await client.send("POST", server.url, {}, b"")
            assert response.status == 200
            assert "link" not in response.headers
            assert await response.read() == b"hello world"

    run(test)


@pytest.mark.parametrize("cut", [b"", SIZED[:30], SIZED[:-3], CHUNKED[:-10]], ids=["nothing", "head", "body", "chunk"])
def test_a_connection_that_breaks_is_an_error(cut: bytes) -> None:
    async def test() -> None:
        async with serving(answering(cut, closes=True)) as server, client_of() as client:
            with pytest.raises(ConnectionError):
                await ask(client, server.url)

    run(test)


def test_garbage_is_an_error() -> None:
    async def test() -> None:
        async with serving(answering(b"SSH-2.0-OpenSSH\r\n\r\n")) as server, client_of() as client:
            with pytest.raises(ConnectionError):
                await ask(client, server.url)

    run(test)


def test_nobody_listening_is_an_error() -> None:
    async def test() -> None:
        async with serving(answering(SIZED)) as server:
            url = server.url
        async with client_of() as client:
            with pytest.raises(ConnectionError):
                await ask(client, url)

    run(test)


@pytest.mark.parametrize("url", ["ftp://localhost/x", "http://", "http://loc alhost/", "http://localhost:99999/", "x"])
def test_an_address_that_cannot_be_used_is_an_error(url: str) -> None:
    async def test() -> None:
        async with client_of() as client:
            with pytest.raises(ConnectionError):
                await ask(client, url)

    run(test)


@pytest.mark.parametrize("host", ["169.254.169.254", "0xa9fea9fe", "2852039166", "[::ffff:169.254.169.254]"])
def test_a_link_local_address_is_not_called_in_any_form(host: str) -> None:
    async def test() -> None:
        async with client_of() as client:
            with pytest.raises(ConnectionError, match="link-local"):
                await ask(client, f"http://{host}/v1/chat/completions")

    run(test)


def test_pieces_arrive_as_they_come() -> None:
    async def test() -> None:
        go_on = asyncio.Event()

        def script(server: Server) -> Script:
            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await server.request(reader)
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
                await go_on.wait()
                writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
                await writer.drain()

            return handle

        async with serving(script) as server, client_of() as client:
            response = await client.send("POST", server.url, {}, b"")
            pieces = []
            async for piece in response.chunks():
                pieces.append(piece)
                go_on.set()  # only now does the server send the rest
            assert pieces == [b"one", b"two"]

    run(test)


def test_closing_early_ends_the_connection() -> None:
    async def test() -> None:
        ended = asyncio.Event()

        def script(server: Server) -> Script:
            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await server.request(reader)
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                ended.set()

            return handle

        async with serving(script) as server, client_of() as client:
            response = await client.send("POST", server.url, {}, b"")
            assert await anext(aiter(response.chunks())) == b"one"
            response.close()
            await ended.wait()

    run(test)


def test_a_slow_reader_gets_everything() -> None:
    async def test() -> None:
        body = bytes(range(256)) * 20_000
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        async with serving(answering(head + body)) as server, client_of() as client:
            response = await client.send("POST", server.url, {}, b"")
            read = b""
            async for piece in response.chunks():
                await asyncio.sleep(0.001)
                read += piece
            assert read == body

    run(test)


def test_a_compressed_answer_is_unpacked() -> None:
    async def test() -> None:
        packed = gzip.compress(b"hello world")
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
        async with serving(answering(head + packed)) as server, client_of() as client:
            assert await ask(client, server.url) == (200, b"hello world")

    run(test)


def test_an_answer_that_unpacks_to_more_than_anybody_needs_is_an_error() -> None:
    packed = gzip.compress(bytes(LARGEST_ANSWER + 1))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)

    async def test() -> None:
        async with serving(answering(head + packed)) as server, client_of() as client:
            with pytest.raises(ConnectionError, match="larger than 256 MB"):
                await ask(client, server.url)

    run(test)


def test_bytes_nobody_asked_for_end_the_connection() -> None:
    async def test() -> None:
        async with serving(answering(SIZED + SIZED)) as server, client_of() as client:
            for _ in range(3):
                assert await ask(client, server.url) == (200, b"hello world")
            assert server.connections == 3

    run(test)


def test_a_servers_certificate_is_checked(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async def test() -> None:
        async with serving(answering(SIZED), tls) as server:
            async with client_of() as client:
                with pytest.raises(ConnectionError):
                    await ask(client, server.url)
            trusting = ssl.create_default_context(cafile=str(certificate))
            client = HttpClient(tls=trusting)
            assert await ask(client, server.url) == (200, b"hello world")
            await client.close()

    run(test)
