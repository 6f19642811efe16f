"""Takes the platform's port, or says why that cannot be."""

import socket

BACKLOG = 2048


class CannotListen(Exception):
    """The port cannot be had; the message says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"Port {port} on {host} cannot be used: {error.strerror}. "
            "Stop what uses it, or choose another with MADANG_PORT (and MADANG_HOST)."
        ) from None
    listener.setblocking(False)
    return listener
