"""The server's side of HTTP/1.1: uvicorn's, with a limit on headers and refusals in the one error shape."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from madang_server.gateway.errors import error_body

LARGEST_HEAD = 2**16  # bytes of the request line and all headers; generous for any client we know


class HttpProtocol(HttpToolsProtocol):
    """Without the limit a client without any key could fill the memory with one endless header."""

    _head_bytes = 0  # of a head that is not complete yet

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(
                b"431 Request Header Fields Too Large",
                f"The request's headers are larger than {LARGEST_HEAD >> 10} KB; send fewer or shorter ones.",
                "headers_too_large",
            )

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head_bytes = 0

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        self._refuse(b"400 Bad Request", "This is not an HTTP/1.1 request that can be read.", "invalid_http")

    def _refuse(self, status: bytes, message: str, code: str) -> None:
        body = error_body(message, kind="invalid_request_error", code=code)
        head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (status, len(body)) + body)
        self.transport.close()
