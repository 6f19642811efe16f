"""A vendor that answers every request with exactly the bytes a test gives, for what the simulator would never send."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class ScriptedVendor:
    """`pieces` are sent one by one; the connection is closed after them. `received` has the requests, head and body."""

    url: str
    pieces: Sequence[bytes]
    received: list[bytes] = field(default_factory=list)


def answer_head(content_type: str, *, status: str = "200 OK", more: str = "") -> bytes:
    """The head of an answer that ends when its connection does."""
    return f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n{more}connection: close\r\n\r\n".encode("latin-1")


@contextlib.contextmanager
def scripted_vendor(*pieces: bytes) -> Iterator[ScriptedVendor]:
    listening = socket.create_server(("127.0.0.1", 0))
    vendor = ScriptedVendor(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", pieces)
    thread = threading.Thread(target=_serve, args=(listening, vendor), daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(timeout=10)


def _serve(listening: socket.socket, vendor: ScriptedVendor) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            vendor.received.append(_request(connection))
            for piece in vendor.pieces:
                connection.sendall(piece)


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    wanted = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < wanted:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body
