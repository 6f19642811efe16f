"""The server's HTTP on real connections: the short way of the Gateway's calls keeps what HTTP/1.1 promises."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn

from madang_server.app.http_protocol import HttpProtocol
from madang_server.gateway.asgi import Message, Receive, Scope, Send

PATH = "/v1/chat/completions"
LIMIT_S = 20.0
PIECE = b"x" * 65_536
MANY_PIECES = 400  # 25 MB: more than the sockets between two processes hold


@dataclass
class App:
    """An application that does what the request's body says."""

    ended: list[str] = field(default_factory=list)
    pieces_sent: int = 0
    release: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        body = b""
        message: Message = {"more_body": True}
        if b"x-early" in dict(scope["headers"]):
            await _whole(send, b"early")
            return
        while message["more_body"]:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.ended.append("gone before the body was there")
                return
            body += message["body"]
        how = body.partition(b" ")[0].decode()
        try:
            await getattr(self, f"do_{how}")(body, send)
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        self.ended.append(how)

    async def do_echo(self, body: bytes, send: Send) -> None:
        await _whole(send, body)

    async def do_wait(self, body: bytes, send: Send) -> None:
        while not self.release.is_set():
            await asyncio.sleep(0.01)
        await _whole(send, body)

    async def do_stream(self, body: bytes, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(MANY_PIECES if body.endswith(b"much") else 3):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
            self.pieces_sent += 1
        await send({"type": "http.response.body", "body": b""})

    async def do_break(self, body: bytes, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("secret words")

    async def do_fail(self, body: bytes, send: Send) -> None:
        raise RuntimeError("secret words")

    async def do_inject(self, body: bytes, send: Send) -> None:
        value = b"1\r\nset-cookie: a=b" if body.endswith(b"line") else b"1\x00"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-name", value)]})
        await send({"type": "http.response.body", "body": b"never"})

    async def do_miscount(self, body: bytes, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": b"longer"})


async def _whole(send: Send, body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Running:
    app: App
    server: uvicorn.Server
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_S)


@pytest.fixture
def running() -> Iterator[Running]:
    app = App()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        loop="uvloop",
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=1,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield Running(app, server, listener.getsockname()[1])
    app.release.set()
    server.should_exit = True
    thread.join(LIMIT_S)
    assert not thread.is_alive()


def until(is_so: Callable[[], Any]) -> None:
    end = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def post(body: bytes, *lines: str, path: str = PATH, version: str = "1.1") -> bytes:
    head = [f"POST {path} HTTP/{version}", "host: x", f"content-length: {len(body)}", *lines]
    return "\r\n".join([*head, "", ""]).encode() + body


def held_up(app: App) -> bool:
    before = app.pieces_sent
    time.sleep(0.3)
    return app.pieces_sent == before


def send_in_pieces(connection: socket.socket, request: bytes) -> None:
    for at in range(0, len(request), 50_000):
        connection.sendall(request[at : at + 50_000])


def read(connection: socket.socket, enough: Callable[[bytes], bool] = lambda _: False) -> bytes:
    """What comes until it is enough or the connection ends."""
    seen = b""
    while not enough(seen) and (data := connection.recv(1 << 20)):
        seen += data
    return seen


def test_a_whole_answer_has_its_length_and_the_connection_serves_the_next_call(running: Running) -> None:
    with running.connect() as connection:
        for number in (b"1", b"2", b"3"):
            connection.sendall(post(b"echo " + number))
            answer = read(connection, lambda seen: b"echo " in seen)
            assert answer == b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\necho " + number


def test_a_stream_is_chunked_and_ends_with_the_last_chunk(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"stream"))
        answer = read(connection, lambda seen: seen.endswith(b"0\r\n\r\n"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body == (b"10000\r\n" + PIECE + b"\r\n") * 3 + b"0\r\n\r\n"


def test_calls_sent_at_once_are_answered_in_their_order(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"wait 1") + post(b"echo 2") + post(b"echo 3", path="/elsewhere") + post(b"echo 4"))
        until(lambda: running.server.server_state.tasks)
        running.app.release.set()
        answer = read(connection, lambda seen: b"echo 4" in seen)
    places = [answer.index(words) for words in (b"wait 1", b"echo 2", b"echo 3", b"echo 4")]
    assert places == sorted(places)
    assert answer.count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.parametrize("lines", [("connection: close",), ("Connection: Close",)])
def test_a_client_that_wants_to_close_gets_its_answer_and_the_end(running: Running, lines: tuple[str, ...]) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"echo 1", *lines))
        answer = read(connection)
    assert b"connection: close\r\n" in answer
    assert answer.endswith(b"echo 1")


def test_http_1_0_gets_an_answer_without_chunks_and_the_end(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"echo 1", version="1.0"))
        assert read(connection).endswith(b"\r\n\r\necho 1")


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(running: Running) -> None:
    with running.connect() as connection:
        request = post(b"echo 1", "expect: 100-continue")
        connection.sendall(request[: -len(b"echo 1")])
        assert read(connection, lambda seen: seen.endswith(b"\r\n\r\n")) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"echo 1")
        assert read(connection, lambda seen: b"echo 1" in seen).startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_is_refused_is_not_told_to_send(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"echo 1", "expect: 100-continue", "x-early: 1")[: -len(b"echo 1")])
        assert read(connection, lambda seen: b"early" in seen).startswith(b"HTTP/1.1 200 OK")


def test_the_rest_of_a_body_that_nobody_wanted_does_not_disturb_the_next_call(running: Running) -> None:
    with running.connect() as connection:
        first = post(b"y" * 300_000, "x-early: 1")
        connection.sendall(first[:2_000])
        read(connection, lambda seen: b"early" in seen)
        connection.sendall(first[2_000:] + post(b"echo 2"))
        assert read(connection, lambda seen: b"echo 2" in seen).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("size", [1, 70_000, 5_000_000])
def test_a_body_in_pieces_arrives_whole(running: Running, size: int) -> None:
    body = b"echo " + b"y" * size
    with running.connect() as connection:
        sending = threading.Thread(target=send_in_pieces, args=(connection, post(body)))
        sending.start()
        answer = read(connection, lambda seen: len(seen) > size and seen.endswith(body))
        sending.join(LIMIT_S)
    assert answer.partition(b"\r\n\r\n")[2] == body


def test_a_chunked_body_arrives_whole(running: Running) -> None:
    request = f"POST {PATH} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    with running.connect() as connection:
        connection.sendall(request)
        for piece in (b"3\r\nech\r\n", b"4\r\no 12\r\n", b"0\r\n\r\n"):
            connection.sendall(piece)
            time.sleep(0.01)
        assert read(connection, lambda seen: b"echo 12" in seen).startswith(b"HTTP/1.1 200 OK")


def test_who_hangs_up_while_it_is_worked_on_ends_the_work(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"wait"))
        until(lambda: running.server.server_state.tasks)
        time.sleep(0.05)
    until(lambda: running.app.ended)
    assert running.app.ended == ["cancelled"]
    until(lambda: not running.server.server_state.tasks)


def test_who_hangs_up_before_the_body_is_there_leaves_nothing_behind(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"echo 1")[:-3])
        until(lambda: running.server.server_state.tasks)
    until(lambda: not running.server.server_state.tasks)


def test_a_slow_reader_slows_the_writer_and_gets_everything(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"stream much"))
        until(lambda: running.app.pieces_sent > 10)
        until(lambda: held_up(running.app))
        assert running.app.pieces_sent < MANY_PIECES
        answer = read(connection, lambda seen: seen.endswith(b"\r\n0\r\n\r\n"))
    assert answer.count(b"x") == MANY_PIECES * len(PIECE)


def test_a_slow_reader_that_hangs_up_ends_the_work(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"stream much"))
        until(lambda: running.app.pieces_sent > 10)
    until(lambda: running.app.ended)
    assert running.app.ended == ["cancelled"]


@pytest.mark.parametrize("how", [b"fail", b"inject line", b"inject zero", b"miscount"])
def test_what_nobody_foresaw_is_a_500_without_its_words(running: Running, how: bytes) -> None:
    with running.connect() as connection:
        connection.sendall(post(how))
        answer = read(connection)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b'"internal_error"' in answer
    assert b"connection: close" in answer
    assert b"set-cookie" not in answer
    assert b"secret" not in answer
    assert b"Traceback" not in answer


def test_a_stream_that_breaks_is_cut_without_its_end(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"break"))
        answer = read(connection)
    assert answer.endswith(b"4\r\nhalf\r\n")
    assert b"secret" not in answer


def test_an_idle_connection_is_closed_after_its_time_and_a_busy_one_is_not(running: Running) -> None:
    with running.connect() as idle, running.connect() as busy:
        idle.sendall(post(b"echo 1"))
        busy.sendall(post(b"wait 1"))
        assert read(idle).endswith(b"echo 1")  # to its end, which comes after a second
        running.app.release.set()
        assert read(busy, lambda seen: b"wait 1" in seen).endswith(b"wait 1")
        assert read(busy) == b""


def test_a_call_in_flight_is_answered_when_the_server_stops(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"wait 1"))
        until(lambda: running.server.server_state.tasks)
        running.server.should_exit = True
        time.sleep(0.3)
        running.app.release.set()
        answer = read(connection)
    assert b"connection: close" in answer
    assert answer.endswith(b"wait 1")


def test_a_call_that_takes_longer_than_the_server_may_wait_is_refused_at_the_end(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"wait 1"))
        until(lambda: running.server.server_state.tasks)
        running.server.should_exit = True
        answer = read(connection)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert running.app.ended == ["cancelled"]


def test_a_call_at_an_address_with_a_question_is_served_the_long_way(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"echo 1", path=f"{PATH}?a=b"))
        assert read(connection, lambda seen: b"echo 1" in seen).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("begun", [b"", b"POST /v1/chat/completions HTTP/1.1\r\nhost"])
def test_a_connection_that_asks_for_nothing_is_closed_after_its_time(running: Running, begun: bytes) -> None:
    with running.connect() as connection:
        connection.sendall(begun)
        assert read(connection) == b""


@pytest.mark.parametrize("path", [PATH, "/elsewhere"])
def test_what_follows_a_body_is_no_header(running: Running, path: str) -> None:
    request = f"POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    with running.connect() as connection:
        connection.sendall(request.encode() + b"5\r\necho \r\n0\r\nx-early: 1\r\n\r\n")
        assert read(connection, lambda seen: seen.endswith((b"echo ", b"early"))).endswith(b"echo ")
